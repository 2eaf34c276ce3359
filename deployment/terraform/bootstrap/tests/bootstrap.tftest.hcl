mock_provider "google" {}

variables {
  project_id = "xiongichat-test"
}

run "the_state_is_versioned_private_and_stays" {
  command = plan

  assert {
    condition     = google_storage_bucket.state.name == "xiongichat-terraform-state" && google_storage_bucket.state.versioning[0].enabled
    error_message = "A state that was written wrong must come back."
  }
  assert {
    condition     = google_storage_bucket.state.public_access_prevention == "enforced" && google_storage_bucket.state.uniform_bucket_level_access
    error_message = "The state holds the cache's password: nobody may make it public."
  }
  assert {
    condition     = google_storage_bucket.state.force_destroy == false && lower(google_storage_bucket.state.location) == "asia-east1"
    error_message = "It must not go with its content, and it stays in Taiwan."
  }
}

run "interfaces_stay_on_when_this_goes" {
  command = plan

  assert {
    condition     = alltrue([for s in google_project_service.needed : s.disable_on_destroy == false])
    error_message = "Switching one off would take down what runs."
  }
  assert {
    condition     = contains(keys(google_project_service.needed), "servicenetworking.googleapis.com")
    error_message = "Without it the stores get no private address."
  }
}

run "a_name_is_no_project_id" {
  command = plan

  variables {
    project_id = "Xiongi Chat"
  }

  expect_failures = [var.project_id]
}
