# One account for each thing that acts, each with what it does and nothing else. Nobody has a key: pods come by Workload
# Identity, the pipeline by OpenID Connect. The service itself (xiongichat-sa) has no account: it asks Google nothing.
locals {
  accounts = {
    node    = "Nodes of the cluster: pull images, write logs and figures"
    backup  = "The backup job: creates and reads objects in the backup bucket"
    secrets = "External Secrets: reads the secrets of XiongiChat"
    deploy  = "The pipeline: pushes images, reads the cluster's address"
  }

  # Roles of the whole project; all others are given on one bucket, one repository or one secret.
  project_roles = {
    node   = "roles/container.defaultNodeServiceAccount"
    deploy = "roles/container.clusterViewer"
  }

  # {account: the cluster's account that may act as it}
  workloads = { backup = "xiongichat-backup", secrets = "xiongichat-secrets" }

  # What is in them is put there by hand, so that no state file holds it.
  secrets = toset(["xiongichat-service", "xiongichat-owner"])

  issuer = "https://token.actions.githubusercontent.com"
  from   = var.repository == null ? {} : { github = var.repository }
}

resource "google_service_account" "xiongichat" {
  for_each     = local.accounts
  account_id   = "xiongichat-${each.key}"
  display_name = each.value
}

resource "google_project_iam_member" "xiongichat" {
  for_each = local.project_roles
  project  = var.project_id
  role     = each.value
  member   = google_service_account.xiongichat[each.key].member
}

resource "google_service_account_iam_member" "workload" {
  for_each           = local.workloads
  service_account_id = google_service_account.xiongichat[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.workload_pool}[${var.namespace}/${each.value}]"
}

resource "google_secret_manager_secret" "xiongichat" {
  for_each            = local.secrets
  secret_id           = each.value
  deletion_protection = true
  # A version that was destroyed by mistake comes back within a week.
  version_destroy_ttl = "604800s"
  labels              = { environment = var.environment, service = "xiongichat" }

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each  = local.secrets
  secret_id = google_secret_manager_secret.xiongichat[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.xiongichat["secrets"].member
}

resource "google_iam_workload_identity_pool" "pipeline" {
  for_each                  = local.from
  workload_identity_pool_id = "xiongichat-pipeline"
  display_name              = "Pipelines of XiongiChat"
}

resource "google_iam_workload_identity_pool_provider" "pipeline" {
  #checkov:skip=CKV_GCP_125:The condition asks for one repository and its environment; the scanner does not see through each.value, the tests do.
  for_each                           = local.from
  workload_identity_pool_id          = google_iam_workload_identity_pool.pipeline[each.key].workload_identity_pool_id
  workload_identity_pool_provider_id = each.key
  # One repository, and only a run that its environment has let through.
  attribute_condition = "assertion.repository == '${each.value}' && assertion.environment == '${var.environment}'"
  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
  }

  oidc {
    issuer_uri = local.issuer
  }
}

resource "google_service_account_iam_member" "pipeline" {
  for_each           = local.from
  service_account_id = google_service_account.xiongichat["deploy"].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.pipeline[each.key].name}/attribute.repository/${each.value}"
}
