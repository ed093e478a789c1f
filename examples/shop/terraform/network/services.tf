module "api" {
  source = "./modules/service"

  name           = "api"
  port           = 8080
  vpc_id         = aws_vpc.shop.id
  front_group_id = aws_security_group.web.id
  callers        = var.service_callers["api"]
}

module "search" {
  source = "./modules/service"

  name           = "search"
  port           = 9200
  vpc_id         = aws_vpc.shop.id
  front_group_id = module.api.security_group_id
  callers        = var.service_callers["search"]
}

# Thumbnails are made by a Lambda function that only calls out.
resource "aws_security_group" "thumbnails" {
  name        = "shop-thumbnails"
  description = "Lambda function that makes thumbnails"
  vpc_id      = aws_vpc.shop.id

  tags = {
    Name = "shop-thumbnails"
  }
}

resource "aws_vpc_security_group_egress_rule" "thumbnails_https" {
  security_group_id = aws_security_group.thumbnails.id
  description       = "pictures"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = local.anywhere
}
