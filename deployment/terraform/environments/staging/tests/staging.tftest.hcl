mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      number = "123456789012"
    }
  }
}

variables {
  project_id      = "xiongichat-test"
  emails          = { operators = "operators@example.org" }
  billing_account = "012345-6789AB-CDEF01"
}

run "nothing_but_the_load_balancer_has_a_public_address" {
  command = plan

  assert {
    condition     = module.cluster.private && module.database.private && module.cache.private
    error_message = "Cluster, database and cache must be private."
  }
}

run "what_holds_data_is_protected_from_deletion" {
  command = plan

  assert {
    condition     = module.cluster.deletion_protection && module.database.deletion_protection && module.cache.deletion_protection
    error_message = "A destroy must be refused."
  }
  assert {
    condition     = module.registry.immutable
    error_message = "A tag must stay what it was."
  }
}

run "nobody_has_more_roles_than_needed" {
  command = plan

  assert {
    condition     = module.identity.project_roles == { node = "roles/container.defaultNodeServiceAccount", deploy = "roles/container.clusterViewer" }
    error_message = "Roles of the project: the nodes' own, and reading the cluster."
  }
  assert {
    condition     = module.backup.roles == toset(["roles/storage.objectCreator", "roles/storage.objectViewer"])
    error_message = "Who writes backups can neither delete nor replace them."
  }
}

run "it_is_small_but_kept_like_production" {
  command = plan

  assert {
    condition     = module.database.backups == { start_time = "02:00", kept = 30, days_back = 7 }
    error_message = "Backups at 02:00, 30 kept, any second of 7 days."
  }
  assert {
    condition     = module.cache.size == "STANDARD_HA 1 GB" && module.cluster.nodes_most == 6
    error_message = "Small."
  }
  assert {
    condition     = module.cluster.autoscaling_limits["cpu"] == [4, 100] && module.cluster.autoscaling_limits["memory"] == [16, 400]
    error_message = "4 to 100 CPUs, 16 to 400 GB."
  }
  assert {
    condition     = module.backup.retention.days == 14 && module.backup.private
    error_message = "14 days, private."
  }
}

run "connections_of_the_manifests_fit" {
  command = plan

  # (10 + 1) x 5, one pager 5, one watcher 3, migration 2, dump and retention 2
  assert {
    condition     = module.database.connections == { needed = 67, spare = 15, taken = 200 }
    error_message = "Pool size, autoscaler, pagers and watchers are read from the manifests and must fit in 200."
  }
}

run "somebody_is_told_and_the_bill_is_watched" {
  command = plan

  assert {
    condition     = module.monitoring.told == 1 && module.monitoring.uptime_check == "https://staging.api.xiongichat.kao.gov.tw/api/v1/healthz" && module.monitoring.budget == 800
    error_message = "An uptime check, an address, a budget."
  }
}

run "what_the_rest_of_the_setup_needs_is_printed" {
  command = plan

  assert {
    condition     = output.images == "asia-east1-docker.pkg.dev/xiongichat-test/xiongichat" && output.backup_repository == "gs://xiongichat-test-xiongichat-backup/xiong"
    error_message = "Where images and backups go."
  }
}

run "a_name_is_no_project_id" {
  command = plan

  variables {
    project_id = "Not An Id"
  }

  expect_failures = [var.project_id]
}
