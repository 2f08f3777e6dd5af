# source: terraform-aws-modules/acm/aws
# major versions: 4 to 6
# may also create: aws_route53_record, aws_acm_certificate_validation
#
# Not written out: the records that prove who owns the names, and what is listed above. The defaults are those of the
# module as of 2025-10.

variable "create_certificate" { default = true }
variable "domain_name" { default = "" }
variable "subject_alternative_names" { default = [] }
variable "validation_method" { default = null }
variable "key_algorithm" { default = null }
variable "private_authority_arn" { default = null }
variable "certificate_transparency_logging_preference" { default = true }
variable "tags" { default = {} }

resource "aws_acm_certificate" "this" {
  count = var.create_certificate ? 1 : 0

  domain_name               = var.domain_name
  subject_alternative_names = var.subject_alternative_names
  validation_method         = var.validation_method
  key_algorithm             = var.key_algorithm
  certificate_authority_arn = var.private_authority_arn
  tags                      = var.tags

  options {
    certificate_transparency_logging_preference = var.certificate_transparency_logging_preference ? "ENABLED" : "DISABLED"
  }

  lifecycle {
    create_before_destroy = true
  }
}

output "acm_certificate_arn" { value = try(one(aws_acm_certificate.this[*].arn), "") }
