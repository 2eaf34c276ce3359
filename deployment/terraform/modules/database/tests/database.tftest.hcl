mock_provider "google" {}

variables {
  environment  = "production"
  network_id   = "projects/xiongichat-test/global/networks/xiongichat-vpc"
  stores_range = "xiongichat-stores"
  clients = {
    replicas_most = 10
    pool_size     = 5
    pagers        = 2
    watchers      = 2
  }
}

run "it_has_no_public_address_and_takes_nothing_in_clear" {
  command = plan

  assert {
    condition     = google_sql_database_instance.postgres.settings[0].ip_configuration[0].ipv4_enabled == false
    error_message = "The database must have no public address."
  }
  assert {
    condition     = google_sql_database_instance.postgres.settings[0].ip_configuration[0].private_network == var.network_id && google_sql_database_instance.postgres.settings[0].ip_configuration[0].allocated_ip_range == "xiongichat-stores"
    error_message = "Its address comes from the network's private range."
  }
  assert {
    condition     = google_sql_database_instance.postgres.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
    error_message = "No connection in clear."
  }
  assert {
    condition     = length(google_sql_database_instance.postgres.settings[0].ip_configuration[0].authorized_networks) == 0
    error_message = "Nobody is let in by a list of addresses."
  }
}

run "it_is_protected_from_deletion" {
  command = plan

  assert {
    condition     = google_sql_database_instance.postgres.deletion_protection
    error_message = "Terraform must refuse to destroy it."
  }
  assert {
    condition     = google_sql_database_instance.postgres.settings[0].deletion_protection_enabled
    error_message = "The server must refuse to be deleted."
  }
  assert {
    condition     = google_sql_database_instance.postgres.settings[0].retain_backups_on_delete && google_sql_database_instance.postgres.settings[0].final_backup_config[0].enabled
    error_message = "Backups must outlive the instance."
  }
  assert {
    condition     = google_sql_database.xiongichat.deletion_policy == "ABANDON"
    error_message = "The database must not be dropped when it leaves the state."
  }
}

run "it_is_backed_up_and_any_second_of_a_week_comes_back" {
  command = plan

  assert {
    condition     = google_sql_database_instance.postgres.settings[0].backup_configuration[0].enabled && google_sql_database_instance.postgres.settings[0].backup_configuration[0].start_time == "02:00"
    error_message = "A backup each day at 02:00."
  }
  assert {
    condition     = google_sql_database_instance.postgres.settings[0].backup_configuration[0].backup_retention_settings[0].retained_backups == 30 && google_sql_database_instance.postgres.settings[0].backup_configuration[0].backup_retention_settings[0].retention_unit == "COUNT"
    error_message = "30 backups are kept."
  }
  assert {
    condition     = google_sql_database_instance.postgres.settings[0].backup_configuration[0].point_in_time_recovery_enabled && google_sql_database_instance.postgres.settings[0].backup_configuration[0].transaction_log_retention_days == 7
    error_message = "The log of 7 days must be kept."
  }
  assert {
    condition     = google_sql_database_instance.postgres.settings[0].backup_configuration[0].location == "asia-east1"
    error_message = "Backups stay in the region."
  }
  assert {
    condition     = google_sql_database_instance.postgres.settings[0].availability_type == "REGIONAL"
    error_message = "A standby in another zone."
  }
}

run "its_figures_are_those_of_the_design" {
  command = plan

  assert {
    condition     = google_sql_database_instance.postgres.name == "xiongichat-postgres" && google_sql_database_instance.postgres.settings[0].tier == "db-custom-4-16384" && google_sql_database_instance.postgres.settings[0].edition == "ENTERPRISE"
    error_message = "4 CPUs and 16 GB, in the edition that has such tiers."
  }
  assert {
    condition     = google_sql_database_instance.postgres.settings[0].disk_type == "PD_SSD" && google_sql_database_instance.postgres.settings[0].disk_size == 100 && google_sql_database_instance.postgres.settings[0].disk_autoresize
    error_message = "100 GB of SSD that grows."
  }
  assert {
    condition     = [for f in google_sql_database_instance.postgres.settings[0].database_flags : f.value if f.name == "max_connections"] == ["200"]
    error_message = "200 connections."
  }
}

run "connections_of_the_service_fit" {
  command = plan

  # 11 replicas x 5, 2 pagers x 5, 2 watchers x 3, migration 2, dump and retention 2
  assert {
    condition     = output.connections.needed == 75 && output.connections.needed + output.connections.spare <= 200
    error_message = "Pool size times replicas, pagers, watchers and the migration must fit."
  }
}

run "more_connections_than_the_server_takes_are_refused" {
  command = plan

  variables {
    clients = {
      replicas_most = 10
      pool_size     = 16
      pagers        = 2
      watchers      = 2
    }
  }

  expect_failures = [google_sql_database_instance.postgres]
}

run "what_people_wrote_is_in_no_log" {
  command = plan

  assert {
    condition     = { for f in google_sql_database_instance.postgres.settings[0].database_flags : f.name => f.value if contains(["log_min_duration_statement", "log_statement"], f.name) } == { log_min_duration_statement = "-1", log_statement = "ddl" }
    error_message = "No statement may be logged but what changes the schema."
  }
  assert {
    condition     = !contains([for f in google_sql_database_instance.postgres.settings[0].database_flags : f.name], "shared_preload_libraries") && google_sql_database_instance.postgres.settings[0].insights_config[0].record_client_address == false
    error_message = "Libraries cannot be preloaded here and pgvector needs none; addresses are not recorded."
  }
}

run "who_came_and_what_waited_is_logged" {
  command = plan

  assert {
    condition     = toset([for f in google_sql_database_instance.postgres.settings[0].database_flags : f.name if f.value == "on"]) == toset(["log_checkpoints", "log_connections", "log_disconnections", "log_lock_waits"])
    error_message = "Checkpoints, connections, disconnections, waits for locks."
  }
  assert {
    condition     = [for f in google_sql_database_instance.postgres.settings[0].database_flags : f.value if f.name == "log_min_error_statement"] == ["error"]
    error_message = "A statement that failed is named."
  }
}

run "production_without_a_standby_is_refused" {
  command = plan

  variables {
    availability_type = "ZONAL"
  }

  expect_failures = [var.availability_type]
}

run "fewer_than_30_backups_are_refused" {
  command = plan

  variables {
    backups_kept = 7
  }

  expect_failures = [var.backups_kept]
}

run "a_shared_tier_is_refused" {
  command = plan

  variables {
    tier = "db-f1-micro"
  }

  expect_failures = [var.tier]
}

run "an_older_server_is_refused" {
  command = plan

  variables {
    database_version = "POSTGRES_15"
  }

  expect_failures = [var.database_version]
}
