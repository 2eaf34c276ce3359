output "name" {
  description = "The instance."
  value       = google_redis_instance.cache.name
}

output "host" {
  description = "Where pods reach it."
  value       = google_redis_instance.cache.host
}

output "port" {
  description = "6378 with TLS: the NetworkPolicy of your overlay must let pods there."
  value       = google_redis_instance.cache.port
}

output "auth_string" {
  description = "The password, for REDIS_URL."
  value       = google_redis_instance.cache.auth_string
  sensitive   = true
}

output "server_ca" {
  description = "Whom to trust: the certificates that sign the server's."
  value       = google_redis_instance.cache.server_ca_certs
}

output "private" {
  description = "Whether it is reached by TLS and a password, in this network only."
  value       = google_redis_instance.cache.connect_mode == "PRIVATE_SERVICE_ACCESS" && google_redis_instance.cache.transit_encryption_mode == "SERVER_AUTHENTICATION" && google_redis_instance.cache.auth_enabled
}

output "deletion_protection" {
  description = "Whether a destroy is refused."
  value       = google_redis_instance.cache.deletion_protection
}

output "size" {
  description = "Tier and memory."
  value       = "${google_redis_instance.cache.tier} ${google_redis_instance.cache.memory_size_gb} GB"
}
