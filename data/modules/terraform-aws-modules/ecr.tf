# source: terraform-aws-modules/ecr/aws
# major versions: 1 to 3
# may also create: aws_ecr_repository_policy, aws_ecr_lifecycle_policy, aws_ecrpublic_repository, aws_ecrpublic_repository_policy, aws_ecr_registry_policy, aws_ecr_registry_scanning_configuration, aws_ecr_replication_configuration, aws_ecr_pull_through_cache_rule, aws_ecr_repository_creation_template
#
# Not written out: policies, and what is listed above. The defaults are those of the module as of 2025-10.

variable "create" { default = true }
variable "create_repository" { default = true }
variable "repository_type" { default = "private" }
variable "repository_name" { default = "" }
variable "repository_image_tag_mutability" { default = "IMMUTABLE" }
variable "repository_encryption_type" { default = null }
variable "repository_kms_key" { default = null }
variable "repository_force_delete" { default = null }
variable "repository_image_scan_on_push" { default = true }
variable "tags" { default = {} }

resource "aws_ecr_repository" "this" {
  count = var.create && var.create_repository && var.repository_type == "private" ? 1 : 0

  name                 = var.repository_name
  image_tag_mutability = var.repository_image_tag_mutability
  force_delete         = var.repository_force_delete
  tags                 = var.tags

  encryption_configuration {
    encryption_type = var.repository_encryption_type
    kms_key         = var.repository_kms_key
  }

  image_scanning_configuration {
    scan_on_push = var.repository_image_scan_on_push
  }
}

output "repository_name" { value = one(aws_ecr_repository.this[*].name) }
output "repository_arn" { value = one(aws_ecr_repository.this[*].arn) }
output "repository_url" { value = one(aws_ecr_repository.this[*].repository_url) }
