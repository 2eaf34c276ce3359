output "state_bucket" {
  description = "For `init -backend-config=bucket=…` in environments/."
  value       = google_storage_bucket.state.name
}
