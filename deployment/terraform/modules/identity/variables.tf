variable "project_id" {
  description = "The project."
  type        = string
}

variable "region" {
  description = "Where secrets are stored."
  type        = string
  default     = "asia-east1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region such as asia-east1, not a zone."
  }
}

variable "environment" {
  description = "staging or production; a label on everything, and the environment that a pipeline must have been approved for."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "Either staging or production."
  }
}

variable "namespace" {
  description = "The namespace in the cluster."
  type        = string
  default     = "xiongichat"
}

variable "workload_pool" {
  description = "The cluster's pool of identities. It exists only when the cluster does, so take the cluster's output."
  type        = string

  validation {
    condition     = endswith(var.workload_pool, ".svc.id.goog")
    error_message = "PROJECT.svc.id.goog."
  }
}

variable "repository" {
  description = "OWNER/NAME on GitHub whose pipeline may deploy; null: nobody from outside."
  type        = string
  default     = null

  validation {
    condition     = var.repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "OWNER/NAME, exactly one repository."
  }
}
