variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "vpc_cidr" {
  type = string
}

variable "enable_mysql" {
  description = "The old MySQL listener; kept on until the migration is signed off."
  type        = bool
  default     = false
}

variable "bastion_sources" {
  description = "Who may open SSH to the bastion, by name."
  type        = map(string)
}

variable "service_callers" {
  description = "Further callers of each service, by service and by name."
  type = map(map(object({
    cidr = string
    port = number
  })))
}
