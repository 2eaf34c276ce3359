variable "region" {
  description = "Where everything lies; asia-east1 is Taiwan."
  type        = string
  default     = "asia-east1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region such as asia-east1, not a zone."
  }
}

variable "nodes_cidr" {
  description = "Addresses of the nodes."
  type        = string
  default     = "10.10.0.0/20"

  validation {
    condition     = can(cidrnetmask(var.nodes_cidr)) && startswith(var.nodes_cidr, "10.")
    error_message = "A private range below 10.0.0.0/8."
  }
}

variable "pods_cidr" {
  description = "Addresses of the pods: 256 for each node, so a /18 is the least for 25 nodes and their surge."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.pods_cidr)) && startswith(var.pods_cidr, "10.") && try(tonumber(split("/", var.pods_cidr)[1]) <= 18, false)
    error_message = "A private range below 10.0.0.0/8, /18 or larger."
  }
}

variable "services_cidr" {
  description = "Addresses of the cluster's services."
  type        = string
  default     = "10.30.0.0/20"

  validation {
    condition     = can(cidrnetmask(var.services_cidr)) && startswith(var.services_cidr, "10.")
    error_message = "A private range below 10.0.0.0/8."
  }
}

variable "stores_cidr" {
  description = "Addresses of the managed database and cache. The NetworkPolicy managed-stores lets pods to private ranges only."
  type        = string
  default     = "10.40.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.stores_cidr)) && startswith(var.stores_cidr, "10.") && try(tonumber(split("/", var.stores_cidr)[1]) <= 24, false)
    error_message = "A private range below 10.0.0.0/8, /24 or larger."
  }
}
