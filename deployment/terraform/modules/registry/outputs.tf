output "address" {
  description = "What stands before the name of an image, without the project's own part."
  value       = "${google_artifact_registry_repository.xiongichat.location}-docker.pkg.dev"
}

output "repository" {
  description = "The repository."
  value       = google_artifact_registry_repository.xiongichat.repository_id
}

output "immutable" {
  description = "Whether a tag stays what it was."
  value       = google_artifact_registry_repository.xiongichat.docker_config[0].immutable_tags
}
