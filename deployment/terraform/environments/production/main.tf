# Production: three zones, a standby for the database, locked backups.
locals {
  environment = "production"
  manifests   = "${path.module}/../../../kubernetes"

  # How many connections the database must take is decided in the manifests, so it is read there.
  config     = file("${local.manifests}/base/config.env")
  autoscaler = yamldecode(file("${local.manifests}/base/autoscaling.yaml"))
  overlay    = yamldecode(file("${local.manifests}/overlays/production/kustomization.yaml"))
  replicas   = { for one in try(local.overlay.replicas, []) : one.name => one.count }
}

provider "google" {
  project               = var.project_id
  region                = var.region
  billing_project       = var.project_id
  user_project_override = true
}

module "network" {
  source = "../../modules/network"
  region = var.region
}

module "identity" {
  source        = "../../modules/identity"
  project_id    = var.project_id
  region        = var.region
  environment   = local.environment
  namespace     = "xiongichat"
  workload_pool = module.cluster.workload_pool
  repository    = var.repository
}

module "cluster" {
  source               = "../../modules/cluster"
  project_id           = var.project_id
  region               = var.region
  environment          = local.environment
  network_id           = module.network.network_id
  subnetwork_id        = module.network.subnetwork_id
  pods_range           = module.network.pods_range
  services_range       = module.network.services_range
  node_service_account = module.identity.emails["node"]
  authorized_cidrs     = merge({ nodes = module.network.nodes_cidr }, var.authorized_cidrs)
  dns_endpoint         = var.repository != null
  nodes_least          = 3
  nodes_most           = 25
}

module "database" {
  source            = "../../modules/database"
  region            = var.region
  environment       = local.environment
  network_id        = module.network.network_id
  stores_range      = module.network.stores_range
  tier              = "db-custom-4-16384"
  availability_type = "REGIONAL"

  clients = {
    replicas_most = local.autoscaler.spec.maxReplicas
    pool_size     = tonumber(regex("(?m)^DATABASE_POOL_SIZE=([0-9]+)$", local.config)[0])
    pagers        = lookup(local.replicas, "xiongichat-pager", 1)
    watchers      = lookup(local.replicas, "xiongichat-watch", 1)
  }
}

module "cache" {
  source       = "../../modules/cache"
  region       = var.region
  environment  = local.environment
  network_id   = module.network.network_id
  stores_range = module.network.stores_range
  memory_gb    = 5
}

module "registry" {
  source      = "../../modules/registry"
  region      = var.region
  environment = local.environment
  readers     = { nodes = module.identity.members["node"] }
  writers     = { pipeline = module.identity.members["deploy"] }
}

module "backup" {
  source      = "../../modules/backup"
  bucket      = "${var.project_id}-xiongichat-backup"
  region      = var.region
  environment = local.environment
  # Nobody shortens it any more, not even an owner: it cannot be taken back.
  locked  = true
  writers = { backup = module.identity.members["backup"] }
}

module "dns_tls" {
  source   = "../../modules/dns-tls"
  domain   = var.domain
  dns_zone = var.dns_zone
}

module "monitoring" {
  source               = "../../modules/monitoring"
  project_id           = var.project_id
  environment          = local.environment
  domain               = module.dns_tls.domain
  emails               = var.emails
  database_connections = module.database.connections.taken
  billing_account      = var.billing_account
  budget               = var.budget
}
