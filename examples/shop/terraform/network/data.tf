resource "aws_security_group" "db" {
  name        = "shop-db"
  description = "PostgreSQL"
  vpc_id      = aws_vpc.shop.id

  tags = {
    Name = "shop-db"
  }
}

resource "aws_security_group_rule" "db_from_api" {
  type                     = "ingress"
  security_group_id        = aws_security_group.db.id
  description              = "api"
  protocol                 = "tcp"
  from_port                = 5432
  to_port                  = 5432
  source_security_group_id = module.api.security_group_id
}

# Says the same as the rule above, from the time before groups were referenced.
resource "aws_security_group_rule" "db_from_app_subnet" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  description       = "app subnet"
  protocol          = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_blocks       = [local.subnets.app]
}

resource "aws_security_group_rule" "db_from_batch" {
  type                     = "ingress"
  security_group_id        = aws_security_group.db.id
  description              = "invoices, first of the month"
  protocol                 = "tcp"
  from_port                = 5432
  to_port                  = 5432
  source_security_group_id = aws_security_group.batch.id
}

resource "aws_security_group_rule" "db_from_vpn" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  description       = "analysts"
  protocol          = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_blocks       = local.vpn_cidrs
}

# Finance closes the quarter from its own network.
resource "aws_security_group_rule" "db_from_finance" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  description       = "quarterly closing"
  protocol          = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_blocks       = ["10.70.0.0/24"]
}

resource "aws_security_group_rule" "db_from_report" {
  type                     = "ingress"
  security_group_id        = aws_security_group.db.id
  description              = "reports"
  protocol                 = "tcp"
  from_port                = 5432
  to_port                  = 5432
  source_security_group_id = aws_security_group.report.id
}

resource "aws_security_group_rule" "db_mysql" {
  count = var.enable_mysql ? 1 : 0

  type                     = "ingress"
  security_group_id        = aws_security_group.db.id
  description              = "MySQL, before the move"
  protocol                 = "tcp"
  from_port                = 3306
  to_port                  = 3306
  source_security_group_id = module.api.security_group_id
}

resource "aws_security_group_rule" "db_replication" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  description       = "replication"
  protocol          = "tcp"
  from_port         = 5432
  to_port           = 5432
  self              = true
}

resource "aws_security_group" "cache" {
  name        = "shop-cache"
  description = "Redis"
  vpc_id      = aws_vpc.shop.id

  tags = {
    Name = "shop-cache"
  }
}

resource "aws_vpc_security_group_ingress_rule" "cache_from_api" {
  security_group_id            = aws_security_group.cache.id
  description                  = "api"
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
  referenced_security_group_id = module.api.security_group_id
}

# Wide on purpose, once: nobody remembered who else uses the cache.
resource "aws_vpc_security_group_ingress_rule" "cache_internal" {
  security_group_id = aws_security_group.cache.id
  description       = "internal"
  ip_protocol       = "tcp"
  from_port         = 6380
  to_port           = 6399
  cidr_ipv4         = "10.0.0.0/8"
}

resource "aws_vpc_security_group_ingress_rule" "cache_memcached" {
  security_group_id            = aws_security_group.cache.id
  description                  = "memcached"
  ip_protocol                  = "tcp"
  from_port                    = 11211
  to_port                      = 11211
  referenced_security_group_id = module.api.security_group_id
}
