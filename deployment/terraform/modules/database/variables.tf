variable "region" {
  description = "Where the database and its backups lie."
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

variable "network_id" {
  description = "The network that has the peering for managed stores."
  type        = string
}

variable "stores_range" {
  description = "Name of the range that the address comes from."
  type        = string
}

variable "database_version" {
  description = "PostgreSQL; the service knows 17 and 18."
  type        = string
  default     = "POSTGRES_17"

  validation {
    condition     = contains(["POSTGRES_17", "POSTGRES_18"], var.database_version)
    error_message = "POSTGRES_17 or POSTGRES_18."
  }
}

variable "tier" {
  description = "CPUs and memory in MB: db-custom-4-16384 is 4 CPUs and 16 GB."
  type        = string
  default     = "db-custom-4-16384"

  validation {
    condition     = can(regex("^db-custom-[0-9]+-[0-9]+$", var.tier))
    error_message = "db-custom-CPUS-MEGABYTES: shared tiers have no service level."
  }
}

variable "availability_type" {
  description = "REGIONAL keeps a standby in another zone."
  type        = string
  default     = "REGIONAL"

  validation {
    condition     = var.availability_type == "REGIONAL" || (var.availability_type == "ZONAL" && var.environment == "staging")
    error_message = "REGIONAL; ZONAL only for staging."
  }
}

variable "disk_gb" {
  description = "Size of the disk when the instance is made; it grows by itself after that and never shrinks."
  type        = number
  default     = 100

  validation {
    condition     = var.disk_gb >= 10
    error_message = "At least 10."
  }
}

variable "disk_most_gb" {
  description = "How far the disk may grow."
  type        = number
  default     = 1000

  validation {
    condition     = var.disk_most_gb >= var.disk_gb
    error_message = "At least disk_gb."
  }
}

variable "backup_start_time" {
  description = "When the daily backup begins; Cloud SQL reads it as UTC, so 02:00 is 10:00 in Taipei."
  type        = string
  default     = "02:00"

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", var.backup_start_time))
    error_message = "HH:MM."
  }
}

variable "backups_kept" {
  description = "How many daily backups are kept."
  type        = number
  default     = 30

  validation {
    condition     = var.backups_kept >= 30 && var.backups_kept <= 365
    error_message = "30 to 365."
  }
}

variable "max_connections" {
  description = "Connections that the server takes."
  type        = number
  default     = 200

  validation {
    condition     = var.max_connections >= 100 && var.max_connections <= 1000
    error_message = "100 to 1000."
  }
}

variable "clients" {
  description = "Who connects: replicas of the service at most, connections of each, pagers, watchers."
  type = object({
    replicas_most = number
    pool_size     = number
    pagers        = number
    watchers      = number
  })

  validation {
    condition     = alltrue([for count in values(var.clients) : count >= 1 && floor(count) == count])
    error_message = "Whole numbers from 1."
  }
}
