import type { Direction } from '../../analyzer/model/rule.ts';
import type { Random } from '../generator/random.ts';

/** One rule as AWS has it, with the resource of the state that holds it. */
export interface LiveTuple {
  /** Address of the resource that makes it. */
  address: string;
  /** Address of its group. */
  group: string;
  direction: Direction;
  protocol: 'tcp' | 'udp' | '-1';
  from: number;
  to: number;
  /** A block of addresses, or the address of a group of the same root. */
  peer: { cidr: string } | { group: string };
  description: string;
}

interface RootShape {
  n: number;
  directory: string;
  /** Number of the shared module that it calls. */
  module: number;
  chance: Random;
}

interface Written {
  /** File name to text. */
  texts: Record<string, string>;
  live: LiveTuple[];
}

/** Twelve rules in every shape of the facts' table; which of several spellings a root has depends on its number. */
export function shapesOfRoot(root: RootShape): Written {
  const parts = [inline(root), legacy(root), standalone(root), dynamic(root), called(root)];
  return {
    texts: Object.assign({}, ...parts.map((part) => part.texts)),
    live: parts.flatMap((part) => part.live),
  };
}

function cidr(chance: Random): string {
  return `10.${chance.between(0, 255)}.${chance.between(0, 255)}.0/24`;
}

function port(chance: Random): number {
  return chance.between(1024, 60_000);
}

const tuple = (
  address: string,
  group: string,
  at: number,
  peer: LiveTuple['peer'],
  description: string,
): LiveTuple => ({ address, group, direction: 'ingress', protocol: 'tcp', from: at, to: at, peer, description });

/** Two rules: a block with two sources, an attribute with two objects, or the default group of the network. */
function inline({ n, chance }: RootShape): Written {
  const [a, b] = [cidr(chance), cidr(chance)];
  const at = port(chance);
  const isDefault = n % 11 === 3;
  const type = isDefault ? 'aws_default_security_group' : 'aws_security_group';
  const address = `${type}.app`;
  const head = isDefault
    ? '  vpc_id = data.aws_vpc.main.id\n'
    : `  name        = "service-${n}-app"\n  description = "Service ${n}"\n  vpc_id      = data.aws_vpc.main.id\n`;
  const body =
    n % 5 === 1
      ? `  ingress = [
    for source in ["${a}", "${b}"] : {
      description      = "clients"
      protocol         = "tcp"
      from_port        = ${at}
      to_port          = ${at}
      cidr_blocks      = [source]
      ipv6_cidr_blocks = []
      prefix_list_ids  = []
      security_groups  = []
      self             = false
    }
  ]
`
      : `  ingress {
    description = "clients"
    protocol    = "tcp"
    from_port   = ${at}
    to_port     = ${at}
    cidr_blocks = [
      "${a}", # first
      "${b}",
    ]
  }
`;
  return {
    texts: { 'sg_app.tf': `# Who may reach service ${n}.\nresource "${type}" "app" {\n${head}\n${body}}\n` },
    live: [a, b].map((one) => tuple(address, address, at, { cidr: one }, 'clients')),
  };
}

