variable "encrypt" {
  type = bool
}

variable "password" {
  type      = string
  sensitive = true
}

module "db" {
  source   = "./modules/db"
  encrypt  = var.encrypt
  password = var.password
}
