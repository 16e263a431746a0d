# Customers, their addresses and card tokens.
resource "aws_db_instance" "orders" {
  identifier             = "harbour-orders"
  engine                 = "postgres"
  engine_version         = "11.5"
  instance_class         = "db.t3.medium"
  allocated_storage      = 50
  db_name                = "orders"
  username               = "harbour"
  password               = var.database_password
  publicly_accessible    = true
  storage_encrypted      = false
  skip_final_snapshot    = true
  vpc_security_group_ids = [aws_security_group.orders.id]
  tags                   = merge(local.tags, { data_class = "PII,PCI" })
}

resource "aws_sqs_queue" "orders" {
  name = "harbour-orders"
  tags = local.tags
}
