mock_provider "google" {}

run "nobody_comes_in_from_outside" {
  command = plan

  assert {
    condition     = google_compute_network.vpc.auto_create_subnetworks == false
    error_message = "The network must have no subnets but ours."
  }
  assert {
    condition     = google_compute_firewall.nobody_in.direction == "INGRESS" && contains(google_compute_firewall.nobody_in.source_ranges, "0.0.0.0/0") && [for d in google_compute_firewall.nobody_in.deny : d.protocol] == ["all"]
    error_message = "The last rule must refuse everything that comes in."
  }
  assert {
    condition     = length(google_compute_firewall.nobody_in.allow) == 0
    error_message = "No rule of ours may let anybody in."
  }
  assert {
    condition     = google_compute_global_address.stores.address_type == "INTERNAL"
    error_message = "The stores' addresses must be private."
  }
}

run "managed_stores_have_a_private_way" {
  command = plan

  assert {
    condition     = google_compute_global_address.stores.purpose == "VPC_PEERING" && google_compute_global_address.stores.address == "10.40.0.0" && google_compute_global_address.stores.prefix_length == 16
    error_message = "The range for the peering must be reserved."
  }
  assert {
    condition     = google_service_networking_connection.stores.reserved_peering_ranges == tolist(["xiongichat-stores"])
    error_message = "The peering must use the reserved range."
  }
  assert {
    condition     = google_compute_subnetwork.nodes.private_ip_google_access
    error_message = "Nodes without public addresses reach Google's services privately."
  }
}

run "it_lies_in_taiwan_unless_told_otherwise" {
  command = plan

  assert {
    condition     = google_compute_subnetwork.nodes.region == "asia-east1" && google_compute_router_nat.out.region == "asia-east1"
    error_message = "The default region is asia-east1."
  }
}

run "pods_go_out_by_nat_and_from_this_subnet_only" {
  command = plan

  assert {
    condition     = google_compute_router_nat.out.source_subnetwork_ip_ranges_to_nat == "LIST_OF_SUBNETWORKS" && length(google_compute_router_nat.out.subnetwork) == 1
    error_message = "NAT is for the nodes' subnet."
  }
}

run "a_public_range_is_refused" {
  command = plan

  variables {
    nodes_cidr  = "8.8.8.0/24"
    stores_cidr = "172.15.0.0/16"
  }

  expect_failures = [var.nodes_cidr, var.stores_cidr]
}

run "too_few_addresses_for_pods_are_refused" {
  command = plan

  variables {
    pods_cidr = "10.20.0.0/20"
  }

  expect_failures = [var.pods_cidr]
}

run "a_zone_is_no_region" {
  command = plan

  variables {
    region = "asia-east1-a"
  }

  expect_failures = [var.region]
}
