output "cluster_endpoint" {
  description = "Private address of the control plane."
  value       = module.cluster.endpoint
}

output "database_connection" {
  description = "PROJECT:REGION:INSTANCE."
  value       = module.database.connection_name
  sensitive   = true
}

output "database_address" {
  description = "For DATABASE_URL."
  value       = module.database.private_address
}

output "cache_address" {
  description = "For REDIS_URL: rediss, the password is the output cache_password."
  value       = "${module.cache.host}:${module.cache.port}"
}

output "cache_password" {
  description = "For REDIS_URL."
  value       = module.cache.auth_string
  sensitive   = true
}

output "cache_authority" {
  description = "Whose signature on the cache's certificate is to be trusted."
  value       = module.cache.server_ca
}

output "address" {
  description = "What the domain must resolve to."
  value       = module.dns_tls.address
}

output "ingress_annotations" {
  description = "For the Ingress of your overlay."
  value       = module.dns_tls.ingress_annotations
}

output "images" {
  description = "What stands before the name of an image."
  value       = "${module.registry.address}/${var.project_id}/${module.registry.repository}"
}

output "backup_repository" {
  description = "For the setting backup.repositories."
  value       = module.backup.repository
}

output "accounts" {
  description = "{account: its address}."
  value       = module.identity.emails
}

output "secrets" {
  description = "Secrets that wait for their content."
  value       = module.identity.secrets
}

output "pipeline_provider" {
  description = "What the pipeline names when it logs in; null where none may."
  value       = module.identity.pipeline_provider
}
