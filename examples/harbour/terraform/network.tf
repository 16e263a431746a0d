resource "aws_vpc" "harbour" {
  cidr_block = "10.20.0.0/16"
  tags       = local.tags
}

resource "aws_subnet" "public" {
  vpc_id                  = aws_vpc.harbour.id
  cidr_block              = "10.20.1.0/24"
  map_public_ip_on_launch = true
  tags                    = local.tags
}

resource "aws_security_group" "orders" {
  name   = "harbour-orders"
  vpc_id = aws_vpc.harbour.id
  tags   = local.tags

  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  ingress {
    from_port   = 8000
    to_port     = 8000
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_lb_listener" "shop" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/harbour/0000000000000000"
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/harbour/0000000000000000"
  }
}