/** Four rules by aws_security_group_rule: single, count toggle, for_each over a local; some in JSON, some counted over a list. */
function legacy({ n, chance }: RootShape): Written {
  const group = 'aws_security_group.db';
  const [ssh, one, two] = [cidr(chance), cidr(chance), cidr(chance)];
  const at = port(chance);
  const single =
    n % 7 === 2
      ? {
          'rules_db.tf.json': `${JSON.stringify(
            {
              resource: {
                aws_security_group_rule: {
                  app_to_db: {
                    type: 'ingress',
                    security_group_id: '${aws_security_group.db.id}',
                    protocol: 'tcp',
                    from_port: at,
                    to_port: at,
                    source_security_group_id: '${aws_security_group.front.id}',
                    description: 'app',
                  },
                },
              },
            },
            null,
            2,
          )}\n`,
        }
      : {
          'rules_db.tf': `resource "aws_security_group_rule" "app_to_db" {
  type                     = "ingress"
  security_group_id        = aws_security_group.db.id
  protocol                 = "tcp"
  from_port                = ${at}
  to_port                  = ${at}
  source_security_group_id = aws_security_group.front.id
  description              = "app"
}
`,
        };
  const counted = n % 6 === 4;
  const repeated = counted
    ? `  count             = length(local.partners)
  cidr_blocks       = [local.partners[count.index]]
`
    : `  for_each          = { for name, block in local.partners : name => block if block != "" }
  cidr_blocks       = [each.value]
`;
  const partners = counted
    ? `  partners = ["${one}", "${two}"]\n`
    : `  partners = {\n    acme  = "${one}"\n    zenit = "${two}"\n  }\n`;
  const keys = counted ? ['[0]', '[1]'] : ['["acme"]', '["zenit"]'];
  return {
    texts: {
      ...single,
      'sg_db.tf': `resource "aws_security_group" "db" {
  name        = format("service-%d-db", ${n})
  description = "Database of service ${n}"
  vpc_id      = data.aws_vpc.main.id
}

resource "aws_security_group" "front" {
  name_prefix = "\${local.name}-front-"
  description = "Front of service ${n}"
  vpc_id      = data.aws_vpc.main.id
}

resource "aws_security_group_rule" "ssh" {
  count             = var.enable_ssh ? 1 : 0
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = ["${ssh}"]
  description       = "administrators"
}
`,
      'partners.tf': `locals {\n${partners}}

resource "aws_security_group_rule" "partners" {
${repeated}  type              = "ingress"
  security_group_id = aws_security_group.db.id
  protocol          = "tcp"
  from_port         = ${at + 1}
  to_port           = ${at + 1}
  description       = "partners"
}
`,
    },
    live: [
      tuple('aws_security_group_rule.app_to_db', group, at, { group: 'aws_security_group.front' }, 'app'),
      tuple('aws_security_group_rule.ssh[0]', group, 22, { cidr: ssh }, 'administrators'),
      ...[one, two].map((block, i) =>
        tuple(`aws_security_group_rule.partners${keys[i]}`, group, at + 1, { cidr: block }, 'partners'),
      ),
    ],
  };
}

/** Three rules by aws_vpc_security_group_ingress_rule: single, and for_each over a set from terraform.tfvars. */
function standalone({ chance }: RootShape): Written {
  const group = 'aws_security_group.front';
  const type = 'aws_vpc_security_group_ingress_rule';
  const [own, one, two] = [cidr(chance), cidr(chance), cidr(chance)];
  const at = port(chance);
  return {
    texts: {
      'terraform.tfvars': `enable_ssh = true

offices = [
  "${one}", # first office
  "${two}",
]
`,
      'rules_front.tf': `resource "${type}" "metrics" {
  security_group_id = aws_security_group.front.id
  description       = "metrics"
  ip_protocol       = "tcp"
  from_port         = ${at}
  to_port           = ${at}
  cidr_ipv4         = "${own}"
}

resource "${type}" "offices" {
  for_each = toset(var.offices)

  security_group_id = aws_security_group.front.id
  description       = "offices"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = each.value
}
`,
    },
    live: [
      tuple(`${type}.metrics`, group, at, { cidr: own }, 'metrics'),
      ...[one, two].map((block) => tuple(`${type}.offices["${block}"]`, group, 443, { cidr: block }, 'offices')),
    ],
  };
}

/** Two rules by a dynamic block over a list of ports. */
function dynamic({ n, chance }: RootShape): Written {
  const address = 'aws_security_group.workers';
  const at = port(chance);
  const block = cidr(chance);
  return {
    texts: {
      'sg_workers.tf': `locals {
  worker_ports = [${at}, ${at + 1}]
}

resource "aws_security_group" "workers" {
  name        = "service-${n}-workers"
  description = "Workers of service ${n}"
  vpc_id      = data.aws_vpc.main.id

  dynamic "ingress" {
    for_each = local.worker_ports
    content {
      description = "workers"
      protocol    = "tcp"
      from_port   = ingress.value
      to_port     = ingress.value
      cidr_blocks = ["${block}"]
    }
  }
}
`,
    },
    live: [at, at + 1].map((one) => tuple(address, address, one, { cidr: block }, 'workers')),
  };
}

/** One rule by a call of a shared module. */
function called({ module, chance }: RootShape): Written {
  const block = cidr(chance);
  const at = port(chance);
  return {
    texts: {
      'gate.tf': `module "gate" {
  source = "../../../../modules/gate-${String(module).padStart(3, '0')}"

  name        = local.name
  vpc_id      = data.aws_vpc.main.id
  source_cidr = "${block}"
  port        = ${at}
  tags        = local.tags
}
`,
    },
    live: [
      tuple(
        'module.gate.aws_vpc_security_group_ingress_rule.gate',
        'module.gate.aws_security_group.gate',
        at,
        { cidr: block },
        'From the office',
      ),
    ],
  };
}
