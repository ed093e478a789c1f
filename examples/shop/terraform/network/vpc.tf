resource "aws_vpc" "shop" {
  cidr_block                       = var.vpc_cidr
  assign_generated_ipv6_cidr_block = true

  tags = {
    Name = "shop"
  }
}

resource "aws_subnet" "shop" {
  for_each = local.subnets

  vpc_id     = aws_vpc.shop.id
  cidr_block = each.value

  tags = {
    Name = "shop-${each.key}"
  }
}

data "aws_ec2_managed_prefix_list" "s3" {
  name = "com.amazonaws.${var.region}.s3"
}

resource "aws_ec2_managed_prefix_list" "offices" {
  name           = "shop-offices"
  address_family = "IPv4"
  max_entries    = 10

  entry {
    cidr        = "198.51.100.16/28"
    description = "head office"
  }

  entry {
    cidr        = "198.51.100.64/28"
    description = "branch"
  }
}
