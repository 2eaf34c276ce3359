variable "project_id" {
  description = "The project."
  type        = string
}

variable "environment" {
  description = "staging or production; a label on everything."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "Either staging or production."
  }
}

variable "domain" {
  description = "What is asked from outside."
  type        = string
}

variable "emails" {
  description = "Who is told: {name: address}."
  type        = map(string)

  validation {
    condition     = length(var.emails) > 0 && alltrue([for address in values(var.emails) : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "At least one address: an alert that nobody gets is none."
  }
}

variable "database_connections" {
  description = "Connections that the database takes."
  type        = number
}

variable "billing_account" {
  description = "The account that pays; null: no budget here, because somebody else watches the bill."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "XXXXXX-XXXXXX-XXXXXX."
  }
}

variable "budget" {
  description = "What a month may cost, in the currency of the billing account."
  type        = number
  default     = 1500

  validation {
    condition     = var.budget > 0 && floor(var.budget) == var.budget
    error_message = "A whole number above 0."
  }
}
