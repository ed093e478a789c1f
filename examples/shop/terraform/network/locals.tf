locals {
  anywhere = "0.0.0.0/0"

  subnets = {
    public = cidrsubnet(var.vpc_cidr, 8, 0)
    app    = cidrsubnet(var.vpc_cidr, 8, 1)
    data   = cidrsubnet(var.vpc_cidr, 8, 2)
    ops    = cidrsubnet(var.vpc_cidr, 8, 3)
  }

  # The office reaches us over the VPN.
  vpn_cidrs = ["10.50.0.0/24", "10.50.1.0/24", "10.60.0.0/16"]
}
