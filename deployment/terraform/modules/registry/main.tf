resource "google_artifact_registry_repository" "xiongichat" {
  #checkov:skip=CKV_GCP_84:Images hold no secret and no data; keys of our own would only be one more way to lose them.
  repository_id          = "xiongichat"
  location               = var.region
  format                 = "DOCKER"
  description            = "Images of XiongiChat; a release names them by digest."
  cleanup_policy_dry_run = false
  labels                 = { environment = var.environment, service = "xiongichat" }

  docker_config {
    immutable_tags = true
  }

  vulnerability_scanning_config {
    enablement_config = "INHERITED"
  }

  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"

    most_recent_versions {
      keep_count = var.versions_kept
    }
  }

  cleanup_policies {
    id     = "delete-after-90-days"
    action = "DELETE"

    condition {
      tag_state  = "ANY"
      older_than = "7776000s"
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_artifact_registry_repository_iam_member" "reader" {
  for_each   = var.readers
  location   = google_artifact_registry_repository.xiongichat.location
  repository = google_artifact_registry_repository.xiongichat.repository_id
  role       = "roles/artifactregistry.reader"
  member     = each.value
}

resource "google_artifact_registry_repository_iam_member" "writer" {
  for_each   = var.writers
  location   = google_artifact_registry_repository.xiongichat.location
  repository = google_artifact_registry_repository.xiongichat.repository_id
  role       = "roles/artifactregistry.writer"
  member     = each.value
}
