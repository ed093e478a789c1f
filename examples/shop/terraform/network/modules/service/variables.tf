variable "name" {
  type = string
}

variable "port" {
  type = number
}

variable "vpc_id" {
  type = string
}

variable "front_group_id" {
  description = "The group whose members call this service."
  type        = string
}

variable "callers" {
  type = map(object({
    cidr = string
    port = number
  }))
  default = {}
}
