mock_provider "google" {}

variables {
  bucket      = "xiongichat-test-backup"
  environment = "production"
  locked      = true
  writers     = { backup = "serviceAccount:xiongichat-backup@xiongichat-test.iam.gserviceaccount.com" }
}

run "nobody_can_delete_a_backup_before_its_time" {
  command = plan

  assert {
    condition     = tonumber(google_storage_bucket.backup.retention_policy[0].retention_period) == 14 * 86400
    error_message = "14 days."
  }
  assert {
    condition     = google_storage_bucket.backup.retention_policy[0].is_locked
    error_message = "The retention must be locked."
  }
  assert {
    condition     = google_storage_bucket.backup.force_destroy == false
    error_message = "A bucket with backups in it must not go."
  }
  assert {
    condition     = google_storage_bucket.backup.soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "What was deleted can be brought back for a week."
  }
  assert {
    condition     = [for r in google_storage_bucket.backup.lifecycle_rule : tolist(r.condition)[0].age if tolist(r.action)[0].type == "Delete"] == [400]
    error_message = "The bucket deletes nothing younger than 400 days by itself."
  }
}

run "nobody_can_make_it_public" {
  command = plan

  assert {
    condition     = google_storage_bucket.backup.public_access_prevention == "enforced" && google_storage_bucket.backup.uniform_bucket_level_access
    error_message = "Public access must be prevented."
  }
}

run "who_writes_can_neither_delete_nor_replace" {
  command = plan

  assert {
    condition     = output.roles == toset(["roles/storage.objectCreator", "roles/storage.objectViewer"])
    error_message = "Create and read, nothing else."
  }
}

run "it_lies_in_the_region" {
  command = plan

  assert {
    condition     = lower(google_storage_bucket.backup.location) == "asia-east1"
    error_message = "Backups stay in Taiwan."
  }
}

run "production_without_a_lock_is_refused" {
  command = plan

  variables {
    locked = false
  }

  expect_failures = [var.locked]
}

run "a_short_retention_is_refused" {
  command = plan

  variables {
    retention_days     = 1
    deleted_after_days = 30
  }

  expect_failures = [var.retention_days, var.deleted_after_days]
}

run "a_public_writer_is_refused" {
  command = plan

  variables {
    writers = { all = "allUsers" }
  }

  expect_failures = [var.writers]
}
