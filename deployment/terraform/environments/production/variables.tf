variable "project_id" {
  description = "The project; staging and production have one each."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "The id of the project, not its name or number."
  }
}

variable "region" {
  description = "Where everything lies; asia-east1 is Taiwan."
  type        = string
  default     = "asia-east1"
}

variable "domain" {
  description = "Where people reach the service."
  type        = string
  default     = "api.xiongichat.kao.gov.tw"
}

variable "dns_zone" {
  description = "Name of the Cloud DNS zone that the domain lies in; null: enter the output `address` by hand."
  type        = string
  default     = null
}

variable "emails" {
  description = "Who is told by the provider's alerts and budget: {name: address}."
  type        = map(string)
}

variable "repository" {
  description = "OWNER/NAME on GitHub whose pipeline may push images and reach the cluster; null: nobody from outside."
  type        = string
  default     = null
}

variable "authorized_cidrs" {
  description = "Further private ranges that may speak to the control plane, by name: a VPN."
  type        = map(string)
  default     = {}
}

variable "billing_account" {
  description = "The account that pays; null: no budget, because somebody else watches the bill."
  type        = string
  default     = null
}

variable "budget" {
  description = "What a month may cost, in the currency of the billing account; the default is in US dollars."
  type        = number
  default     = 1500
}
