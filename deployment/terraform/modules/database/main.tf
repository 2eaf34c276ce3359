locals {
  # One replica more runs while a release rolls. A pager holds 4 and one that listens; a watcher at most the 3 that are
  # reserved for it; a migration one for its lock and one for its steps; a dump and a retention run one each.
  # The server keeps the rest for its own upkeep and for whoever looks what is wrong.
  connections_needed = (var.clients.replicas_most + 1) * var.clients.pool_size + var.clients.pagers * 5 + var.clients.watchers * 3 + 2 + 2
  connections_spare  = 15

  flags = {
    max_connections = tostring(var.max_connections)

    # Who came and went, what waited, what did not fit into memory. Never statements: they may hold what people wrote.
    log_checkpoints                     = "on"
    log_connections                     = "on"
    log_disconnections                  = "on"
    log_lock_waits                      = "on"
    log_temp_files                      = "0"
    log_min_messages                    = "warning"
    log_min_error_statement             = "error"
    log_statement                       = "ddl"
    log_min_duration_statement          = "-1"
    idle_in_transaction_session_timeout = "60000"
  }
}

resource "google_sql_database_instance" "postgres" {
  #checkov:skip=CKV_GCP_110:pgAudit writes statements into logs, and statements may hold what people in need wrote.
  #checkov:skip=CKV_GCP_111:log_statement is ddl: more would write what people in need wrote.
  #checkov:skip=CKV_GCP_6:No connection in clear is taken; certificates of clients would be one more secret to lose, beside password and private address.
  #checkov:skip=CKV_GCP_51:log_checkpoints is on; the scanner reads no dynamic block, the tests of this module do.
  #checkov:skip=CKV_GCP_52:log_connections is on; the scanner reads no dynamic block, the tests of this module do.
  #checkov:skip=CKV_GCP_53:log_disconnections is on; the scanner reads no dynamic block, the tests of this module do.
  #checkov:skip=CKV_GCP_54:log_lock_waits is on; the scanner reads no dynamic block, the tests of this module do.
  #checkov:skip=CKV_GCP_108:Host names would be looked up at each connection; the addresses are pods of our own network.
  #checkov:skip=CKV_GCP_109:log_min_error_statement is error; the scanner reads no dynamic block, the tests of this module do.
  #checkov:skip=CKV2_GCP_13:A line for each statement costs more than it tells; slow ones are seen by query insights without their values.
  #checkov:skip=CKV_GCP_79:The version is a variable that admits only those the service knows.
  name             = "xiongichat-postgres"
  database_version = var.database_version
  region           = var.region

  # Terraform refuses to destroy it, and so does the server, whoever asks.
  deletion_protection = true

  settings {
    # From version 16 on the default is another edition, which knows no db-custom tiers.
    edition                      = "ENTERPRISE"
    tier                         = var.tier
    availability_type            = var.availability_type
    deletion_protection_enabled  = true
    retain_backups_on_delete     = true
    disk_type                    = "PD_SSD"
    disk_size                    = var.disk_gb
    disk_autoresize              = true
    disk_autoresize_limit        = var.disk_most_gb
    user_labels                  = { environment = var.environment, service = "xiongichat" }
    connector_enforcement        = "NOT_REQUIRED"
    enable_google_ml_integration = false

    backup_configuration {
      enabled                        = true
      start_time                     = var.backup_start_time
      location                       = var.region
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = var.backups_kept
        retention_unit   = "COUNT"
      }
    }

    final_backup_config {
      enabled        = true
      retention_days = 365
    }

    ip_configuration {
      ipv4_enabled       = false
      private_network    = var.network_id
      allocated_ip_range = var.stores_range
      ssl_mode           = "ENCRYPTED_ONLY"
    }

    dynamic "database_flags" {
      for_each = local.flags
      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }

    # Sunday 18:00 UTC is Monday 02:00 in Taipei.
    maintenance_window {
      day          = 7
      hour         = 18
      update_track = "stable"
    }

    # Slow statements with their values taken out.
    insights_config {
      query_insights_enabled  = true
      query_string_length     = 1024
      record_application_tags = false
      record_client_address   = false
    }

    password_validation_policy {
      enable_password_policy      = true
      min_length                  = 20
      disallow_username_substring = true
    }
  }

  lifecycle {
    # It grew by itself; a smaller number here must not make it anew.
    ignore_changes = [settings[0].disk_size]

    precondition {
      condition     = local.connections_needed + local.connections_spare <= var.max_connections
      error_message = "The service needs ${local.connections_needed} connections and ${local.connections_spare} stay free, but the server takes ${var.max_connections}. Lower DATABASE_POOL_SIZE or the autoscaler's maxReplicas, or raise max_connections."
    }
  }
}

resource "google_sql_database" "xiongichat" {
  name            = "xiongichat"
  instance        = google_sql_database_instance.postgres.name
  deletion_policy = "ABANDON"
}
