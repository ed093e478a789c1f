vpc_cidr = "10.20.0.0/16"

# Switched on for the move to PostgreSQL in 2023.
enable_mysql = true

bastion_sources = {
  office     = "198.51.100.16/28"
  contractor = "192.0.2.77/32" # until March
  partner    = "203.0.113.64/26"
}

service_callers = {
  api = {
    batch = { cidr = "10.20.3.0/24", port = 8080 }
    # The ERP in the old data centre.
    legacy_erp = { cidr = "172.16.40.0/24", port = 8080 }
    vpn        = { cidr = "10.50.0.0/24", port = 8081 }
  }
  search = {
    kibana = { cidr = "10.50.0.0/24", port = 5601 }
  }
}
