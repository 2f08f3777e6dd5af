variable "env" { type = string }
variable "names" {
  type    = list(string)
  default = ["a", "b"]
}
variable "ids" {
  type    = set(string)
  default = ["b", "a", "b"]
}
variable "tags" {
  type    = map(string)
  default = { app = "web", n = 1 }
}
variable "nothing" {
  type    = string
  default = null
}
variable "secret" {
  sensitive = true
  default   = "hush"
}
variable "svc" {
  type    = object({ name = string, port = optional(number, 80), labels = optional(map(string), {}) })
  default = { name = "web", extra = true }
}
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_vpc" "other" {}
resource "aws_subnet" "app" {
  count      = 2
  cidr_block = cidrsubnet("10.0.0.0/16", 8, count.index)
}
resource "aws_subnet" "db" {
  for_each = toset(["a", "b"])
}
data "aws_availability_zones" "a" {}

locals {
  greeting = "Hi $${name}!"
}
