# source: terraform-aws-modules/iam/aws//modules/iam-role
# major versions: 6 to 6
# may also create: aws_iam_role_policy, aws_iam_instance_profile
#
# Not written out: trusts for SAML and Bitbucket, inline policies, and what is listed above. The defaults are those of the
# module as of 2025-10.

variable "create" { default = true }
variable "name" { default = null }
variable "use_name_prefix" { default = true }
variable "path" { default = null }
variable "description" { default = null }
variable "max_session_duration" { default = null }
variable "permissions_boundary" { default = null }
variable "trust_policy_permissions" { default = null }
variable "trust_policy_conditions" { default = [] }
variable "policies" { default = {} }
variable "enable_oidc" { default = false }
variable "oidc_account_id" { default = null }
variable "oidc_provider_urls" { default = [] }
variable "oidc_subjects" { default = [] }
variable "oidc_wildcard_subjects" { default = [] }
variable "oidc_audiences" { default = [] }
variable "enable_github_oidc" { default = false }
variable "github_provider" { default = "token.actions.githubusercontent.com" }
variable "enable_bitbucket_oidc" { default = false }
variable "enable_saml" { default = false }
variable "tags" { default = {} }

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

locals {
  account = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}"

  # Of each provider what its statement says; GitHub's subjects begin with `repo:` whether that is written or not.
  generic = var.enable_oidc ? [for url in var.oidc_provider_urls : {
    host      = replace(url, "https://", "")
    audiences = var.oidc_audiences
    exact     = var.oidc_subjects
    like      = var.oidc_wildcard_subjects
  }] : []
  github = var.enable_github_oidc ? [{
    host      = var.github_provider
    audiences = length(var.oidc_audiences) > 0 ? var.oidc_audiences : ["sts.amazonaws.com"]
    exact     = [for subject in var.oidc_subjects : "repo:${trimprefix(subject, "repo:")}"]
    like      = [for subject in var.oidc_wildcard_subjects : "repo:${trimprefix(subject, "repo:")}"]
  }] : []
}

data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = concat(local.generic, local.github)
    content {
      actions = ["sts:TagSession", "sts:AssumeRoleWithWebIdentity"]

      principals {
        type        = "Federated"
        identifiers = ["${local.account}:oidc-provider/${statement.value.host}"]
      }

      dynamic "condition" {
        for_each = length(statement.value.exact) > 0 ? [statement.value.exact] : []
        content {
          test     = "StringEquals"
          variable = "${statement.value.host}:sub"
          values   = condition.value
        }
      }

      dynamic "condition" {
        for_each = length(statement.value.like) > 0 ? [statement.value.like] : []
        content {
          test     = "StringLike"
          variable = "${statement.value.host}:sub"
          values   = condition.value
        }
      }

      dynamic "condition" {
        for_each = length(statement.value.audiences) > 0 ? [statement.value.audiences] : []
        content {
          test     = statement.value.host == var.github_provider ? "ForAllValues:StringEquals" : "StringEquals"
          variable = "${statement.value.host}:aud"
          values   = condition.value
        }
      }

      dynamic "condition" {
        for_each = var.trust_policy_conditions == null ? [] : var.trust_policy_conditions
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }

  dynamic "statement" {
    for_each = var.trust_policy_permissions == null ? {} : var.trust_policy_permissions
    content {
      sid     = try(statement.value.sid, statement.key)
      effect  = try(statement.value.effect, null)
      actions = try(statement.value.actions, null)

      dynamic "principals" {
        for_each = try(statement.value.principals, [])
        content {
          type        = principals.value.type
          identifiers = principals.value.identifiers
        }
      }

      dynamic "condition" {
        for_each = try(statement.value.condition, [])
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

resource "aws_iam_role" "this" {
  count = var.create ? 1 : 0

  name                 = var.use_name_prefix ? null : var.name
  name_prefix          = var.use_name_prefix ? "${var.name}-" : null
  path                 = var.path
  description          = var.description
  max_session_duration = var.max_session_duration
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  # What else lets somebody in is put together elsewhere.
  assume_role_policy = var.enable_saml || var.enable_bitbucket_oidc ? timestamp() : data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.create ? var.policies : {}

  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

output "arn" { value = one(aws_iam_role.this[*].arn) }
output "name" { value = one(aws_iam_role.this[*].name) }
output "unique_id" { value = one(aws_iam_role.this[*].unique_id) }
