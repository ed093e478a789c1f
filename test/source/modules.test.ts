import { describe, expect, it } from 'vitest';
import type { RuleShape } from '../../analyzer/model/rule.ts';
import { declaredTable } from '../../bot/mapping/table.ts';
import type { DeclaredRule, SourceFacts, SourceIndex, SourceLanguage, SourceTree } from '../../bot/source/contract.ts';
import { createTerraformLanguage } from '../../bot/source/terraform/index.ts';
import { applyEdits } from '../../bot/source/text.ts';
import { sourceTree } from '../../bot/source/tree.ts';

const FACTS: SourceFacts = { states: [], stacks: [] };

interface Opened {
  language: SourceLanguage;
  tree: SourceTree;
  index: SourceIndex;
}

async function open(files: Record<string, string>): Promise<Opened> {
  const language = await createTerraformLanguage();
  const tree = sourceTree(Object.entries(files).map(([path, text]) => ({ path, text })));
  return { language, tree, index: language.index(tree, FACTS) };
}

const told = (rule: DeclaredRule) =>
  `${rule.address} ${rule.direction} ${rule.protocol} ${rule.fromPort}-${rule.toPort} ${rule.peer}`;
const rulesOf = (index: SourceIndex) => index.declarations.flatMap((one) => one.rules);
const all = (index: SourceIndex) => rulesOf(index).map(told).sort();

/** The tree's text and rules after one edit of the rule that `part` names; a refusal is thrown with its codes. */
function edited({ language, tree, index }: Opened, part: string, replacements: readonly RuleShape[] = []) {
  const rule = rulesOf(index).find((one) => told(one).includes(part));
  if (rule === undefined) throw new Error(`no rule ${part} in ${all(index).join('\n')}`);
  const result = language.edit(index, { ruleId: rule.id, replacements });
  if (!result.ok) throw new Error(result.refusals.map((one) => `${one.code}: ${one.message}`).join('; '));
  const after = applyEdits(tree, result.edits);
  return { text: after.get('main.tf')!.text, rules: all(language.index(after, FACTS)) };
}

const call = (source: string, inputs: string, name = 'm') =>
  `module "${name}" {\n  source = "${source}"\n\n${inputs}}\n`;

const SECURITY_GROUP = call(
  'terraform-aws-modules/security-group/aws',
  `  ingress_cidr_blocks = ["10.0.0.0/8", "10.9.0.0/16"]
  ingress_rules       = ["https-443-tcp"]
  ingress_with_cidr_blocks = [
    {
      from_port   = 8080
      to_port     = 8090
      protocol    = "tcp"
      cidr_blocks = "10.10.0.0/16,10.11.0.0/16"
    },
    {
      rule        = "postgresql-tcp"
      cidr_blocks = "192.168.0.0/16"
    },
  ]
  ingress_with_source_security_group_id = [
    {
      rule                     = "ssh-tcp"
      source_security_group_id = "sg-0a"
    },
  ]
`,
);

