# One network of its own: nodes without public addresses, a way out by NAT, a private way to the managed stores.
resource "google_compute_network" "vpc" {
  name                    = "xiongichat-vpc"
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "nodes" {
  name                     = "xiongichat-nodes"
  region                   = var.region
  network                  = google_compute_network.vpc.id
  ip_cidr_range            = var.nodes_cidr
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = var.pods_cidr
  }

  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = var.services_cidr
  }

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "EXCLUDE_ALL_METADATA"
  }
}

# The model's endpoint, mail, webhooks: pods go out, nobody comes in.
resource "google_compute_router" "out" {
  name    = "xiongichat-router"
  region  = var.region
  network = google_compute_network.vpc.id
}

resource "google_compute_router_nat" "out" {
  name                                = "xiongichat-nat"
  region                              = var.region
  router                              = google_compute_router.out.name
  nat_ip_allocate_option              = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat  = "LIST_OF_SUBNETWORKS"
  enable_dynamic_port_allocation      = true
  enable_endpoint_independent_mapping = false
  min_ports_per_vm                    = 64
  max_ports_per_vm                    = 4096

  subnetwork {
    name                    = google_compute_subnetwork.nodes.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

# What the network refuses anyway, written down and logged. GKE's own rules have a lower number and go first.
resource "google_compute_firewall" "nobody_in" {
  name          = "xiongichat-nobody-in"
  network       = google_compute_network.vpc.id
  direction     = "INGRESS"
  priority      = 65000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "EXCLUDE_ALL_METADATA"
  }
}

# Cloud SQL and Memorystore live in a network of Google's; without this peering they have no private address.
resource "google_compute_global_address" "stores" {
  name          = "xiongichat-stores"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  address       = split("/", var.stores_cidr)[0]
  prefix_length = tonumber(split("/", var.stores_cidr)[1])
  network       = google_compute_network.vpc.id
}

resource "google_service_networking_connection" "stores" {
  network                 = google_compute_network.vpc.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.stores.name]
}
