// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of Terraform look like those of JavaScript
import { describe, expect, it } from 'vitest';
import type { TerraformState } from '../../../bot/source/contract.ts';
import { find, indexOf, rulesOf } from './shop.ts';

const LEGACY = `  type              = "ingress"
  security_group_id = aws_security_group.web.id
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22`;
const inline = (inner: string) => `resource "aws_security_group" "web" {\n${inner}\n}\n`;

describe('rules as the source makes them', () => {
  it.each([
    [
      'one tuple for each source of each kind',
      `resource "aws_security_group_rule" "r" {\n${LEGACY}\n  cidr_blocks = ["10.0.0.1/8", "0.0.0.0/0"]\n  ipv6_cidr_blocks = ["::/0"]\n  prefix_list_ids = ["pl-1"]\n  self = true\n}`,
      [
        'aws_security_group_rule.r ingress tcp 22-22 cidrIpv4 10.0.0.0/8',
        'aws_security_group_rule.r ingress tcp 22-22 cidrIpv4 0.0.0.0/0',
        'aws_security_group_rule.r ingress tcp 22-22 cidrIpv6 ::/0',
        'aws_security_group_rule.r ingress tcp 22-22 prefixList pl-1',
        'aws_security_group_rule.r ingress tcp 22-22 self ref:aws_security_group.web.id',
      ],
    ],
    [
      'the newer resources, with a number for the protocol',
      'resource "aws_vpc_security_group_egress_rule" "r" {\n  security_group_id = "sg-1"\n  ip_protocol = "6"\n  from_port = "443"\n  to_port = 443\n  referenced_security_group_id = aws_security_group.db.id\n}',
      ['aws_vpc_security_group_egress_rule.r egress tcp 443-443 group ref:aws_security_group.db.id'],
    ],
    [
      'all protocols have no ports',
      'resource "aws_vpc_security_group_ingress_rule" "r" {\n  security_group_id = "sg-1"\n  ip_protocol = "all"\n  cidr_ipv4 = "10.0.0.0/8"\n}',
      ['aws_vpc_security_group_ingress_rule.r ingress -1 - cidrIpv4 10.0.0.0/8'],
    ],
    [
      'inline blocks of both directions',
      inline(
        '  ingress {\n    protocol = "udp"\n    from_port = 53\n    to_port = 53\n    security_groups = [aws_security_group.a.id]\n  }\n  egress {\n    protocol = -1\n    from_port = 0\n    to_port = 0\n    cidr_blocks = ["0.0.0.0/0"]\n  }',
      ),
      [
        'aws_security_group.web ingress udp 53-53 group ref:aws_security_group.a.id',
        'aws_security_group.web egress -1 - cidrIpv4 0.0.0.0/0',
      ],
    ],
    [
      'attributes as blocks',
      inline(
        '  ingress = [{\n    protocol = "tcp"\n    from_port = 1\n    to_port = 2\n    cidr_blocks = ["10.0.0.0/8"]\n    self = false\n    security_groups = null\n  }]',
      ),
      ['aws_security_group.web ingress tcp 1-2 cidrIpv4 10.0.0.0/8'],
    ],
    [
      'a dynamic block with an iterator of its own',
      inline(
        '  dynamic "ingress" {\n    for_each = { ssh = 22, web = 80 }\n    iterator = rule\n    content {\n      description = rule.key\n      protocol = "tcp"\n      from_port = rule.value\n      to_port = rule.value\n      cidr_blocks = ["10.0.0.0/8"]\n    }\n  }',
      ),
      [
        'aws_security_group.web ingress tcp 22-22 cidrIpv4 10.0.0.0/8',
        'aws_security_group.web ingress tcp 80-80 cidrIpv4 10.0.0.0/8',
      ],
    ],
    [
      'for_each over a set, in its order',
      `resource "aws_security_group_rule" "r" {\n  for_each = toset(["b/8", "a"])\n${LEGACY}\n  cidr_blocks = [each.key == "a" ? "10.1.0.0/16" : "10.2.0.0/16"]\n}`,
      [
        'aws_security_group_rule.r["a"] ingress tcp 22-22 cidrIpv4 10.1.0.0/16',
        'aws_security_group_rule.r["b/8"] ingress tcp 22-22 cidrIpv4 10.2.0.0/16',
      ],
    ],
    [
      'a toggle that is off',
      `variable "on" {\n  default = false\n}\nresource "aws_security_group_rule" "r" {\n  count = var.on ? 1 : 0\n${LEGACY}\n  self = true\n}`,
      [],
    ],
    [
      'a toggle that is not known, once',
      `variable "on" {}\nresource "aws_security_group_rule" "r" {\n  count = var.on ? 1 : 0\n${LEGACY}\n  cidr_blocks = ["10.0.0.0/8"]\n}`,
      ['aws_security_group_rule.r[*] ingress tcp 22-22 cidrIpv4 10.0.0.0/8'],
    ],
    [
      'what is known beside an unknown element',
      `resource "aws_security_group_rule" "r" {\n${LEGACY}\n  cidr_blocks = concat(["10.0.0.0/8"], data.aws_vpc.main.cidr_block_associations[*].cidr_block)\n}`,
      [
        'aws_security_group_rule.r ingress tcp 22-22 cidrIpv4 10.0.0.0/8',
        'aws_security_group_rule.r ingress tcp 22-22 cidrIpv4 ref:data.aws_vpc.main.cidr_block_associations[*].cidr_block',
      ],
    ],
  ])('%s', (_, text, rules) => {
    expect(rulesOf(indexOf({ 'a.tf': text }))).toEqual(rules);
  });

  it('evaluates each call of a module as its own instance, through inputs and outputs', () => {
    const files = {
      'net/out.tf': 'output "cidr" {\n  value = "10.9.0.0/16"\n}\n',
      'sg/main.tf': `variable "from" {\n  type = list(string)\n}\nvariable "group" {}\nresource "aws_security_group_rule" "r" {\n${LEGACY.replace('aws_security_group.web.id', 'var.group')}\n  cidr_blocks = var.from\n}\n`,
      'root/main.tf':
        'module "net" {\n  source = "../net"\n}\nmodule "sg" {\n  source   = "../sg"\n  for_each = { a = "sg-a", b = "sg-b" }\n  group    = each.value\n  from     = [module.net.cidr]\n}\n',
    };
    const index = indexOf(files);
    expect(rulesOf(index)).toEqual([
      'module.sg["a"].aws_security_group_rule.r ingress tcp 22-22 cidrIpv4 10.9.0.0/16',
      'module.sg["b"].aws_security_group_rule.r ingress tcp 22-22 cidrIpv4 10.9.0.0/16',
    ]);
    expect(index.declarations.map((d) => [d.id, d.root, d.rules.map((r) => r.group)])).toEqual([
      ['sg/main.tf:aws_security_group_rule.r', 'root', ['sg-a', 'sg-b']],
    ]);
  });

  it('follows modules that terraform init installed, and says when one is missing', () => {
    const files = {
      '.terraform/modules/modules.json':
        '{"Modules":[{"Key":"","Dir":"."},{"Key":"sg","Dir":".terraform/modules/sg"}]}',
      '.terraform/modules/sg/main.tf': `variable "cidrs" {}\nresource "aws_security_group_rule" "r" {\n${LEGACY}\n  cidr_blocks = var.cidrs\n}\n`,
      'main.tf':
        'module "sg" {\n  source = "registry/sg/aws"\n  cidrs  = ["10.0.0.0/8"]\n}\nmodule "gone" {\n  source = "registry/gone/aws"\n}\n',
    };
    const index = indexOf(files);
    expect(rulesOf(index)).toEqual(['module.sg.aws_security_group_rule.r ingress tcp 22-22 cidrIpv4 10.0.0.0/8']);
    expect(index.declarations[0]!.notes.map((n) => n.code)).toEqual(['vendored']);
    expect(index.notes.map((n) => [n.code, n.place.line])).toEqual([['unresolved-module', 5]]);
  });

  it('reads variables files by Terraform precedence, and each alternative as a context of its own', () => {
    const rule = `variable "port" {\n  default = 1\n}\nresource "aws_vpc_security_group_ingress_rule" "r" {\n  security_group_id = "sg-1"\n  ip_protocol = "tcp"\n  from_port = var.port\n  to_port = var.port\n  cidr_ipv4 = "10.0.0.0/8"\n}\n`;
    const ports = (files: Record<string, string>) =>
      indexOf({ 'main.tf': rule, ...files }).declarations[0]!.rules.map((r) => `${r.context} ${r.fromPort}`);
    expect(ports({})).toEqual(['default 1']);
    expect(ports({ 'terraform.tfvars': 'port = 2' })).toEqual(['default 2']);
    expect(
      ports({ 'terraform.tfvars': 'port = 2', 'b.auto.tfvars': 'port = 4', 'a.auto.tfvars.json': '{"port": 3}' }),
    ).toEqual(['default 4']);
    expect(ports({ 'env/prod.tfvars': 'port = 5', 'dev.tfvars': 'port = 6' })).toEqual([
      'default 1',
      'dev 6',
      'env/prod 5',
    ]);
  });

  it('takes from state what the source cannot know', () => {
    const state: TerraformState = {
      origin: 'terraform.tfstate',
      root: '.',
      workspace: 'prod',
      groups: [{ address: 'aws_security_group.web', groupId: 'sg-0a', accountId: null, region: null }],
      rules: [],
      values: { 'data.aws_vpc.main.cidr_block': '10.7.0.0/16', 'aws_subnet.s[0].cidr_block': '10.7.1.0/24' },
    };
    const text = `resource "aws_security_group" "web" {}\nresource "aws_security_group_rule" "r" {\n${LEGACY}\n  cidr_blocks = [data.aws_vpc.main.cidr_block, aws_subnet.s[0].cidr_block]\n  self = true\n}\n`;
    const index = indexOf({ 'a.tf': text }, { states: [state], stacks: [] });
    const rules = index.declarations.flatMap((d) => d.rules);
    expect(rules.map((r) => [r.context, r.group, r.peer, r.shape === null])).toEqual([
      ['prod', 'sg-0a', '10.7.0.0/16', false],
      ['prod', 'sg-0a', '10.7.1.0/24', false],
      ['prod', 'sg-0a', 'sg-0a', false],
    ]);
  });

  it('reads OpenTofu and JSON files, and a .tofu file instead of the .tf beside it', () => {
    const rule = (cidr: string) =>
      `resource "aws_security_group_rule" "r" {\n${LEGACY}\n  cidr_blocks = ["${cidr}"]\n}\n`;
    expect(rulesOf(indexOf({ 'a.tf': rule('10.0.0.0/8'), 'a.tofu': rule('10.1.0.0/16') }))).toHaveLength(1);
    const json = {
      locals: { office: '10.2.0.0/16' },
      resource: {
        aws_security_group: {
          web: { ingress: [{ protocol: 'tcp', from_port: 1, to_port: 1, cidr_blocks: ['${local.office}'] }] },
        },
      },
    };
    expect(rulesOf(indexOf({ 'a.tf.json': JSON.stringify(json) }))).toEqual([
      'aws_security_group.web ingress tcp 1-1 cidrIpv4 10.2.0.0/16',
    ]);
  });

  it('law 6: every part of a rule leads to its text', () => {
    const text = `locals {\n  hq = "10.1.0.0/16"\n}\nresource "aws_security_group_rule" "r" {\n${LEGACY}\n  cidr_blocks = ["10.0.0.0/8", local.hq]\n}\n`;
    const rule = find(indexOf({ 'a.tf': text }), '10.1.0.0/16');
    const at = (range: { start: number; end: number } | undefined) => text.slice(range?.start, range?.end);
    expect(rule.origins.peer.map(at)).toEqual(['"10.1.0.0/16"', 'local.hq', '["10.0.0.0/8", local.hq]']);
    expect(at(rule.origins.fromPort[0])).toBe('22');
    expect(at(rule.origins.protocol[0])).toBe('"tcp"');
  });

  it('ids stay when another file or a block above changes', () => {
    const rule = `resource "aws_security_group_rule" "r" {\n${LEGACY}\n  self = true\n}\n`;
    const before = indexOf({ 'a.tf': rule }).declarations.map((d) => d.id);
    const after = indexOf({ 'a.tf': `locals {}\n\n${rule}`, 'b.tf': rule.replace('"r"', '"q"') }).declarations.map(
      (d) => d.id,
    );
    expect(before).toEqual(['a.tf:aws_security_group_rule.r']);
    expect(after).toContain('a.tf:aws_security_group_rule.r');
  });
});

