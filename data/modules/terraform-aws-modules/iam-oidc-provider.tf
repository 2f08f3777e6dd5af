# source: terraform-aws-modules/iam/aws//modules/iam-oidc-provider
# major versions: 6 to 6
# may also create:
#
# Not written out: the thumbprints, which are read from the issuer. The defaults are those of the module as of 2026-04.

variable "create" { default = true }
variable "url" { default = "https://token.actions.githubusercontent.com" }
variable "client_id_list" { default = [] }
variable "tags" { default = {} }

data "aws_partition" "current" {}

resource "aws_iam_openid_connect_provider" "this" {
  count = var.create ? 1 : 0

  url             = var.url
  client_id_list  = coalescelist(var.client_id_list, ["sts.${data.aws_partition.current.dns_suffix}"])
  thumbprint_list = timestamp()
  tags            = var.tags
}

output "arn" { value = one(aws_iam_openid_connect_provider.this[*].arn) }
output "url" { value = one(aws_iam_openid_connect_provider.this[*].url) }
