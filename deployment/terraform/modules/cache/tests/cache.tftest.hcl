mock_provider "google" {}

variables {
  environment  = "production"
  network_id   = "projects/xiongichat-test/global/networks/xiongichat-vpc"
  stores_range = "xiongichat-stores"
}

run "it_is_reached_from_the_network_only_by_tls_and_a_password" {
  command = plan

  assert {
    condition     = google_redis_instance.cache.authorized_network == var.network_id && google_redis_instance.cache.connect_mode == "PRIVATE_SERVICE_ACCESS"
    error_message = "It must be in our network, not in the default one."
  }
  assert {
    condition     = google_redis_instance.cache.transit_encryption_mode == "SERVER_AUTHENTICATION"
    error_message = "No connection in clear."
  }
  assert {
    condition     = google_redis_instance.cache.auth_enabled
    error_message = "A password is asked for."
  }
}

run "it_is_highly_available_and_forgets_nothing_by_itself" {
  command = plan

  assert {
    condition     = google_redis_instance.cache.name == "xiongichat-redis" && google_redis_instance.cache.tier == "STANDARD_HA" && google_redis_instance.cache.memory_size_gb == 5
    error_message = "5 GB with a replica in another zone."
  }
  assert {
    condition     = google_redis_instance.cache.redis_configs["maxmemory-policy"] == "noeviction"
    error_message = "Sessions and rate limits must not be evicted."
  }
  assert {
    condition     = google_redis_instance.cache.persistence_config[0].persistence_mode == "RDB"
    error_message = "It is saved to disk."
  }
}

run "it_is_protected_from_deletion" {
  command = plan

  assert {
    condition     = google_redis_instance.cache.deletion_protection
    error_message = "A destroy must be refused."
  }
}

run "a_small_cache_is_for_staging" {
  command = plan

  variables {
    memory_gb = 1
  }

  expect_failures = [var.memory_gb]
}
