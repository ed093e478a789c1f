resource "aws_security_group" "this" {
  name        = "shop-${var.name}"
  description = "Hosts of the ${var.name} service"
  vpc_id      = var.vpc_id

  tags = {
    Name    = "shop-${var.name}"
    service = var.name
  }
}

resource "aws_vpc_security_group_ingress_rule" "front" {
  security_group_id            = aws_security_group.this.id
  description                  = "front"
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port
  referenced_security_group_id = var.front_group_id
}

# One rule for each caller; who calls is kept in terraform.tfvars.
resource "aws_vpc_security_group_ingress_rule" "callers" {
  for_each = var.callers

  security_group_id = aws_security_group.this.id
  description       = "from ${each.key}"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.cidr
}

resource "aws_vpc_security_group_egress_rule" "anywhere" {
  security_group_id = aws_security_group.this.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
