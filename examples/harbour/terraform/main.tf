terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 4.0"
    }
  }
}

provider "aws" {
  region     = var.region
  access_key = "AKIAIOSFODNN7EXAMPLE"
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "database_password" {
  type    = string
  default = "brass-lantern-demo"
}

locals {
  tags = {
    application = "harbour"
    owner       = "team-orders"
    environment = "production"
  }
}
