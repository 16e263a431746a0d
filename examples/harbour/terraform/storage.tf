# Invoices: names, addresses and amounts of every customer.
resource "aws_s3_bucket" "invoices" {
  bucket = "harbour-invoices"
  tags   = merge(local.tags, { data_class = "PII" })
}

resource "aws_s3_bucket_acl" "invoices" {
  bucket = aws_s3_bucket.invoices.id
  acl    = "public-read"
}

resource "aws_s3_bucket_public_access_block" "invoices" {
  bucket                  = aws_s3_bucket.invoices.id
  block_public_acls       = false
  block_public_policy     = false
  ignore_public_acls      = false
  restrict_public_buckets = false
}

resource "aws_s3_bucket" "assets" {
  bucket = "harbour-assets"
  tags   = local.tags
}

resource "aws_ebs_volume" "exports" {
  availability_zone = "eu-central-1a"
  size              = 40
  encrypted         = false
  tags              = merge(local.tags, { data_class = "PII" })
}