describe('a call of a registry module whose code is not in the tree', () => {
  it('makes the rules that its documented inputs say, at the addresses of the real module', async () => {
    const { index } = await open({ 'main.tf': SECURITY_GROUP });
    const at = 'module.m.aws_security_group_rule';
    expect(all(index)).toEqual([
      `${at}.ingress_rules[0] ingress tcp 443-443 10.0.0.0/8`,
      `${at}.ingress_rules[0] ingress tcp 443-443 10.9.0.0/16`,
      `${at}.ingress_with_cidr_blocks[0] ingress tcp 8080-8090 10.10.0.0/16`,
      `${at}.ingress_with_cidr_blocks[0] ingress tcp 8080-8090 10.11.0.0/16`,
      `${at}.ingress_with_cidr_blocks[1] ingress tcp 5432-5432 192.168.0.0/16`,
      `${at}.ingress_with_source_security_group_id[0] ingress tcp 22-22 sg-0a`,
    ]);
    expect(index.notes.map((note) => [note.code, note.place.line])).toEqual([['module-model', 1]]);
  });

  it('is a declaration of the file that calls it, for each list of inputs', async () => {
    const { index } = await open({ 'main.tf': SECURITY_GROUP });
    expect(index.declarations.map((one) => [one.form, one.place.file, one.place.line])).toEqual(
      Array(3).fill(['module-input', 'main.tf', 1]),
    );
    expect(index.declarations.map((one) => one.id).sort()).toEqual(
      ['ingress_rules', 'ingress_with_cidr_blocks', 'ingress_with_source_security_group_id'].map(
        (name) => `main.tf:module.m/aws_security_group_rule.${name}`,
      ),
    );
    for (const { range } of index.declarations) expect(SECURITY_GROUP.slice(range.start)).toMatch(/^module "m"/);
  });

  it('loses an element of an input, or the object of a rule, and nothing else', async () => {
    const opened = await open({ 'main.tf': SECURITY_GROUP });
    expect(edited(opened, '443-443 10.9.0.0/16').text).toContain('ingress_cidr_blocks = ["10.0.0.0/8"]');
    const object = edited(opened, '5432-5432');
    expect(object.text).not.toContain('postgresql');
    expect(object.rules).toHaveLength(5);
  });

  it('loses one block of a string that joins several, or has it narrowed', async () => {
    const opened = await open({ 'main.tf': SECURITY_GROUP });
    expect(edited(opened, '10.10.0.0/16').text).toContain('cidr_blocks = "10.11.0.0/16"');
    const narrow = edited(opened, '10.10.0.0/16', [
      {
        direction: 'ingress',
        protocol: 6,
        fromPort: 8080,
        toPort: 8090,
        peer: { kind: 'cidrIpv4', cidr: '10.10.4.0/24' },
      },
    ]);
    expect(narrow.text).toContain('cidr_blocks = "10.10.4.0/24,10.11.0.0/16"');
  });

  it('trap 7: keeps an element whose going would renumber those behind it', async () => {
    const files = { 'main.tf': SECURITY_GROUP.replace('"10.10.0.0/16,10.11.0.0/16"', '"10.10.0.0/16"') };
    const opened = await open(files);
    expect(() => edited(opened, '10.10.0.0/16')).toThrow(/shared|not-exact/);
  });

  it.each([
    ['terraform-aws-modules/security-group/aws'],
    ['registry.terraform.io/terraform-aws-modules/security-group/aws'],
    ['git::https://github.com/terraform-aws-modules/terraform-aws-security-group.git?ref=v5.1.0'],
    ['github.com/terraform-aws-modules/terraform-aws-security-group'],
  ])('is known by %s', async (source) => {
    const { index } = await open({
      'main.tf': call(source, '  ingress_cidr_blocks = ["10.0.0.0/8"]\n  ingress_rules = ["ssh-tcp"]\n'),
    });
    expect(all(index)).toHaveLength(1);
  });

  it.each([
    ['evil/security-group/aws'],
    ['terraform-aws-modules/security-group/aws//modules/web'],
    ['github.com/someone/terraform-aws-security-group'],
    ['terraform-aws-modules/vpc/aws'],
  ])('is not taken for one by %s', async (source) => {
    const { index } = await open({ 'main.tf': call(source, '  ingress_rules = ["ssh-tcp"]\n') });
    expect(all(index)).toEqual([]);
    expect(index.notes.map((note) => note.code)).toEqual(['unresolved-module']);
  });

  it('with a name for ports that is not known makes a rule whose ports are not known, never a wrong one', async () => {
    const inputs = '  ingress_cidr_blocks = ["10.0.0.0/8"]\n  ingress_rules = ["of-tomorrow-tcp"]\n';
    const { index } = await open({ 'main.tf': call('terraform-aws-modules/security-group/aws', inputs) });
    expect(rulesOf(index).map((rule) => [rule.shape, rule.fromPort.startsWith('unknown:')])).toEqual([[null, true]]);
  });

  it('alb: rules by key, with the ports as the module fills them', async () => {
    const inputs = `  security_group_ingress_rules = {
    http  = { from_port = 80, to_port = 82, cidr_ipv4 = "0.0.0.0/0" }
    https = { from_port = 443, cidr_ipv4 = "0.0.0.0/0" }
  }
  security_group_egress_rules = { all = { ip_protocol = "-1", cidr_ipv4 = "10.0.0.0/16" } }
`;
    const opened = await open({ 'main.tf': call('terraform-aws-modules/alb/aws', inputs) });
    expect(all(opened.index)).toEqual([
      'module.m.aws_vpc_security_group_egress_rule.this["all"] egress -1 - 10.0.0.0/16',
      'module.m.aws_vpc_security_group_ingress_rule.this["http"] ingress tcp 80-82 0.0.0.0/0',
      'module.m.aws_vpc_security_group_ingress_rule.this["https"] ingress tcp 443-443 0.0.0.0/0',
    ]);
    expect(edited(opened, '["http"]').text).not.toContain('http  =');
  });

  it('rds-aurora: the port of its engine', async () => {
    const inputs =
      '  engine = "aurora-postgresql"\n  security_group_rules = {\n    vpc = { cidr_blocks = ["10.2.0.0/16", "10.3.0.0/16"] }\n  }\n';
    const opened = await open({ 'main.tf': call('terraform-aws-modules/rds-aurora/aws', inputs) });
    expect(all(opened.index).map((text) => text.split(' ').slice(2).join(' '))).toEqual([
      'tcp 5432-5432 10.2.0.0/16',
      'tcp 5432-5432 10.3.0.0/16',
    ]);
    expect(edited(opened, '10.3.0.0/16').text).toContain('["10.2.0.0/16"]');
  });

  it('eks: the rules that a caller adds to nodes and cluster', async () => {
    const inputs = `  node_security_group_additional_rules = {
    ssh = { protocol = "tcp", from_port = 22, to_port = 22, type = "ingress", cidr_blocks = ["10.1.0.0/16"] }
    api = { protocol = "tcp", from_port = 9443, to_port = 9443, type = "ingress", source_cluster_security_group = true }
  }
`;
    const opened = await open({ 'main.tf': call('terraform-aws-modules/eks/aws', inputs) });
    expect(all(opened.index)).toEqual([
      'module.m.aws_security_group_rule.node["api"] ingress tcp 9443-9443 ref:module.m.aws_security_group.cluster[0].id',
      'module.m.aws_security_group_rule.node["ssh"] ingress tcp 22-22 10.1.0.0/16',
    ]);
    expect(edited(opened, '["ssh"]').rules).toHaveLength(1);
  });

  it.each([
    [
      'alb: what a rule out may leave to its other port',
      'terraform-aws-modules/alb/aws',
      '  security_group_egress_rules = { dns = { to_port = 53, ip_protocol = "udp", cidr_ipv4 = "10.1.0.0/16" } }\n',
      'aws_vpc_security_group_egress_rule.this["dns"] egress udp 53-53 10.1.0.0/16',
    ],
    [
      'rds-aurora 10: a map for each direction, the module itself as a source',
      'terraform-aws-modules/rds-aurora/aws',
      '  engine = "aurora-postgresql"\n  security_group_ingress_rules = { me = { referenced_security_group_id = "self" } }\n',
      'aws_vpc_security_group_ingress_rule.this["me"] ingress tcp 5432-5432 ref:module.m.aws_security_group.this[0].id',
    ],
    [
      'eks 21: the rules of the cluster by their new name, tcp where none is said',
      'terraform-aws-modules/eks/aws',
      '  security_group_additional_rules = { a = { from_port = 443, to_port = 444, cidr_blocks = ["10.1.0.0/16"] } }\n',
      'aws_security_group_rule.cluster["a"] ingress tcp 443-444 10.1.0.0/16',
    ],
    [
      'cloudposse: a rule of the matrix that names itself',
      'cloudposse/security-group/aws',
      '  allow_all_egress = false\n  create_before_destroy = false\n  rule_matrix = [{ rules = [{ type = "ingress", from_port = 80, to_port = 80, protocol = "tcp", self = true }] }]\n',
      'aws_security_group_rule.dbc["_m[0]#[0]#self"] ingress tcp 80-80 ref:module.m.aws_security_group.default[0].id',
    ],
  ])('%s', async (_, source, inputs, line) => {
    const opened = await open({ 'main.tf': call(source, inputs) });
    expect(all(opened.index)).toEqual([`module.m.${line}`]);
  });

  const POSSE = (more: string) =>
    call(
      'cloudposse/security-group/aws',
      `${more}  allow_all_egress = false
  rules = [
    { key = "ssh", type = "ingress", from_port = 22, to_port = 22, protocol = "tcp", cidr_blocks = ["10.4.0.0/16"] },
    { type = "ingress", from_port = 23, to_port = 23, protocol = "tcp", self = true },
  ]
  rule_matrix = [{
    source_security_group_ids = ["sg-0a"]
    cidr_blocks               = ["10.5.0.0/16", "10.6.0.0/16"]
    rules                     = [{ key = "web", type = "ingress", from_port = 80, to_port = 80, protocol = "tcp" }]
  }]
`,
    );

  it('cloudposse: rules under the keys that the module gives them', async () => {
    const opened = await open({ 'main.tf': POSSE('  create_before_destroy = false\n') });
    const at = 'module.m.aws_security_group_rule.dbc';
    expect(all(opened.index)).toEqual([
      `${at}["_list_[1]"] ingress tcp 23-23 ref:module.m.aws_security_group.default[0].id`,
      `${at}["_m[0]#web#cidr"] ingress tcp 80-80 10.5.0.0/16`,
      `${at}["_m[0]#web#cidr"] ingress tcp 80-80 10.6.0.0/16`,
      `${at}["_m[0]#web#sg#0"] ingress tcp 80-80 sg-0a`,
      `${at}["ssh"] ingress tcp 22-22 10.4.0.0/16`,
    ]);
    expect(edited(opened, '10.5.0.0/16').text).toContain('["10.6.0.0/16"]');
  });

  it('trap 12: cloudposse with create_before_destroy makes a new group for a changed rule, so nothing is edited', async () => {
    const opened = await open({ 'main.tf': POSSE('') });
    expect(all(opened.index)[0]).toContain('aws_security_group_rule.keyed');
    expect(() => edited(opened, '10.5.0.0/16')).toThrow(/^replaces-group/);
    const kept = await open({ 'main.tf': POSSE('  preserve_security_group_id = true\n') });
    expect(edited(kept, '10.5.0.0/16').text).toContain('["10.6.0.0/16"]');
  });

  it('gives its group to others by its outputs, under the address that a state has', async () => {
    const rule = `resource "aws_vpc_security_group_ingress_rule" "r" {
  security_group_id = module.m.security_group_id
  ip_protocol       = "tcp"
  from_port         = 1
  to_port           = 1
  cidr_ipv4         = "10.0.0.0/8"
}
`;
    const { index } = await open({ 'main.tf': call('terraform-aws-modules/security-group/aws', '') + rule });
    expect([...declaredTable([index]).byGroup.keys()]).toEqual([
      'ref:module.m.aws_security_group.this_name_prefix[0].id',
    ]);
  });
});

