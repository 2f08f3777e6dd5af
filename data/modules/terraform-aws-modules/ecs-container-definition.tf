# source: terraform-aws-modules/ecs/aws//modules/container-definition
# major versions: 6 to 7
# may also create:
#
# The defaults are those of the module as of 2026-03.

variable "operating_system_family" { default = "LINUX" }
variable "enable_execute_command" { default = false }
variable "command" { default = null }
variable "cpu" { default = null }
variable "credentialSpecs" { default = null }
variable "dependsOn" { default = null }
variable "disableNetworking" { default = null }
variable "dnsSearchDomains" { default = null }
variable "dnsServers" { default = null }
variable "dockerLabels" { default = null }
variable "dockerSecurityOptions" { default = null }
variable "entrypoint" { default = null }
variable "environment" { default = null }
variable "environmentFiles" { default = null }
variable "essential" { default = null }
variable "extraHosts" { default = null }
variable "firelensConfiguration" { default = null }
variable "healthCheck" { default = null }
variable "hostname" { default = null }
variable "image" { default = null }
variable "interactive" { default = false }
variable "links" { default = null }
variable "linuxParameters" { default = {} }
variable "logConfiguration" { default = {} }
variable "memory" { default = null }
variable "memoryReservation" { default = null }
variable "mountPoints" { default = null }
variable "name" { default = null }
variable "portMappings" { default = null }
variable "privileged" { default = false }
variable "pseudoTerminal" { default = false }
variable "readonlyRootFilesystem" { default = true }
variable "repositoryCredentials" { default = null }
variable "resourceRequirements" { default = null }
variable "restartPolicy" { default = { enabled = true } }
variable "secrets" { default = null }
variable "startTimeout" { default = 30 }
variable "stopTimeout" { default = 120 }
variable "systemControls" { default = null }
variable "ulimits" { default = null }
variable "user" { default = null }
variable "versionConsistency" { default = "disabled" }
variable "volumesFrom" { default = null }
variable "workingDirectory" { default = null }
variable "service" { default = null }
variable "enable_cloudwatch_logging" { default = true }
variable "create_cloudwatch_log_group" { default = true }
variable "cloudwatch_log_group_name" { default = null }
variable "cloudwatch_log_group_use_name_prefix" { default = false }
variable "cloudwatch_log_group_class" { default = null }
variable "cloudwatch_log_group_retention_in_days" { default = 14 }
variable "cloudwatch_log_group_kms_key_id" { default = null }
variable "tags" { default = {} }

locals {
  is_linux = var.operating_system_family == "LINUX"
  in_group = var.service == null ? "/aws/ecs" : "/aws/ecs/${var.service}"
  group    = try(coalesce(var.cloudwatch_log_group_name), var.name == null ? local.in_group : "${local.in_group}/${var.name}")

  # What nobody sets is left to the service.
  said = {
    for key, value in merge(
      {
        command               = var.command
        cpu                   = var.cpu
        credentialSpecs       = var.credentialSpecs
        dependsOn             = var.dependsOn
        dockerLabels          = var.dockerLabels
        dockerSecurityOptions = var.dockerSecurityOptions
        entrypoint            = var.entrypoint
        environment           = var.environment
        environmentFiles      = var.environmentFiles
        essential             = var.essential
        firelensConfiguration = var.firelensConfiguration
        healthCheck           = var.healthCheck
        hostname              = var.hostname
        image                 = var.image
        interactive           = var.interactive
        memory                = var.memory
        memoryReservation     = var.memoryReservation
        mountPoints           = var.mountPoints
        name                  = var.name
        portMappings          = var.portMappings
        pseudoTerminal        = var.pseudoTerminal
        repositoryCredentials = var.repositoryCredentials
        resourceRequirements  = var.resourceRequirements
        restartPolicy         = try(var.restartPolicy.enabled, true) ? var.restartPolicy : null
        secrets               = var.secrets
        startTimeout          = var.startTimeout
        stopTimeout           = var.stopTimeout
        systemControls        = var.systemControls
        versionConsistency    = var.versionConsistency
        volumesFrom           = var.volumesFrom
        workingDirectory      = var.workingDirectory
      },
      { for key, value in {
        disableNetworking      = var.disableNetworking
        dnsSearchDomains       = var.dnsSearchDomains
        dnsServers             = var.dnsServers
        extraHosts             = var.extraHosts
        links                  = var.links
        linuxParameters        = merge({ initProcessEnabled = var.enable_execute_command }, { for key, value in var.linuxParameters : key => value if value != null })
        privileged             = var.privileged
        readonlyRootFilesystem = var.readonlyRootFilesystem
        ulimits                = var.ulimits
        user                   = var.user
      } : key => value if local.is_linux },
    ) : key => value if value != null
  }
  logs = merge(
    {
      for key, value in {
        logDriver = "awslogs"
        options = {
          awslogs-region        = data.aws_region.current.region
          awslogs-group         = try(aws_cloudwatch_log_group.this[0].name, "")
          awslogs-stream-prefix = "ecs"
        }
      } : key => value if var.create_cloudwatch_log_group
    },
    { for key, value in var.logConfiguration : key => value if value != null },
  )
  definition = merge(local.said, { for key, value in { logConfiguration = local.logs } : key => value if length(value) > 0 })
}

data "aws_region" "current" {}

resource "aws_cloudwatch_log_group" "this" {
  count = var.create_cloudwatch_log_group && var.enable_cloudwatch_logging ? 1 : 0

  name              = var.cloudwatch_log_group_use_name_prefix ? null : local.group
  name_prefix       = var.cloudwatch_log_group_use_name_prefix ? "${local.group}-" : null
  log_group_class   = var.cloudwatch_log_group_class
  retention_in_days = var.cloudwatch_log_group_retention_in_days
  kms_key_id        = var.cloudwatch_log_group_kms_key_id
  tags              = var.tags
}

output "container_definition" { value = local.definition }
output "container_definition_json" { value = jsonencode(local.definition) }
output "cloudwatch_log_group_name" { value = one(aws_cloudwatch_log_group.this[*].name) }
output "cloudwatch_log_group_arn" { value = one(aws_cloudwatch_log_group.this[*].arn) }
