import type { Random } from '../generator/random.ts';

interface Filling {
  n: number;
  region: string;
  accountId: string;
  /** How many files, names beginning with those that the rules need. */
  count: number;
  chance: Random;
}

/** The rest of a root, as services have it; nothing here makes a rule. */
export function filler({ n, region, accountId, count, chance }: Filling): Record<string, string> {
  const all: [string, string][] = [
    ['main.tf', main(n, region)],
    ['variables.tf', variables(chance)],
    ['providers.tf', providers(n, region, accountId)],
    ['outputs.tf', outputs()],
    ['iam.tf', iam(n, accountId)],
    ['ecs.tf', ecs(n, region, chance)],
    ['alarms.tf', alarms(n, chance)],
    ['bucket.tf', bucket(n)],
    ['queue.tf', queue(n, chance)],
    ['dns.tf', dns(n)],
    ['logs.tf', logs(n)],
    ['cache.tf', cache(n, chance)],
  ];
  while (all.length < count) all.push([`part_${all.length}.tf`, queue(n * 100 + all.length, chance)]);
  return Object.fromEntries(all.slice(0, count));
}

function main(n: number, region: string): string {
  return `locals {
  name        = "service-\${var.environment}-${n}"
  environment = lower(var.environment)

  tags = merge(
    var.extra_tags,
    {
      Service     = "service-${n}"
      Environment = var.environment
      ManagedBy   = "terraform"
    },
  )

  azs = [for suffix in ["a", "b", "c"] : "${region}\${suffix}"]
}

data "aws_vpc" "main" {
  tags = {
    Name = "main-\${var.environment}"
  }
}

data "aws_subnets" "private" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.main.id]
  }

  tags = {
    Tier = "private"
  }
}
`;
}

function variables(chance: Random): string {
  const own = Array.from(
    { length: 6 },
    (_, i) => `variable "setting_${i}" {
  description = "Setting ${i} of the service, ${chance.hex(8)}"
  type        = ${chance.pick(['string', 'number', 'list(string)', 'map(string)'])}
  default     = null
}
`,
  );
  return `variable "environment" {
  description = "Where it runs"
  type        = string
  default     = "prod"
}

variable "enable_ssh" {
  description = "Whether administrators may log in"
  type        = bool
  default     = false
}

variable "offices" {
  description = "Address blocks of the offices"
  type        = list(string)
  default     = []
}

variable "extra_tags" {
  type    = map(string)
  default = {}
}

${own.join('\n')}`;
}

function providers(n: number, region: string, accountId: string): string {
  return `terraform {
  required_version = ">= 1.5.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.${n % 70}"
    }
  }

  backend "s3" {
    bucket         = "states-${accountId}"
    key            = "service-${n}/terraform.tfstate"
    region         = "${region}"
    dynamodb_table = "locks"
    encrypt        = true
  }
}

provider "aws" {
  region              = "${region}"
  allowed_account_ids = ["${accountId}"]

  default_tags {
    tags = {
      Repository = "live"
    }
  }
}
`;
}

function outputs(): string {
  return `output "front_group_id" {
  description = "The group of the front"
  value       = aws_security_group.front.id
}

output "service_name" {
  value = local.name
}

output "queue_url" {
  value     = try(aws_sqs_queue.jobs.url, null)
  sensitive = true
}
`;
}

function iam(n: number, accountId: string): string {
  return `data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "task" {
  name               = "service-${n}-task"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "task" {
  name = "task"
  role = aws_iam_role.task.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "\${aws_s3_bucket.files.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = "sqs:*"
        Resource = "arn:aws:sqs:*:${accountId}:service-${n}-*"
      },
    ]
  })
}
`;
}