describe('a registry module whose code terraform init has put into the tree', () => {
  const files = {
    'main.tf': call('terraform-aws-modules/security-group/aws', '  blocks = ["10.0.0.0/8", "10.1.0.0/16"]\n'),
    '.terraform/modules/modules.json': JSON.stringify({
      Modules: [
        { Key: '', Source: '', Dir: '.' },
        {
          Key: 'm',
          Source: 'registry.terraform.io/terraform-aws-modules/security-group/aws',
          Dir: '.terraform/modules/m',
        },
      ],
    }),
    '.terraform/modules/m/main.tf': `variable "blocks" {}
resource "aws_security_group_rule" "own" {
  type              = "ingress"
  security_group_id = "sg-1"
  protocol          = "tcp"
  from_port         = 7
  to_port           = 7
  cidr_blocks       = var.blocks
}
resource "aws_security_group_rule" "none" {
  count             = 0
  type              = "ingress"
  security_group_id = "sg-1"
  protocol          = "tcp"
  from_port         = 8
  to_port           = 8
  cidr_blocks       = var.blocks
}
`,
  };

  it('is read from its own code, told at the call, and edited by its inputs', async () => {
    const opened = await open(files);
    expect(opened.index.declarations.map((one) => [one.id, one.form, one.notes.map((note) => note.code)])).toEqual([
      ['main.tf:module.m/aws_security_group_rule.own', 'module-input', ['vendored']],
    ]);
    expect(opened.index.notes).toEqual([]);
    const { text, rules } = edited(opened, '10.1.0.0/16');
    expect(text).toContain('blocks = ["10.0.0.0/8"]');
    expect(rules).toEqual(['module.m.aws_security_group_rule.own ingress tcp 7-7 10.0.0.0/8']);
  });
});

describe('Terragrunt', () => {
  it('is told of where its module is not in the tree, since the rules of that are not known', async () => {
    const { index } = await open({
      'live/a/terragrunt.hcl':
        'terraform {\n  source = "tfr:///x/y/aws?version=1.0.0"\n}\ninputs = {\n  port = 22\n}\n',
      'live/b/terragrunt.hcl': 'inputs = {}\n',
      'modules/m/main.tf': `variable "port" {}
resource "aws_vpc_security_group_ingress_rule" "r" {
  security_group_id = "sg-1"
  ip_protocol       = "tcp"
  from_port         = var.port
  to_port           = var.port
  cidr_ipv4         = "10.0.0.0/8"
}
`,
    });
    expect(rulesOf(index).map((rule) => [rule.shape, rule.fromPort])).toEqual([[null, 'unknown:var.port']]);
    expect(index.notes.map((note) => [note.code, note.place.file])).toEqual([
      ['terragrunt-inputs', 'live/a/terragrunt.hcl'],
    ]);
    expect(index.notes[0]!.message).toContain('and of 1 more');
  });
});
