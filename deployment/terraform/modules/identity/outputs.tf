output "emails" {
  description = "{account: its address}."
  value       = { for name, account in google_service_account.xiongichat : name => account.email }
}

output "members" {
  description = "{account: as IAM names it}."
  value       = { for name, account in google_service_account.xiongichat : name => account.member }
}

output "project_roles" {
  description = "{account: what it may do in the whole project}."
  value       = { for name, member in google_project_iam_member.xiongichat : name => member.role }
}

output "secrets" {
  description = "Secrets that wait for their content."
  value       = [for secret in google_secret_manager_secret.xiongichat : secret.secret_id]
}

output "pipeline_provider" {
  description = "What the pipeline names when it logs in; null where none may."
  value       = one([for provider in google_iam_workload_identity_pool_provider.pipeline : provider.name])
}
