output "address" {
  description = "What the domain must resolve to."
  value       = google_compute_global_address.api_ip.address
}

output "domain" {
  description = "Where people reach the service."
  value       = var.domain
}

output "ingress_annotations" {
  description = "For the Ingress: which address and which certificate."
  value = {
    "kubernetes.io/ingress.global-static-ip-name" = google_compute_global_address.api_ip.name
    "ingress.gcp.kubernetes.io/pre-shared-cert"   = google_compute_managed_ssl_certificate.api_cert.name
    "kubernetes.io/ingress.allow-http"            = "false"
  }
}

output "tls_policy" {
  description = "For the FrontendConfig: which TLS versions."
  value       = google_compute_ssl_policy.api.name
}
