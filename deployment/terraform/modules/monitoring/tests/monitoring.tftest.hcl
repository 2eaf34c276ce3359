mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      number = "123456789012"
    }
  }
}

variables {
  project_id           = "xiongichat-test"
  environment          = "production"
  domain               = "api.xiongichat.kao.gov.tw"
  emails               = { operators = "operators@example.org" }
  database_connections = 200
  billing_account      = "012345-6789AB-CDEF01"
}

run "it_is_asked_from_outside_by_tls_each_minute" {
  command = plan

  assert {
    condition     = google_monitoring_uptime_check_config.api.period == "60s" && google_monitoring_uptime_check_config.api.http_check[0].path == "/api/v1/healthz"
    error_message = "Each minute, the path that says whether the process lives."
  }
  assert {
    condition     = google_monitoring_uptime_check_config.api.http_check[0].use_ssl && google_monitoring_uptime_check_config.api.http_check[0].validate_ssl && google_monitoring_uptime_check_config.api.monitored_resource[0].labels["host"] == "api.xiongichat.kao.gov.tw"
    error_message = "By TLS with a certificate that is right."
  }
  assert {
    condition     = length(google_monitoring_uptime_check_config.api.selected_regions) >= 3
    error_message = "From three regions."
  }
}

run "somebody_is_told_when_two_regions_get_no_answer" {
  command = apply

  assert {
    condition     = google_monitoring_alert_policy.api_uptime.combiner == "OR" && google_monitoring_alert_policy.api_uptime.conditions[0].condition_threshold[0].threshold_value == 1 && google_monitoring_alert_policy.api_uptime.conditions[0].condition_threshold[0].aggregations[0].cross_series_reducer == "REDUCE_COUNT_FALSE"
    error_message = "More than one region that failed."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.api_uptime.conditions[0].condition_threshold[0].filter, "uptime_check/check_passed") && strcontains(google_monitoring_alert_policy.api_uptime.conditions[0].condition_threshold[0].filter, google_monitoring_uptime_check_config.api.uptime_check_id)
    error_message = "It reads this uptime check."
  }
  assert {
    condition     = alltrue([for p in concat([google_monitoring_alert_policy.api_uptime, google_monitoring_alert_policy.certificate], values(google_monitoring_alert_policy.limit)) : length(p.notification_channels) == 1])
    error_message = "Every alert has somebody to tell."
  }
}

run "the_database_is_watched_before_its_connections_are_gone" {
  command = plan

  assert {
    condition     = google_monitoring_alert_policy.limit["database_connections"].conditions[0].condition_threshold[0].threshold_value == 160
    error_message = "80 % of 200."
  }
  assert {
    condition     = toset(keys(google_monitoring_alert_policy.limit)) == toset(["database_connections", "database_disk", "cache_memory"])
    error_message = "Connections, disk, memory of the cache."
  }
}

run "money_is_watched_before_it_is_spent" {
  command = plan

  assert {
    condition     = contains([for t in google_billing_budget.month[0].threshold_rules : t.spend_basis], "FORECASTED_SPEND") && length(google_billing_budget.month[0].threshold_rules) == 4
    error_message = "Half, nine tenths, all, and the forecast."
  }
  assert {
    condition     = google_billing_budget.month[0].budget_filter[0].projects == toset(["projects/123456789012"]) && google_billing_budget.month[0].amount[0].specified_amount[0].units == "1500"
    error_message = "This project's bill."
  }
}

run "without_a_billing_account_there_is_no_budget" {
  command = plan

  variables {
    billing_account = null
  }

  assert {
    condition     = length(google_billing_budget.month) == 0 && output.budget == null
    error_message = "No budget."
  }
}

run "an_alert_for_nobody_is_refused" {
  command = plan

  variables {
    emails = {}
  }

  expect_failures = [var.emails]
}
