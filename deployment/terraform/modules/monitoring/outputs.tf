output "uptime_check" {
  description = "What is asked from outside each minute."
  value       = "https://${var.domain}${google_monitoring_uptime_check_config.api.http_check[0].path}"
}

output "alerts" {
  description = "Alerts of the provider."
  value       = concat([google_monitoring_alert_policy.api_uptime.display_name, google_monitoring_alert_policy.certificate.display_name], [for policy in google_monitoring_alert_policy.limit : policy.display_name])
}

output "told" {
  description = "How many addresses are told."
  value       = length(google_monitoring_notification_channel.email)
}

output "budget" {
  description = "What a month may cost; null where somebody else watches the bill."
  value       = one([for budget in google_billing_budget.month : tonumber(budget.amount[0].specified_amount[0].units)])
}
