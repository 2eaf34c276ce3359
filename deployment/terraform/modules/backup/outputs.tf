output "repository" {
  description = "For the setting backup.repositories."
  value       = "gs://${google_storage_bucket.backup.name}/xiong"
}

output "bucket" {
  description = "The bucket."
  value       = google_storage_bucket.backup.name
}

output "retention" {
  description = "Days that nothing can be deleted, and whether that can never be shortened."
  value = {
    days   = google_storage_bucket.backup.retention_policy[0].retention_period / 86400
    locked = google_storage_bucket.backup.retention_policy[0].is_locked
  }
}

output "private" {
  description = "Whether nobody can make it public."
  value       = google_storage_bucket.backup.public_access_prevention == "enforced" && google_storage_bucket.backup.uniform_bucket_level_access
}

output "roles" {
  description = "What anybody may do here."
  value       = toset(concat([for m in google_storage_bucket_iam_member.creator : m.role], [for m in google_storage_bucket_iam_member.viewer : m.role], [for m in google_storage_bucket_iam_member.pruner : m.role]))
}
