terraform {
  required_version = "~> 1.9"
}

locals {
  name = "nothing"
}

output "name" {
  value = local.name
}
