# A look from outside, and what only the provider sees. Everything else is measured by the product's own Prometheus rules.
# None of this pages about a person in danger: that is the pager's.
locals {
  labels   = { environment = var.environment, service = "xiongichat" }
  channels = [for channel in google_monitoring_notification_channel.email : channel.name]

  # What is read from the provider: {name: (what, filter, limit, how long)}
  limits = {
    database_connections = {
      title  = "Database connections near their limit"
      filter = "resource.type = \"cloudsql_database\" AND metric.type = \"cloudsql.googleapis.com/database/postgresql/num_backends\""
      limit  = floor(var.database_connections * 0.8)
      text   = "More than 80 % of the connections are taken. See the runbook DatabaseConnectionsNearLimit."
    }
    database_disk = {
      title  = "Database disk fills"
      filter = "resource.type = \"cloudsql_database\" AND metric.type = \"cloudsql.googleapis.com/database/disk/utilization\""
      limit  = 0.9
      text   = "The disk grows by itself up to disk_most_gb; raise that before it is reached. See the runbook DiskFillsSoon."
    }
    cache_memory = {
      title  = "Cache memory high"
      filter = "resource.type = \"redis_instance\" AND metric.type = \"redis.googleapis.com/stats/memory/usage_ratio\""
      limit  = 0.8
      text   = "A full cache refuses new sessions. See the runbook CacheMemoryHigh."
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each     = var.emails
  display_name = each.key
  type         = "email"
  labels       = { email_address = each.value }
  user_labels  = local.labels
}

resource "google_monitoring_uptime_check_config" "api" {
  display_name     = "XiongiChat API"
  period           = "60s"
  timeout          = "10s"
  checker_type     = "STATIC_IP_CHECKERS"
  selected_regions = ["ASIA_PACIFIC", "EUROPE", "USA"]
  user_labels      = local.labels

  http_check {
    path         = "/api/v1/healthz"
    port         = 443
    use_ssl      = true
    validate_ssl = true

    accepted_response_status_codes {
      status_class = "STATUS_CLASS_2XX"
    }
  }

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project_id, host = var.domain }
  }
}

resource "google_monitoring_alert_policy" "api_uptime" {
  display_name          = "API Uptime Alert"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels
  user_labels           = local.labels

  # Two regions must agree: one alone may have a bad line.
  conditions {
    display_name = "API is down"

    condition_threshold {
      filter          = "resource.type = \"uptime_url\" AND metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id = \"${google_monitoring_uptime_check_config.api.uptime_check_id}\""
      duration        = "60s"
      comparison      = "COMPARISON_GT"
      threshold_value = 1

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }

      trigger {
        count = 1
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "https://${var.domain} does not answer from outside. See the runbook APIDown."
  }

  alert_strategy {
    auto_close = "86400s"
  }
}

resource "google_monitoring_alert_policy" "certificate" {
  display_name          = "Certificate expires soon"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "Less than 14 days left"

    condition_threshold {
      filter          = "resource.type = \"uptime_url\" AND metric.type = \"monitoring.googleapis.com/uptime_check/time_until_ssl_cert_expires\" AND metric.labels.check_id = \"${google_monitoring_uptime_check_config.api.uptime_check_id}\""
      duration        = "600s"
      comparison      = "COMPARISON_LT"
      threshold_value = 14

      aggregations {
        alignment_period     = "1200s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_MIN"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Google renews it by itself while the domain leads to our address. See the runbook CertificateExpiresSoon."
  }
}

resource "google_monitoring_alert_policy" "limit" {
  for_each              = local.limits
  display_name          = each.value.title
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      duration        = "300s"
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.limit

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_MEAN"
        cross_series_reducer = each.key == "database_connections" ? "REDUCE_SUM" : "REDUCE_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = each.value.text
  }
}

data "google_project" "this" {
  project_id = var.project_id
}

resource "google_billing_budget" "month" {
  count           = var.billing_account == null ? 0 : 1
  billing_account = var.billing_account
  display_name    = "XiongiChat ${var.environment}"

  budget_filter {
    projects        = ["projects/${data.google_project.this.number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      units = tostring(var.budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }

  # Before it is spent: what the month will cost if it goes on like this.
  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  # A budget tells up to five addresses.
  all_updates_rule {
    monitoring_notification_channels = slice(local.channels, 0, min(5, length(local.channels)))
    disable_default_iam_recipients   = false
  }
}
