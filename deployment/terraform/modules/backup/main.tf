# What `xiong backup` writes. The objects are sealed before they come here; the bucket sees to it that they stay.
resource "google_storage_bucket" "backup" {
  #checkov:skip=CKV_GCP_78:A retention policy keeps every object as it is, which is more than keeping old versions; the two do not go together.
  #checkov:skip=CKV_GCP_62:Access is in Cloud Audit Logs; log buckets are the older way and would need one more bucket.
  name                        = var.bucket
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = { environment = var.environment, service = "xiongichat" }

  retention_policy {
    retention_period = var.retention_days * 86400
    is_locked        = var.locked
  }

  # A deleted object can still be brought back for so long.
  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  lifecycle_rule {
    condition {
      age = var.deleted_after_days
    }

    action {
      type = "Delete"
    }
  }

  # What a killed upload left.
  lifecycle_rule {
    condition {
      age = 1
    }

    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_storage_bucket_iam_member" "creator" {
  for_each = var.writers
  bucket   = google_storage_bucket.backup.name
  role     = "roles/storage.objectCreator"
  member   = each.value
}

# `verify` and the next increment read what is there.
resource "google_storage_bucket_iam_member" "viewer" {
  for_each = var.writers
  bucket   = google_storage_bucket.backup.name
  role     = "roles/storage.objectViewer"
  member   = each.value
}

resource "google_storage_bucket_iam_member" "pruner" {
  for_each = var.pruners
  bucket   = google_storage_bucket.backup.name
  role     = "roles/storage.objectUser"
  member   = each.value
}
