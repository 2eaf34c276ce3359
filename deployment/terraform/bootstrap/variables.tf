variable "project_id" {
  description = "The project; one for staging, one for production."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "The id of the project, not its name or number."
  }
}

variable "region" {
  description = "Where the state lies; asia-east1 is Taiwan."
  type        = string
  default     = "asia-east1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region such as asia-east1, not a zone."
  }
}

variable "state_bucket" {
  description = "Name of the bucket; no other bucket of the world has it, so take one of your own where this is taken."
  type        = string
  default     = "xiongichat-terraform-state"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "3 to 63 small letters, digits and hyphens."
  }
}
