# --- bastion -------------------------------------------------------------------------------------------------------------

resource "aws_security_group" "bastion" {
  name        = "shop-bastion"
  description = "SSH from outside"
  vpc_id      = aws_vpc.shop.id

  tags = {
    Name = "shop-bastion"
  }
}

resource "aws_security_group_rule" "bastion_ssh" {
  for_each = var.bastion_sources

  type              = "ingress"
  security_group_id = aws_security_group.bastion.id
  description       = each.key
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = [each.value]
}

resource "aws_security_group_rule" "bastion_ssh_ipv6" {
  type              = "ingress"
  security_group_id = aws_security_group.bastion.id
  description       = "offices over IPv6"
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  ipv6_cidr_blocks  = ["2001:db8:50::/48", "2001:db8:60::/48"]
}

resource "aws_security_group_rule" "bastion_out_ssh" {
  type              = "egress"
  security_group_id = aws_security_group.bastion.id
  description       = "to our hosts"
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = [aws_vpc.shop.cidr_block]
}

resource "aws_security_group_rule" "bastion_out_https" {
  type              = "egress"
  security_group_id = aws_security_group.bastion.id
  description       = "updates"
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = [local.anywhere]
}

# --- every host ----------------------------------------------------------------------------------------------------------

resource "aws_security_group" "node" {
  name        = "shop-node"
  description = "What every host allows"
  vpc_id      = aws_vpc.shop.id

  tags = {
    Name = "shop-node"
  }
}

resource "aws_security_group_rule" "node_metrics" {
  type                     = "ingress"
  security_group_id        = aws_security_group.node.id
  description              = "exporters"
  protocol                 = "tcp"
  from_port                = 9100
  to_port                  = 9200
  source_security_group_id = aws_security_group.monitoring.id
}

resource "aws_security_group_rule" "node_ping" {
  type                     = "ingress"
  security_group_id        = aws_security_group.node.id
  description              = "ping"
  protocol                 = "icmp"
  from_port                = 8
  to_port                  = -1
  source_security_group_id = aws_security_group.monitoring.id
}

resource "aws_security_group_rule" "node_ssh" {
  type                     = "ingress"
  security_group_id        = aws_security_group.node.id
  description              = "bastion"
  protocol                 = "tcp"
  from_port                = 22
  to_port                  = 22
  source_security_group_id = aws_security_group.bastion.id
}

resource "aws_security_group_rule" "node_snmp" {
  type              = "ingress"
  security_group_id = aws_security_group.node.id
  description       = "SNMP"
  protocol          = "udp"
  from_port         = 161
  to_port           = 161
  cidr_blocks       = [local.subnets.ops]
}

# --- monitoring ----------------------------------------------------------------------------------------------------------

resource "aws_security_group" "monitoring" {
  name        = "shop-monitoring"
  description = "Prometheus and Grafana"
  vpc_id      = aws_vpc.shop.id

  tags = {
    Name = "shop-monitoring"
  }
}

resource "aws_vpc_security_group_ingress_rule" "grafana" {
  security_group_id = aws_security_group.monitoring.id
  description       = "Grafana"
  ip_protocol       = "tcp"
  from_port         = 3000
  to_port           = 3000
  prefix_list_id    = aws_ec2_managed_prefix_list.offices.id
}

resource "aws_vpc_security_group_ingress_rule" "alertmanager" {
  security_group_id = aws_security_group.monitoring.id
  description       = "Alertmanager"
  ip_protocol       = "tcp"
  from_port         = 9093
  to_port           = 9093
  cidr_ipv4         = "10.50.0.0/16"
}

resource "aws_vpc_security_group_egress_rule" "monitoring_vpc" {
  security_group_id = aws_security_group.monitoring.id
  description       = "everything we run"
  ip_protocol       = "-1"
  cidr_ipv4         = var.vpc_cidr
}

# --- batch ---------------------------------------------------------------------------------------------------------------

resource "aws_security_group" "batch" {
  name        = "shop-batch"
  description = "Nightly and monthly jobs"
  vpc_id      = aws_vpc.shop.id

  tags = {
    Name = "shop-batch"
  }
}

# Written by someone who came from network ACLs: answers need no rule.
resource "aws_security_group_rule" "batch_return" {
  type              = "ingress"
  security_group_id = aws_security_group.batch.id
  description       = "return traffic"
  protocol          = "tcp"
  from_port         = 1024
  to_port           = 65535
  cidr_blocks       = [local.anywhere]
}

resource "aws_vpc_security_group_egress_rule" "batch_s3" {
  security_group_id = aws_security_group.batch.id
  description       = "exports"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = data.aws_ec2_managed_prefix_list.s3.id
}

resource "aws_vpc_security_group_egress_rule" "batch_db" {
  security_group_id            = aws_security_group.batch.id
  description                  = "PostgreSQL"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.db.id
}

resource "aws_vpc_security_group_egress_rule" "batch_internal" {
  security_group_id = aws_security_group.batch.id
  description       = "our services"
  ip_protocol       = "tcp"
  from_port         = 6000
  to_port           = 8999
  cidr_ipv4         = var.vpc_cidr
}

resource "aws_vpc_security_group_egress_rule" "batch_smtp" {
  security_group_id = aws_security_group.batch.id
  description       = "mail"
  ip_protocol       = "tcp"
  from_port         = 25
  to_port           = 25
  cidr_ipv4         = local.anywhere
}

resource "aws_vpc_security_group_egress_rule" "batch_ntp" {
  security_group_id = aws_security_group.batch.id
  description       = "time"
  ip_protocol       = "udp"
  from_port         = 123
  to_port           = 123
  cidr_ipv4         = local.anywhere
}

# --- the rest ------------------------------------------------------------------------------------------------------------

# The build server polls; nobody calls it.
resource "aws_security_group" "ci" {
  name        = "shop-ci"
  description = "Build server"
  vpc_id      = aws_vpc.shop.id

  ingress {
    description = "web hooks"
    from_port   = 8080
    to_port     = 8080
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = [local.anywhere]
  }

  tags = {
    Name = "shop-ci"
  }
}

# The wholesaler drops its catalogue here every night.
resource "aws_security_group" "edi" {
  name        = "shop-edi"
  description = "File drop for partners"
  vpc_id      = aws_vpc.shop.id

  ingress {
    description = "SFTP"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["203.0.113.0/24"]
  }

  ingress {
    description = "FTP"
    from_port   = 21
    to_port     = 21
    protocol    = "tcp"
    cidr_blocks = ["203.0.113.0/24"]
  }

  tags = {
    Name = "shop-edi"
  }
}

# Reports ran on a host of their own until August.
resource "aws_security_group" "report" {
  name        = "shop-report"
  description = "Reporting host"
  vpc_id      = aws_vpc.shop.id

  ingress {
    description = "from the shop"
    from_port   = 8500
    to_port     = 8500
    protocol    = "tcp"
    cidr_blocks = [local.subnets.app]
  }

  egress {
    description     = "PostgreSQL"
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    security_groups = [aws_security_group.db.id]
  }

  tags = {
    Name = "shop-report"
  }
}

# Worn by nobody.
resource "aws_security_group" "spare" {
  name        = "shop-spare"
  description = "For emergencies"
  vpc_id      = aws_vpc.shop.id

  ingress {
    description = "SSH from the VPC"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = [var.vpc_cidr]
  }

  tags = {
    Name = "shop-spare"
  }
}
