# The load balancer. Visitors come from everywhere, over IPv4 and IPv6.
resource "aws_security_group" "web" {
  name        = "shop-web"
  description = "Load balancer of the shop"
  vpc_id      = aws_vpc.shop.id

  ingress {
    description      = "HTTPS"
    from_port        = 443
    to_port          = 443
    protocol         = "tcp"
    cidr_blocks      = [local.anywhere]
    ipv6_cidr_blocks = ["::/0"]
  }

  ingress {
    description = "HTTP, answered with a redirect"
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = [local.anywhere]
  }

  # The admin console that was switched off.
  ingress {
    description = "admin console"
    from_port   = 8443
    to_port     = 8443
    protocol    = "tcp"
    cidr_blocks = [local.anywhere]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = [local.anywhere]
  }

  tags = {
    Name = "shop-web"
  }
}

# Blue and green take turns behind the load balancer.
resource "aws_security_group" "blue" {
  name        = "shop-blue"
  description = "Canary, blue side"
  vpc_id      = aws_vpc.shop.id

  ingress {
    description     = "load balancer"
    from_port       = 8090
    to_port         = 8090
    protocol        = "tcp"
    security_groups = [aws_security_group.web.id]
  }

  tags = {
    Name = "shop-blue"
  }
}

resource "aws_security_group" "green" {
  name        = "shop-green"
  description = "Canary, green side"
  vpc_id      = aws_vpc.shop.id

  ingress {
    description     = "load balancer"
    from_port       = 8090
    to_port         = 8090
    protocol        = "tcp"
    security_groups = [aws_security_group.web.id]
  }

  tags = {
    Name = "shop-green"
  }
}
