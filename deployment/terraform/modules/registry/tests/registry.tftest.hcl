mock_provider "google" {}

variables {
  environment = "production"
  readers     = { nodes = "serviceAccount:xiongichat-node@xiongichat-test.iam.gserviceaccount.com" }
  writers     = { pipeline = "serviceAccount:xiongichat-deploy@xiongichat-test.iam.gserviceaccount.com" }
}

run "a_tag_stays_what_it_was_and_images_of_a_rollback_stay" {
  command = plan

  assert {
    condition     = google_artifact_registry_repository.xiongichat.docker_config[0].immutable_tags && google_artifact_registry_repository.xiongichat.format == "DOCKER"
    error_message = "Tags must not move."
  }
  assert {
    condition     = [for p in google_artifact_registry_repository.xiongichat.cleanup_policies : p.most_recent_versions[0].keep_count if p.action == "KEEP"] == [50]
    error_message = "The newest 50 versions must stay."
  }
}

run "the_nodes_only_read_and_the_pipeline_only_writes" {
  command = plan

  assert {
    condition     = [for m in google_artifact_registry_repository_iam_member.reader : m.role] == ["roles/artifactregistry.reader"]
    error_message = "Whoever pulls may do nothing else."
  }
  assert {
    condition     = [for m in google_artifact_registry_repository_iam_member.writer : m.role] == ["roles/artifactregistry.writer"]
    error_message = "Whoever pushes may not administer."
  }
}

run "images_are_never_public" {
  command = plan

  variables {
    readers = { all = "allUsers" }
    writers = { all = "allAuthenticatedUsers" }
  }

  expect_failures = [var.readers, var.writers]
}

run "too_few_versions_for_a_rollback_are_refused" {
  command = plan

  variables {
    versions_kept = 1
  }

  expect_failures = [var.versions_kept]
}
