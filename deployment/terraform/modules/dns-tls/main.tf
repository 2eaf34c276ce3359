# The one public address, for the load balancer that the Ingress makes; certificate and TLS versions for it.
resource "google_compute_global_address" "api_ip" {
  name         = "xiongichat-api-ip"
  address_type = "EXTERNAL"

  lifecycle {
    # People's applications and somebody else's name server know it.
    prevent_destroy = true
  }
}

resource "google_compute_managed_ssl_certificate" "api_cert" {
  name = "xiongichat-api-cert"

  managed {
    domains = [var.domain]
  }
}

resource "google_compute_ssl_policy" "api" {
  name            = "xiongichat-api-tls"
  profile         = "RESTRICTED"
  min_tls_version = "TLS_1_2"
}

resource "google_dns_record_set" "api" {
  count        = var.dns_zone == null ? 0 : 1
  managed_zone = var.dns_zone
  name         = "${var.domain}."
  type         = "A"
  ttl          = 300
  rrdatas      = [google_compute_global_address.api_ip.address]
}

# Only Google's authority may issue for this name.
resource "google_dns_record_set" "authorities" {
  count        = var.dns_zone == null ? 0 : 1
  managed_zone = var.dns_zone
  name         = "${var.domain}."
  type         = "CAA"
  ttl          = 3600
  rrdatas      = ["0 issue \"pki.goog\""]
}
