mock_provider "google" {}

variables {
  project_id           = "xiongichat-test"
  environment          = "production"
  network_id           = "projects/xiongichat-test/global/networks/xiongichat-vpc"
  subnetwork_id        = "projects/xiongichat-test/regions/asia-east1/subnetworks/xiongichat-nodes"
  pods_range           = "pods"
  services_range       = "services"
  node_service_account = "xiongichat-node@xiongichat-test.iam.gserviceaccount.com"
  authorized_cidrs     = { nodes = "10.10.0.0/20" }
}

run "nothing_has_a_public_address" {
  command = plan

  assert {
    condition     = google_container_cluster.xiongichat.private_cluster_config[0].enable_private_nodes
    error_message = "Nodes must have no public address."
  }
  assert {
    condition     = google_container_cluster.xiongichat.private_cluster_config[0].enable_private_endpoint
    error_message = "The control plane must have no public address."
  }
  assert {
    condition     = google_container_cluster.xiongichat.control_plane_endpoints_config[0].dns_endpoint_config[0].allow_external_traffic == false
    error_message = "The DNS endpoint is closed unless it is asked for."
  }
  assert {
    condition     = google_container_cluster.xiongichat.master_authorized_networks_config[0].gcp_public_cidrs_access_enabled == false && [for b in google_container_cluster.xiongichat.master_authorized_networks_config[0].cidr_blocks : b.cidr_block] == ["10.10.0.0/20"]
    error_message = "Only the named private ranges may speak to the control plane."
  }
}

run "it_is_protected_from_deletion" {
  command = plan

  assert {
    condition     = google_container_cluster.xiongichat.deletion_protection
    error_message = "A destroy must be refused."
  }
}

run "the_autoscaler_keeps_its_limits" {
  command = plan

  assert {
    condition     = google_container_cluster.xiongichat.cluster_autoscaling[0].enabled && output.autoscaling_limits["cpu"] == [4, 100] && output.autoscaling_limits["memory"] == [16, 400]
    error_message = "4 to 100 CPUs, 16 to 400 GB."
  }
  assert {
    condition     = google_container_node_pool.xiongichat.autoscaling[0].total_max_node_count * 4 <= 100 && google_container_node_pool.xiongichat.autoscaling[0].total_max_node_count * 16 <= 400
    error_message = "The pool at its largest must fit the limits of the cluster."
  }
  assert {
    condition     = google_container_node_pool.xiongichat.autoscaling[0].total_min_node_count == 3 && google_container_node_pool.xiongichat.node_config[0].machine_type == "n2-standard-4"
    error_message = "At least 3 nodes of n2-standard-4."
  }
  assert {
    condition     = google_container_cluster.xiongichat.remove_default_node_pool && google_container_cluster.xiongichat.initial_node_count == 1
    error_message = "The first pool, which is counted in each zone, must go."
  }
}

run "nodes_and_pods_have_no_more_rights_than_they_need" {
  command = plan

  assert {
    condition     = google_container_cluster.xiongichat.workload_identity_config[0].workload_pool == "xiongichat-test.svc.id.goog" && google_container_node_pool.xiongichat.node_config[0].workload_metadata_config[0].mode == "GKE_METADATA"
    error_message = "A pod must get its own rights, not the node's."
  }
  assert {
    condition     = google_container_node_pool.xiongichat.node_config[0].service_account == var.node_service_account && google_container_cluster.xiongichat.node_config[0].service_account == var.node_service_account && google_container_cluster.xiongichat.cluster_autoscaling[0].auto_provisioning_defaults[0].service_account == var.node_service_account
    error_message = "Every node must run as the account of its own."
  }
  assert {
    condition     = !contains(google_container_node_pool.xiongichat.node_config[0].oauth_scopes, "https://www.googleapis.com/auth/cloud-platform") && !contains(google_container_cluster.xiongichat.cluster_autoscaling[0].auto_provisioning_defaults[0].oauth_scopes, "https://www.googleapis.com/auth/cloud-platform")
    error_message = "The scope cloud-platform opens everything."
  }
  assert {
    condition     = google_container_cluster.xiongichat.enable_legacy_abac == false && google_container_cluster.xiongichat.master_auth[0].client_certificate_config[0].issue_client_certificate == false
    error_message = "Rights come from RBAC, and nobody has a client certificate."
  }
  assert {
    condition     = google_container_node_pool.xiongichat.node_config[0].shielded_instance_config[0].enable_secure_boot && google_container_node_pool.xiongichat.node_config[0].metadata["disable-legacy-endpoints"] == "true"
    error_message = "Nodes boot what is signed and have no old metadata endpoints."
  }
}

run "policies_are_enforced_and_figures_are_collected" {
  command = plan

  assert {
    condition     = google_container_cluster.xiongichat.datapath_provider == "ADVANCED_DATAPATH"
    error_message = "Without it NetworkPolicies are only words."
  }
  assert {
    condition     = google_container_cluster.xiongichat.monitoring_config[0].enable_components == toset(["SYSTEM_COMPONENTS"]) && google_container_cluster.xiongichat.monitoring_config[0].managed_prometheus[0].enabled
    error_message = "WORKLOADS does not exist any more; the managed Prometheus does."
  }
  assert {
    condition     = google_container_cluster.xiongichat.name == "xiongichat-cluster" && google_container_node_pool.xiongichat.node_config[0].tags == tolist(["xiongichat-node"]) && google_container_node_pool.xiongichat.node_config[0].labels["service"] == "xiongichat"
    error_message = "Names that other files know."
  }
}

run "an_upgrade_takes_no_node_away_before_another_is_there" {
  command = plan

  assert {
    condition     = google_container_node_pool.xiongichat.upgrade_settings[0].max_unavailable == 0 && google_container_node_pool.xiongichat.upgrade_settings[0].max_surge == 1
    error_message = "One more, then one less."
  }
  assert {
    condition     = google_container_node_pool.xiongichat.management[0].auto_repair && google_container_node_pool.xiongichat.management[0].auto_upgrade
    error_message = "Nodes are repaired and upgraded by themselves."
  }
}

run "a_public_range_may_not_speak_to_the_control_plane" {
  command = plan

  variables {
    authorized_cidrs = { all = "0.0.0.0/0" }
  }

  expect_failures = [var.authorized_cidrs]
}

run "the_default_account_is_refused" {
  command = plan

  variables {
    node_service_account = "1234-compute@developer.gserviceaccount.com"
  }

  expect_failures = [var.node_service_account]
}

run "more_nodes_than_the_limits_are_refused" {
  command = plan

  variables {
    nodes_most = 26
  }

  expect_failures = [var.nodes_most]
}
