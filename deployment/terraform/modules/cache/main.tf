resource "google_redis_instance" "cache" {
  name                    = "xiongichat-redis"
  tier                    = "STANDARD_HA"
  memory_size_gb          = var.memory_gb
  region                  = var.region
  redis_version           = "REDIS_7_2"
  authorized_network      = var.network_id
  connect_mode            = "PRIVATE_SERVICE_ACCESS"
  reserved_ip_range       = var.stores_range
  auth_enabled            = true
  transit_encryption_mode = "SERVER_AUTHENTICATION"
  deletion_protection     = true
  labels                  = { environment = var.environment, service = "xiongichat" }

  # Sessions and rate limits are state: a full cache says so (and is alerted on) rather than forget any of them.
  redis_configs = {
    maxmemory-policy = "noeviction"
  }

  persistence_config {
    persistence_mode    = "RDB"
    rdb_snapshot_period = "ONE_HOUR"
  }

  # Sunday 18:00 UTC is Monday 02:00 in Taipei.
  maintenance_policy {
    weekly_maintenance_window {
      day = "SUNDAY"

      start_time {
        hours   = 18
        minutes = 0
      }
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}
