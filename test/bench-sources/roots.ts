import type { SourceFile } from '../../bot/source/contract.ts';
import { type Random, random } from '../generator/random.ts';
import { filler } from './filler.ts';
import { type LiveTuple, shapesOfRoot } from './shapes.ts';

/** What a generated repository is known to make, without Pare having looked at it. */
export interface GeneratedSources {
  /** Sorted by path. */
  files: readonly SourceFile[];
  roots: readonly GeneratedRoot[];
}

export interface GeneratedRoot {
  directory: string;
  accountId: string;
  region: string;
  /** The rules that this root makes in AWS, each with the address and values that a state would hold. */
  live: readonly LiveTuple[];
}

export interface SourceSize {
  /** Each has 19 files and makes 12 rules. */
  roots: number;
  /** Shared modules of four files, called by the roots in turn. */
  modules: number;
}

/** 10,000 files and 6,000 rules. */
export const LARGE: SourceSize = { roots: 500, modules: 125 };

const TEAMS = ['payments', 'search', 'identity', 'catalog', 'shipping', 'media', 'ledger', 'risk', 'growth', 'core'];
const REGIONS = ['eu-west-1', 'us-east-1', 'eu-central-1', 'ap-southeast-2'] as const;

/** Deterministic: the same size and seed give the same bytes on every machine. */
export function generateSources(size: SourceSize, seed = 'sources'): GeneratedSources {
  const chance = random(seed);
  const files: SourceFile[] = [];
  for (let n = 0; n < size.modules; n += 1) files.push(...sharedModule(n, chance.fork(`module ${n}`)));
  const roots: GeneratedRoot[] = [];
  for (let n = 0; n < size.roots; n += 1) {
    const own = chance.fork(`root ${n}`);
    const team = TEAMS[n % TEAMS.length]!;
    const directory = `live/${team}/service-${String(n).padStart(4, '0')}/${own.pick(['prod', 'staging', 'dev'])}`;
    const accountId = String(111_100_000_000 + (n % 20));
    const region = REGIONS[n % REGIONS.length]!;
    const { texts, live } = shapesOfRoot({ n, directory, module: n % size.modules, chance: own });
    const rest = filler({ n, region, accountId, count: 19 - Object.keys(texts).length, chance: own });
    for (const [name, text] of Object.entries({ ...texts, ...rest }))
      files.push({ path: `${directory}/${name}`, text });
    roots.push({ directory, accountId, region, live });
  }
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), roots };
}

/** A module that makes one rule for each call. */
function sharedModule(n: number, chance: Random): SourceFile[] {
  const directory = `modules/gate-${String(n).padStart(3, '0')}`;
  const from = chance.between(1024, 60_000);
  return [
    {
      path: `${directory}/main.tf`,
      text: `# Gate ${n}: one group with one way in.
resource "aws_security_group" "gate" {
  name_prefix = "\${var.name}-gate-"
  description = "Way in to \${var.name}"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "\${var.name}-gate" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "gate" {
  security_group_id = aws_security_group.gate.id
  description       = "From \${var.source_name}"
  ip_protocol       = "tcp"
  from_port         = var.port
  to_port           = var.port
  cidr_ipv4         = var.source_cidr
}
`,
    },
    {
      path: `${directory}/variables.tf`,
      text: `variable "name" {
  description = "Name of the service"
  type        = string
}

variable "vpc_id" {
  description = "The network it lives in"
  type        = string
}

variable "source_cidr" {
  description = "Who may come in"
  type        = string
}

variable "source_name" {
  description = "Who that is"
  type        = string
  default     = "the office"
}

variable "port" {
  description = "Where it listens"
  type        = number
  default     = ${from}

  validation {
    condition     = var.port > 0 && var.port < 65536
    error_message = "A port is between 1 and 65535."
  }
}

variable "tags" {
  description = "Tags of everything here"
  type        = map(string)
  default     = {}
}
`,
    },
    {
      path: `${directory}/outputs.tf`,
      text: `output "security_group_id" {
  description = "The group"
  value       = aws_security_group.gate.id
}
`,
    },
    {
      path: `${directory}/versions.tf`,
      text: `terraform {
  required_version = ">= 1.5.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.${n % 60}"
    }
  }
}
`,
    },
  ];
}