function ecs(n: number, region: string, chance: Random): string {
  const port = chance.between(3000, 9999);
  return `resource "aws_ecs_task_definition" "app" {
  family                   = local.name
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = ${chance.pick([256, 512, 1024])}
  memory                   = ${chance.pick([512, 1024, 2048])}
  execution_role_arn       = aws_iam_role.task.arn
  task_role_arn            = aws_iam_role.task.arn

  container_definitions = <<-JSON
    [
      {
        "name": "app",
        "image": "\${var.setting_0}:\${var.setting_1}",
        "portMappings": [{ "containerPort": ${port} }],
        "logConfiguration": {
          "logDriver": "awslogs",
          "options": { "awslogs-region": "${region}", "awslogs-group": "\${aws_cloudwatch_log_group.app.name}" }
        }
      }
    ]
  JSON
}

resource "aws_ecs_service" "app" {
  name            = local.name
  cluster         = "main-\${var.environment}"
  task_definition = aws_ecs_task_definition.app.arn
  desired_count   = var.environment == "prod" ? ${chance.between(2, 9)} : 1
  launch_type     = "FARGATE"

  network_configuration {
    subnets          = data.aws_subnets.private.ids
    security_groups  = [aws_security_group.app.id, aws_security_group.workers.id]
    assign_public_ip = false
  }

  lifecycle {
    ignore_changes = [desired_count]
  }

  depends_on = [aws_iam_role_policy.task]
}

# service ${n}
`;
}

function alarms(n: number, chance: Random): string {
  const metrics = ['CPUUtilization', 'MemoryUtilization', 'RequestCount'].map(
    (metric) => `resource "aws_cloudwatch_metric_alarm" "${metric.toLowerCase()}" {
  alarm_name          = "service-${n}-${metric}"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = ${chance.between(1, 5)}
  metric_name         = "${metric}"
  namespace           = "AWS/ECS"
  period              = 60
  statistic           = "Average"
  threshold           = ${chance.between(50, 95)}
  alarm_description   = "Tells when ${metric} of \${local.name} is high"
  alarm_actions       = var.environment == "prod" ? ["arn:aws:sns:\${data.aws_vpc.main.id}:page"] : []

  dimensions = {
    ServiceName = aws_ecs_service.app.name
  }
}
`,
  );
  return metrics.join('\n');
}

function bucket(n: number): string {
  return `resource "aws_s3_bucket" "files" {
  bucket = "service-${n}-files-\${var.environment}"
  tags   = local.tags
}

resource "aws_s3_bucket_public_access_block" "files" {
  bucket                  = aws_s3_bucket.files.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    id     = "old"
    status = "Enabled"

    expiration {
      days = 90
    }
  }
}
`;
}

function queue(n: number, chance: Random): string {
  return `resource "aws_sqs_queue" "jobs" {
  name                       = "service-${n}-jobs"
  message_retention_seconds  = ${chance.between(60, 1_209_600)}
  visibility_timeout_seconds = ${chance.between(30, 900)}
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = ${chance.between(1, 10)}
  })

  tags = local.tags
}

resource "aws_sqs_queue" "dead" {
  name = "service-${n}-dead"
  tags = local.tags
}
`;
}

function dns(n: number): string {
  return `data "aws_route53_zone" "main" {
  name         = "\${var.environment}.example.com."
  private_zone = true
}

resource "aws_route53_record" "app" {
  for_each = toset(["A", "AAAA"])

  zone_id = data.aws_route53_zone.main.zone_id
  name    = "service-${n}.\${data.aws_route53_zone.main.name}"
  type    = each.key

  alias {
    name                   = "dualstack.internal.example.com"
    zone_id                = data.aws_route53_zone.main.zone_id
    evaluate_target_health = false
  }
}
`;
}

function logs(n: number): string {
  return `/*
 * Logs of service ${n}.
 */
resource "aws_cloudwatch_log_group" "app" {
  name              = "/service/${n}"
  retention_in_days = var.environment == "prod" ? 90 : 7
  tags              = local.tags
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  pattern        = "[time, level=\\"ERROR\\", ...]"
  log_group_name = aws_cloudwatch_log_group.app.name

  metric_transformation {
    name      = "errors-\${local.name}"
    namespace = "Services"
    value     = "1"
  }
}
`;
}

function cache(n: number, chance: Random): string {
  return `resource "aws_elasticache_subnet_group" "main" {
  name       = "service-${n}"
  subnet_ids = data.aws_subnets.private.ids
}

resource "aws_elasticache_replication_group" "main" {
  replication_group_id = "service-${n}"
  description          = "Cache of service ${n}"
  engine               = "redis"
  node_type            = "${chance.pick(['cache.t4g.micro', 'cache.r7g.large'])}"
  num_cache_clusters   = length(local.azs) > 2 ? 3 : 2
  port                 = 6379
  subnet_group_name    = aws_elasticache_subnet_group.main.name
  security_group_ids   = [aws_security_group.db.id]

  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
}
`;
}
