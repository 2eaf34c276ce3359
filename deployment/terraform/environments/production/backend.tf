# Made by ../../bootstrap. A bucket of another name: `init -backend-config=bucket=NAME`.
terraform {
  backend "gcs" {
    bucket = "xiongichat-terraform-state"
    prefix = "terraform/state"
  }
}
