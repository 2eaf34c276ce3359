variable "project_id" {
  description = "The project."
  type        = string
}

variable "region" {
  description = "A regional cluster: the control plane and the nodes lie in three zones of it."
  type        = string
  default     = "asia-east1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region such as asia-east1: a cluster of one zone dies with the zone."
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
  description = "The network."
  type        = string
}

variable "subnetwork_id" {
  description = "Where the nodes are."
  type        = string
}

variable "pods_range" {
  description = "Name of the secondary range of the pods."
  type        = string
}

variable "services_range" {
  description = "Name of the secondary range of the services."
  type        = string
}

variable "control_plane_cidr" {
  description = "Addresses of the control plane, a /28 that nothing else uses."
  type        = string
  default     = "10.50.0.0/28"

  validation {
    condition     = can(cidrnetmask(var.control_plane_cidr)) && endswith(var.control_plane_cidr, "/28") && startswith(var.control_plane_cidr, "10.")
    error_message = "A private /28 below 10.0.0.0/8."
  }
}

variable "authorized_cidrs" {
  description = "Private ranges that may speak to the control plane, by name: the nodes, a VPN."
  type        = map(string)

  validation {
    condition     = alltrue([for cidr in values(var.authorized_cidrs) : can(cidrnetmask(cidr)) && can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", cidr))])
    error_message = "Private ranges only; from outside one comes by the DNS endpoint, which asks IAM."
  }
}

variable "dns_endpoint" {
  description = "Whether the control plane is reached from outside the network by its DNS name, for pipelines. Google's front door asks IAM there; the cluster itself has no public address either way."
  type        = bool
  default     = false
}

variable "node_service_account" {
  description = "E-mail of the account that the nodes run as; never the project's default, which may edit everything."
  type        = string

  validation {
    condition     = !endswith(var.node_service_account, "-compute@developer.gserviceaccount.com") && var.node_service_account != "default"
    error_message = "An account of its own: the default compute account may edit the whole project."
  }
}

variable "machine_type" {
  description = "What a node is: 4 CPUs and 16 GB."
  type        = string
  default     = "n2-standard-4"
}

variable "nodes_least" {
  description = "Least number of nodes in the whole region."
  type        = number
  default     = 3

  validation {
    condition     = var.nodes_least >= 1
    error_message = "At least 1."
  }
}

variable "nodes_most" {
  description = "Largest number of nodes in the whole region; 25 of n2-standard-4 are the 100 CPUs and 400 GB below."
  type        = number
  default     = 25

  validation {
    condition     = var.nodes_most >= var.nodes_least && var.nodes_most <= 25
    error_message = "Between nodes_least and 25: more than 100 CPUs is a decision about money, made here."
  }
}

variable "release_channel" {
  description = "How early Kubernetes is upgraded."
  type        = string
  default     = "REGULAR"

  validation {
    condition     = contains(["REGULAR", "STABLE", "EXTENDED"], var.release_channel)
    error_message = "REGULAR, STABLE or EXTENDED."
  }
}
