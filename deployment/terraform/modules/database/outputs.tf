output "name" {
  description = "The instance."
  value       = google_sql_database_instance.postgres.name
}

output "connection_name" {
  description = "PROJECT:REGION:INSTANCE, as Cloud SQL's own tools want it."
  value       = google_sql_database_instance.postgres.connection_name
  sensitive   = true
}

output "private_address" {
  description = "Where pods reach it."
  value       = google_sql_database_instance.postgres.private_ip_address
}

output "connections" {
  description = "What the service needs at most, what stays free, what the server takes."
  value = {
    needed = local.connections_needed
    spare  = local.connections_spare
    taken  = var.max_connections
  }
}

output "private" {
  description = "Whether it has no public address and takes no connection in clear."
  value       = !google_sql_database_instance.postgres.settings[0].ip_configuration[0].ipv4_enabled && google_sql_database_instance.postgres.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
}

output "deletion_protection" {
  description = "Whether a destroy is refused, here and by the server."
  value       = google_sql_database_instance.postgres.deletion_protection && google_sql_database_instance.postgres.settings[0].deletion_protection_enabled
}

output "highly_available" {
  description = "Whether a standby in another zone takes over."
  value       = google_sql_database_instance.postgres.settings[0].availability_type == "REGIONAL"
}

output "backups" {
  description = "When, how many, and how many days back to any second."
  value = {
    start_time = google_sql_database_instance.postgres.settings[0].backup_configuration[0].start_time
    kept       = google_sql_database_instance.postgres.settings[0].backup_configuration[0].backup_retention_settings[0].retained_backups
    days_back  = google_sql_database_instance.postgres.settings[0].backup_configuration[0].point_in_time_recovery_enabled ? google_sql_database_instance.postgres.settings[0].backup_configuration[0].transaction_log_retention_days : 0
  }
}
