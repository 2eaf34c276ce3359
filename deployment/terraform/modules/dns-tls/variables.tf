variable "domain" {
  description = "Where people reach the service."
  type        = string
  default     = "api.xiongichat.kao.gov.tw"

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "A name such as api.xiongichat.kao.gov.tw, without a scheme and without a wildcard."
  }
}

variable "dns_zone" {
  description = "Name of the Cloud DNS zone that the domain lies in; null: whoever holds the zone enters the address by hand."
  type        = string
  default     = null
}
