output "name" {
  description = "The cluster."
  value       = google_container_cluster.xiongichat.name
}

output "endpoint" {
  description = "Private address of the control plane."
  value       = google_container_cluster.xiongichat.endpoint
}

output "workload_pool" {
  description = "The pool of identities of the cluster's accounts; it exists once the cluster does."
  value       = google_container_cluster.xiongichat.workload_identity_config[0].workload_pool
}

output "private" {
  description = "Whether neither nodes nor control plane have a public address."
  value       = google_container_cluster.xiongichat.private_cluster_config[0].enable_private_nodes && google_container_cluster.xiongichat.private_cluster_config[0].enable_private_endpoint
}

output "deletion_protection" {
  description = "Whether a destroy is refused."
  value       = google_container_cluster.xiongichat.deletion_protection
}

output "autoscaling_limits" {
  description = "{resource: [least, most]} of what the autoscaler may make."
  value       = { for l in google_container_cluster.xiongichat.cluster_autoscaling[0].resource_limits : l.resource_type => [l.minimum, l.maximum] }
}

output "nodes_most" {
  description = "Largest number of nodes of the pool."
  value       = google_container_node_pool.xiongichat.autoscaling[0].total_max_node_count
}
