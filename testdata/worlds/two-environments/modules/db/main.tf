variable "encrypt" {
  type = bool
}

variable "password" {
  type      = string
  sensitive = true
}

resource "aws_db_instance" "main" {
  identifier        = "main"
  engine            = "postgres"
  instance_class    = "db.t4g.micro"
  allocated_storage = 20
  username          = "app"
  password          = var.password
  storage_encrypted = var.encrypt
}
