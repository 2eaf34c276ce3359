variable "region" {
  description = "Where the cache lies."
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

variable "memory_gb" {
  description = "Memory of the cache."
  type        = number
  default     = 5

  validation {
    condition     = var.memory_gb >= 1 && var.memory_gb <= 300 && (var.memory_gb >= 5 || var.environment == "staging")
    error_message = "5 to 300; less only for staging."
  }
}
