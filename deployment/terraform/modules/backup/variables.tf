variable "bucket" {
  description = "Name of the bucket; no other bucket of the world has it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "3 to 63 small letters, digits and hyphens."
  }
}

variable "region" {
  description = "Where the backups lie."
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

variable "retention_days" {
  description = "How long nobody can delete or replace an object; the same as the setting backup.keep_days, so that `prune` may go after it."
  type        = number
  default     = 14

  validation {
    condition     = var.retention_days >= 14 && var.retention_days <= 400
    error_message = "14 to 400."
  }
}

variable "locked" {
  description = "Whether nobody, not even the owner, can shorten or lift that ever again. It cannot be taken back."
  type        = bool

  validation {
    condition     = var.locked || var.environment == "staging"
    error_message = "In production the retention is locked: whoever steals an owner's key must not be able to delete the backups."
  }
}

variable "deleted_after_days" {
  description = "When the bucket deletes what `prune` left: later than the oldest monthly set that is kept."
  type        = number
  default     = 400

  validation {
    condition     = var.deleted_after_days >= 400
    error_message = "At least 400: sets of 12 months are kept."
  }
}

variable "writers" {
  description = "Who writes and reads backups: {name: member}; they can neither delete nor replace."
  type        = map(string)

  validation {
    condition     = alltrue([for member in values(var.writers) : !contains(["allUsers", "allAuthenticatedUsers"], member)])
    error_message = "Backups are not public."
  }
}

variable "pruners" {
  description = "Who deletes what has outlived the retention: {name: member}; an account that no pod runs as."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.pruners) : !contains(["allUsers", "allAuthenticatedUsers"], member)])
    error_message = "Nobody unknown deletes backups."
  }
}
