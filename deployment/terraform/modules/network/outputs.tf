output "network_id" {
  description = "The network. It is known only when the way to the managed stores is there, so what needs that waits."
  value       = google_compute_network.vpc.id
  depends_on  = [google_service_networking_connection.stores]
}

output "subnetwork_id" {
  description = "Where the nodes are."
  value       = google_compute_subnetwork.nodes.id
}

output "pods_range" {
  description = "Name of the secondary range of the pods."
  value       = google_compute_subnetwork.nodes.secondary_ip_range[0].range_name
}

output "services_range" {
  description = "Name of the secondary range of the services."
  value       = google_compute_subnetwork.nodes.secondary_ip_range[1].range_name
}

output "nodes_cidr" {
  description = "Addresses of the nodes."
  value       = google_compute_subnetwork.nodes.ip_cidr_range
}

output "stores_range" {
  description = "Name of the range that the managed stores get their addresses from."
  value       = google_compute_global_address.stores.name
}
