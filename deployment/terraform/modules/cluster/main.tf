locals {
  labels = { environment = var.environment, service = "xiongichat" }

  # Pull images, write logs and figures; what a node may do with them is decided by the roles of its account.
  node_scopes = [
    "https://www.googleapis.com/auth/devstorage.read_only",
    "https://www.googleapis.com/auth/logging.write",
    "https://www.googleapis.com/auth/monitoring",
  ]
}

resource "google_container_cluster" "xiongichat" {
  #checkov:skip=CKV_GCP_65:Groups for RBAC need a Workspace domain, which not every city has; roles are bound to accounts.
  #checkov:skip=CKV_GCP_66:Images are signed without keys (cosign) and checked by the pipeline; Binary Authorization knows only its own attestors.
  #checkov:skip=CKV_GCP_12:ADVANCED_DATAPATH enforces NetworkPolicies by itself; the block network_policy is for the older way and clashes with it.
  #checkov:skip=CKV_GCP_13:Client certificates are off by default since GKE 1.12, and issue_client_certificate is false below.
  name                = "xiongichat-cluster"
  location            = var.region
  network             = var.network_id
  subnetwork          = var.subnetwork_id
  networking_mode     = "VPC_NATIVE"
  deletion_protection = true
  resource_labels     = local.labels

  # The pool that comes with a cluster cannot be changed later; it is taken away and ours stands beside.
  # The number is of nodes in each zone.
  initial_node_count       = 1
  remove_default_node_pool = true

  # NetworkPolicies are enforced by this; no add-on is needed.
  datapath_provider           = "ADVANCED_DATAPATH"
  enable_intranode_visibility = true
  enable_shielded_nodes       = true
  enable_legacy_abac          = false

  # The first pool lives for minutes only, but must not run as the default account either.
  node_config {
    machine_type    = var.machine_type
    service_account = var.node_service_account
    oauth_scopes    = local.node_scopes
    image_type      = "COS_CONTAINERD"
    labels          = local.labels
    tags            = ["xiongichat-node"]
    metadata        = { disable-legacy-endpoints = "true" }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }

  ip_allocation_policy {
    cluster_secondary_range_name  = var.pods_range
    services_secondary_range_name = var.services_range
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
    master_ipv4_cidr_block  = var.control_plane_cidr
  }

  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = var.dns_endpoint
    }
  }

  master_authorized_networks_config {
    gcp_public_cidrs_access_enabled = false

    dynamic "cidr_blocks" {
      for_each = var.authorized_cidrs
      content {
        display_name = cidr_blocks.key
        cidr_block   = cidr_blocks.value
      }
    }
  }

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  workload_identity_config {
    workload_pool = "${var.project_id}.svc.id.goog"
  }

  cluster_autoscaling {
    enabled             = true
    autoscaling_profile = "BALANCED"

    resource_limits {
      resource_type = "cpu"
      minimum       = 4
      maximum       = 100
    }

    resource_limits {
      resource_type = "memory"
      minimum       = 16
      maximum       = 400
    }

    # What the autoscaler makes by itself when our pool does not fit a pod.
    auto_provisioning_defaults {
      service_account = var.node_service_account
      oauth_scopes    = local.node_scopes
      image_type      = "COS_CONTAINERD"
      disk_type       = "pd-balanced"

      management {
        auto_repair  = true
        auto_upgrade = true
      }

      shielded_instance_config {
        enable_secure_boot          = true
        enable_integrity_monitoring = true
      }
    }
  }

  addons_config {
    http_load_balancing {
      disabled = false
    }

    horizontal_pod_autoscaling {
      disabled = false
    }

    dns_cache_config {
      enabled = true
    }

    gce_persistent_disk_csi_driver_config {
      enabled = true
    }

    # The component spool-shared wants a volume that many pods write.
    gcp_filestore_csi_driver_config {
      enabled = true
    }
  }

  release_channel {
    channel = var.release_channel
  }

  # 18:00 UTC is 02:00 in Taipei.
  maintenance_policy {
    recurring_window {
      start_time = "2026-01-01T18:00:00Z"
      end_time   = "2026-01-01T22:00:00Z"
      recurrence = "FREQ=WEEKLY;BYDAY=MO,TU,WE"
    }
  }

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "WORKLOADS"]
  }

  # WORKLOADS is gone since GKE 1.24; the managed Prometheus took its place.
  monitoring_config {
    enable_components = ["SYSTEM_COMPONENTS"]

    managed_prometheus {
      enabled = true
    }
  }

  security_posture_config {
    mode = "BASIC"
  }

  cost_management_config {
    enabled = true
  }

  lifecycle {
    ignore_changes = [node_config]
  }
}

resource "google_container_node_pool" "xiongichat" {
  name               = "xiongichat-nodes"
  cluster            = google_container_cluster.xiongichat.id
  location           = var.region
  initial_node_count = 1

  autoscaling {
    total_min_node_count = var.nodes_least
    total_max_node_count = var.nodes_most
    location_policy      = "BALANCED"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  # A new node first, then an old one goes, one at a time.
  upgrade_settings {
    max_surge       = 1
    max_unavailable = 0
  }

  node_config {
    machine_type    = var.machine_type
    service_account = var.node_service_account
    oauth_scopes    = local.node_scopes
    image_type      = "COS_CONTAINERD"
    disk_type       = "pd-balanced"
    disk_size_gb    = 100
    labels          = local.labels
    resource_labels = local.labels
    tags            = ["xiongichat-node"]
    metadata        = { disable-legacy-endpoints = "true" }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    # A pod gets the rights of its own account, never those of the node.
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }

  lifecycle {
    # the autoscaler owns the count
    ignore_changes = [initial_node_count]
  }
}