describe('hostile sources end in a note', () => {
  it.each([
    ['brackets nested ten thousand deep', `locals {\n  a = ${'['.repeat(10_000)}${']'.repeat(10_000)}\n}\n`],
    ['parentheses that never close', `locals {\n  a = ${'('.repeat(5_000)}\n`],
    ['a file larger than any person writes', `locals {}\n${'#'.repeat(4_100_000)}`],
    ['binary data', '\u0000\u0001\u0002{{{"'],
  ])('%s', (_, text) => {
    const notes = indexOf({
      'a.tf': text,
      'ok.tf': `resource "aws_security_group_rule" "r" {\n${LEGACY}\n  self = true\n}\n`,
    });
    expect(notes.notes.map((n) => n.code)).toContain('invalid-source');
    expect(notes.declarations).toHaveLength(1);
  });

  it('modules that call each other', () => {
    const index = indexOf({
      'a/main.tf': 'module "b" {\n  source = "../b"\n}\n',
      'b/main.tf': 'module "a" {\n  source = "../a"\n}\n',
      'main.tf': 'module "a" {\n  source = "./a"\n}\n',
    });
    expect(index.notes.map((n) => n.code)).toContain('cycle');
  });

  it('locals that need each other', () => {
    const index = indexOf({
      'a.tf': `locals {\n  a = local.b\n  b = local.a\n}\nresource "aws_security_group_rule" "r" {\n${LEGACY}\n  cidr_blocks = local.a\n}\n`,
    });
    expect(index.notes.map((n) => n.code)).toContain('cycle');
    expect(index.declarations[0]!.rules[0]!.peer).toMatch(/^unknown:/);
  });
});
