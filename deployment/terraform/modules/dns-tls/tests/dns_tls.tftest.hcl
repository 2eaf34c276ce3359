mock_provider "google" {}

run "names_are_those_that_the_ingress_uses" {
  command = plan

  assert {
    condition     = output.ingress_annotations == { "kubernetes.io/ingress.global-static-ip-name" = "xiongichat-api-ip", "ingress.gcp.kubernetes.io/pre-shared-cert" = "xiongichat-api-cert", "kubernetes.io/ingress.allow-http" = "false" }
    error_message = "Address and certificate by name, and nothing in clear."
  }
  assert {
    condition     = google_compute_managed_ssl_certificate.api_cert.managed[0].domains == tolist(["api.xiongichat.kao.gov.tw"])
    error_message = "The certificate is for the domain."
  }
}

run "old_tls_is_refused" {
  command = plan

  assert {
    condition     = google_compute_ssl_policy.api.min_tls_version == "TLS_1_2" && google_compute_ssl_policy.api.profile == "RESTRICTED"
    error_message = "TLS 1.2 at least, with modern ciphers."
  }
}

run "without_a_zone_no_record_is_written" {
  command = plan

  assert {
    condition     = length(google_dns_record_set.api) == 0 && length(google_dns_record_set.authorities) == 0
    error_message = "Somebody else's zone is not touched."
  }
}

run "with_a_zone_the_name_leads_to_the_address_and_one_authority_may_issue" {
  command = plan

  variables {
    dns_zone = "kao-gov-tw"
  }

  assert {
    condition     = google_dns_record_set.api[0].name == "api.xiongichat.kao.gov.tw." && google_dns_record_set.api[0].type == "A"
    error_message = "An A record for the domain."
  }
  assert {
    condition     = google_dns_record_set.authorities[0].rrdatas == tolist(["0 issue \"pki.goog\""])
    error_message = "Only Google's authority."
  }
}

run "a_wildcard_is_refused" {
  command = plan

  variables {
    domain = "*.xiongichat.kao.gov.tw"
  }

  expect_failures = [var.domain]
}
