variable "region" {
  description = "Where the images lie."
  type        = string
  default     = "asia-east1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region such as asia-east1, not a zone."
  }
}

variable "environment" {
  description = "staging or production; a label on everything."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "Either staging or production."
  }
}

variable "readers" {
  description = "Who pulls: {name: member}, such as the nodes' account."
  type        = map(string)

  validation {
    condition     = alltrue([for member in values(var.readers) : !contains(["allUsers", "allAuthenticatedUsers"], member)])
    error_message = "Images are not public."
  }
}

variable "writers" {
  description = "Who pushes: {name: member}, such as the pipeline's account."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.writers) : !contains(["allUsers", "allAuthenticatedUsers"], member)])
    error_message = "Nobody unknown pushes images."
  }
}

variable "versions_kept" {
  description = "Newest versions of each image that always stay: a rollback needs them."
  type        = number
  default     = 50

  validation {
    condition     = var.versions_kept >= 10
    error_message = "At least 10, or a rollback finds no image."
  }
}
