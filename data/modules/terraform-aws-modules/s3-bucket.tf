# source: terraform-aws-modules/s3-bucket/aws
# major versions: 4 to 5
# may also create: aws_s3_bucket_acl, aws_s3_bucket_policy, aws_s3_bucket_website_configuration, aws_s3_bucket_cors_configuration, aws_s3_bucket_lifecycle_configuration, aws_s3_bucket_object_lock_configuration, aws_s3_bucket_replication_configuration, aws_s3_bucket_accelerate_configuration, aws_s3_bucket_request_payment_configuration, aws_s3_bucket_metric, aws_s3_bucket_inventory, aws_s3_bucket_analytics_configuration, aws_s3_bucket_intelligent_tiering_configuration, aws_s3_directory_bucket, aws_s3_bucket_metadata_configuration
#
# Not written out: policies, which are put together from many inputs, and what is listed above. The defaults are those of
# the module as of 2026-08.

variable "create_bucket" { default = true }
variable "bucket" { default = null }
variable "bucket_prefix" { default = null }
variable "force_destroy" { default = false }
variable "object_lock_enabled" { default = false }
variable "is_directory_bucket" { default = false }
variable "versioning" { default = {} }
variable "logging" { default = {} }
variable "server_side_encryption_configuration" { default = {} }
variable "block_public_acls" { default = true }
variable "block_public_policy" { default = true }
variable "ignore_public_acls" { default = true }
variable "restrict_public_buckets" { default = true }
variable "attach_public_policy" { default = true }
variable "control_object_ownership" { default = false }
variable "object_ownership" { default = "BucketOwnerEnforced" }
variable "tags" { default = {} }

locals {
  has_bucket = var.create_bucket && !var.is_directory_bucket
  bucket     = one(aws_s3_bucket.this[*].id)
  encryption = try(var.server_side_encryption_configuration.rule.apply_server_side_encryption_by_default, null)
}

resource "aws_s3_bucket" "this" {
  count = local.has_bucket ? 1 : 0

  bucket              = var.bucket
  bucket_prefix       = var.bucket_prefix
  force_destroy       = var.force_destroy
  object_lock_enabled = var.object_lock_enabled
  tags                = var.tags
}

resource "aws_s3_bucket_versioning" "this" {
  count = local.has_bucket && length(keys(var.versioning)) > 0 ? 1 : 0

  bucket = local.bucket

  versioning_configuration {
    status = try(var.versioning.enabled ? "Enabled" : "Suspended", tobool(var.versioning.status) ? "Enabled" : "Suspended", title(lower(var.versioning.status)))
  }
}

resource "aws_s3_bucket_logging" "this" {
  count = local.has_bucket && length(keys(var.logging)) > 0 ? 1 : 0

  bucket        = local.bucket
  target_bucket = try(var.logging.target_bucket, null)
  target_prefix = try(var.logging.target_prefix, null)
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  count = local.has_bucket && length(keys(var.server_side_encryption_configuration)) > 0 ? 1 : 0

  bucket = local.bucket

  rule {
    bucket_key_enabled = try(var.server_side_encryption_configuration.rule.bucket_key_enabled, null)

    dynamic "apply_server_side_encryption_by_default" {
      for_each = local.encryption == null ? [] : [local.encryption]
      content {
        sse_algorithm     = apply_server_side_encryption_by_default.value.sse_algorithm
        kms_master_key_id = try(apply_server_side_encryption_by_default.value.kms_master_key_id, null)
      }
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  count = local.has_bucket && var.attach_public_policy ? 1 : 0

  bucket                  = local.bucket
  block_public_acls       = var.block_public_acls
  block_public_policy     = var.block_public_policy
  ignore_public_acls      = var.ignore_public_acls
  restrict_public_buckets = var.restrict_public_buckets
}

resource "aws_s3_bucket_ownership_controls" "this" {
  count = local.has_bucket && var.control_object_ownership ? 1 : 0

  bucket = local.bucket

  rule {
    object_ownership = var.object_ownership
  }
}

output "s3_bucket_id" { value = local.bucket }
output "s3_bucket_arn" { value = one(aws_s3_bucket.this[*].arn) }
output "s3_bucket_bucket_domain_name" { value = one(aws_s3_bucket.this[*].bucket_domain_name) }
output "s3_bucket_bucket_regional_domain_name" { value = one(aws_s3_bucket.this[*].bucket_regional_domain_name) }
