mock_provider "google" {}

variables {
  project_id    = "xiongichat-test"
  environment   = "production"
  workload_pool = "xiongichat-test.svc.id.goog"
  repository    = "example/xiongichat"
}

run "nobody_has_a_role_of_the_whole_project_but_these_two" {
  command = plan

  assert {
    condition     = output.project_roles == { node = "roles/container.defaultNodeServiceAccount", deploy = "roles/container.clusterViewer" }
    error_message = "Roles of the project: the nodes' own, and reading the cluster."
  }
  assert {
    condition     = toset(keys(google_service_account.xiongichat)) == toset(["node", "backup", "secrets", "deploy"])
    error_message = "One account for each thing that acts, and none for the service."
  }
}

run "a_pod_acts_as_one_account_and_only_from_its_own" {
  command = plan

  assert {
    condition     = { for k, m in google_service_account_iam_member.workload : k => m.member } == { backup = "serviceAccount:xiongichat-test.svc.id.goog[xiongichat/xiongichat-backup]", secrets = "serviceAccount:xiongichat-test.svc.id.goog[xiongichat/xiongichat-secrets]" }
    error_message = "Exactly one account of the cluster for each."
  }
  assert {
    condition     = alltrue([for m in concat(values(google_service_account_iam_member.workload), values(google_service_account_iam_member.pipeline)) : m.role == "roles/iam.workloadIdentityUser"])
    error_message = "They may act as it, and neither make keys for it nor change it."
  }
}

run "secrets_stay_in_the_region_are_protected_and_have_one_reader" {
  command = plan

  assert {
    condition     = alltrue([for s in google_secret_manager_secret.xiongichat : s.deletion_protection && s.version_destroy_ttl == "604800s"])
    error_message = "Secrets must be protected."
  }
  assert {
    condition     = alltrue([for s in google_secret_manager_secret.xiongichat : [for r in s.replication[0].user_managed[0].replicas : r.location] == ["asia-east1"]])
    error_message = "Secrets stay in Taiwan."
  }
  assert {
    condition     = toset([for m in google_secret_manager_secret_iam_member.reader : m.role]) == toset(["roles/secretmanager.secretAccessor"]) && length(google_secret_manager_secret_iam_member.reader) == 2
    error_message = "One reader for each secret."
  }
}

run "the_pipeline_comes_from_one_repository_and_an_approved_run" {
  command = plan

  assert {
    condition     = google_iam_workload_identity_pool_provider.pipeline["github"].attribute_condition == "assertion.repository == 'example/xiongichat' && assertion.environment == 'production'"
    error_message = "Repository and environment are both asked for."
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.pipeline["github"].oidc[0].issuer_uri == "https://token.actions.githubusercontent.com"
    error_message = "The tokens are GitHub's."
  }
}

run "without_a_repository_nobody_comes_from_outside" {
  command = plan

  variables {
    repository = null
  }

  assert {
    condition     = length(google_iam_workload_identity_pool.pipeline) == 0 && length(google_service_account_iam_member.pipeline) == 0 && output.pipeline_provider == null
    error_message = "No pool, no provider, no binding."
  }
}

run "a_whole_owner_is_no_repository" {
  command = plan

  variables {
    repository = "example/*"
  }

  expect_failures = [var.repository]
}
