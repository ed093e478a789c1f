import { describe, expect, it } from 'vitest';
import type { RuleShape } from '../../../analyzer/model/rule.ts';
import { edited } from './shop.ts';

const rule = (name: string, body: string) => `resource "aws_security_group_rule" "${name}" {
  type              = "ingress"
  security_group_id = aws_security_group.web.id
  protocol          = "tcp"
  from_port         = ${name === 'ssh' ? 22 : 443}
  to_port           = ${name === 'ssh' ? 22 : 443}
${body}
}
`;
const tcp = (port: number, cidr: string): RuleShape => ({
  direction: 'ingress',
  protocol: 6,
  fromPort: port,
  toPort: port,
  peer: { kind: 'cidrIpv4', cidr },
});
const LOCAL = 'locals {\n  offices = ["10.1.0.0/16", "10.2.0.0/16"]\n}\n';

describe('a text that serves several rules stays, and the place that takes it for this rule takes less', () => {
  it('filters a local that two rules use', () => {
    const files = {
      'a.tf':
        LOCAL + rule('ssh', '  cidr_blocks       = local.offices') + rule('web', '  cidr_blocks       = local.offices'),
    };
    const after = edited(files, '22-22 cidrIpv4 10.1.0.0/16');
    expect(after.files['a.tf']).toContain(
      'cidr_blocks       = [for source in local.offices : source if source != "10.1.0.0/16"]',
    );
    expect(after.rules).toHaveLength(3);
    expect(after.files['a.tf']).toContain(LOCAL);
  });

  it('filters within a concat whose other part is not known, so that what is unknown stays', () => {
    const body = '  cidr_blocks       = concat(local.offices, [aws_vpc.main.cidr_block])';
    const files = { 'a.tf': LOCAL + rule('ssh', body) + rule('web', body) };
    const after = edited(files, '22-22 cidrIpv4 10.1.0.0/16');
    expect(after.files['a.tf']).toContain(
      'concat([for source in local.offices : source if source != "10.1.0.0/16"], [aws_vpc.main.cidr_block])',
    );
    expect(after.rules).toHaveLength(5);
  });

  it('filters the argument of the one call of a module that the rule is of', () => {
    const module = `variable "sources" {}\n${rule('ssh', '  cidr_blocks       = var.sources')}`;
    const call = (name: string) => `module "${name}" {\n  source  = "./m"\n  sources = local.offices\n}\n`;
    const files = { 'a.tf': LOCAL + call('one') + call('two'), 'm/main.tf': module };
    const after = edited(files, 'module.two.aws_security_group_rule.ssh ingress tcp 22-22 cidrIpv4 10.2.0.0/16');
    expect(after.files['m/main.tf']).toBe(module);
    expect(after.files['a.tf']).toBe(
      `${LOCAL}${call('one')}module "two" {\n  source  = "./m"\n  sources = [for source in local.offices : source if source != "10.2.0.0/16"]\n}\n`,
    );
  });

  it('leaves one key out of a for_each that another resource goes over too', () => {
    const body = '  for_each          = var.offices\n  cidr_blocks       = [each.value]';
    const files = {
      'a.tf': `variable "offices" {}\n${rule('ssh', body)}${rule('web', body)}`,
      'terraform.tfvars': 'offices = {\n  berlin = "10.1.0.0/16"\n  tokyo  = "10.2.0.0/16"\n}\n',
    };
    const after = edited(files, '22-22 cidrIpv4 10.1.0.0/16');
    expect(after.files['terraform.tfvars']).toBe(files['terraform.tfvars']);
    expect(after.files['a.tf']).toContain('{ for key, value in var.offices : key => value if key != "berlin" }');
    expect(after.rules).toHaveLength(3);
  });

  it('narrows one block of a shared list for one rule only', () => {
    const files = {
      'a.tf':
        LOCAL + rule('ssh', '  cidr_blocks       = local.offices') + rule('web', '  cidr_blocks       = local.offices'),
    };
    const after = edited(files, '22-22 cidrIpv4 10.1.0.0/16', [tcp(22, '10.1.4.0/24')]);
    expect(after.files['a.tf']).toContain(
      '[for source in local.offices : source == "10.1.0.0/16" ? "10.1.4.0/24" : source]',
    );
    const split = edited(files, '22-22 cidrIpv4 10.1.0.0/16', [tcp(22, '10.1.4.0/24'), tcp(22, '10.1.6.0/24')]);
    expect(split.rules).toHaveLength(5);
  });

  it('takes an entry out of a set of ports and writes it beside, narrower', () => {
    const body = '  for_each          = toset(["80", "443"])\n  cidr_blocks       = ["0.0.0.0/0"]';
    const ports = (text: string) =>
      text.replace('= 443\n  to_port           = 443', '= each.value\n  to_port           = each.value');
    const files = { 'a.tf': ports(rule('web', body)) };
    const after = edited(files, '80-80', [tcp(80, '10.0.0.0/8')]);
    expect(after.rules).toEqual([
      'aws_security_group_rule.web["443"] ingress tcp 443-443 cidrIpv4 0.0.0.0/0',
      expect.stringMatching(/^aws_security_group_rule\.web_\w+ ingress tcp 80-80 cidrIpv4 10\.0\.0\.0\/8$/),
    ]);
  });

  it.each([
    ['a removal', []],
    ['narrower ports', [{ ...tcp(22, '10.1.4.0/24'), toPort: 30 }]],
  ])(
    '%s of a block that cidrsubnet computes names the block, not the literal it was computed from',
    (_, replacements) => {
      const list = 'locals {\n  nets = [for n in [4, 5] : cidrsubnet("10.1.0.0/16", 8, n)]\n}\n';
      const body =
        '  ingress {\n    protocol    = "tcp"\n    from_port   = 22\n    to_port     = 40\n    cidr_blocks = local.nets\n  }\n';
      const files = {
        'a.tf': `${list}resource "aws_security_group" "a" {\n${body}}\nresource "aws_security_group" "b" {\n${body}}\n`,
      };
      const after = edited(files, 'aws_security_group.a ingress tcp 22-40 cidrIpv4 10.1.4.0/24', replacements);
      expect(after.files['a.tf']).toContain('[for source in local.nets : source if source != "10.1.4.0/24"]');
      expect(after.rules).toHaveLength(3 + replacements.length);
    },
  );

  it('takes one block out of a text that joins several, or narrows it there', () => {
    const module = `variable "rules" {}
resource "aws_security_group_rule" "in" {
  count             = length(var.rules)
  type              = "ingress"
  security_group_id = "sg-1"
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = split(",", var.rules[count.index].cidrs)
}
`;
    const call = (cidrs: string) =>
      `module "one" {\n  source = "./m"\n  rules  = [{ cidrs = "${cidrs}" }, { cidrs = "10.9.0.0/16" }]\n}\n`;
    const files = { 'a.tf': call('0.0.0.0/0,10.1.0.0/16'), 'm/main.tf': module };
    expect(edited(files, '0.0.0.0/0').files['a.tf']).toBe(call('10.1.0.0/16'));
    expect(edited(files, '0.0.0.0/0', [tcp(22, '10.0.0.0/9')]).files['a.tf']).toBe(call('10.0.0.0/9,10.1.0.0/16'));
  });

  it('drops the part of a concat that nobody but this rule takes', () => {
    const files = { 'a.tf': rule('ssh', '  cidr_blocks       = concat(["10.0.0.0/8"], [aws_vpc.main.cidr_block])') };
    const after = edited(files, 'aws_vpc.main.cidr_block');
    expect(after.rules).toEqual(['aws_security_group_rule.ssh ingress tcp 22-22 cidrIpv4 10.0.0.0/8']);
  });
});

describe('rules written as data: an object that makes several rules becomes two', () => {
  const module = (inner: string) => `resource "aws_security_group" "web" {
  for_each = var.groups
  name     = each.key

  dynamic "ingress" {
    for_each = each.value.rules
    content {
      protocol    = ingress.value.protocol
      from_port   = ingress.value.from
      to_port     = ingress.value.to
      cidr_blocks = ingress.value.cidr_blocks
    }
  }
}
variable "groups" {}
${inner}`;
  const vars = (rules: string) => `groups = {\n  app = {\n    rules = {\n${rules}    }\n  }\n}\n`;
  const ssh = (key: string, to: string, cidrs: string, comment = '') =>
    `      ${key} = {\n        protocol    = "tcp"\n        from        = "22"\n        to          = "${to}"\n        cidr_blocks = [${cidrs}]\n      }${comment}\n`;

  it('an entry of a map in a variables file, that for_each hands to a dynamic block', () => {
    const files = {
      'm.tf': module(''),
      'terraform.tfvars': vars(ssh('ssh', '30', '"10.1.0.0/16", "10.2.0.0/16"', ' # office')),
    };
    const after = edited(files, '10.2.0.0/16', [{ ...tcp(22, '10.2.0.0/16') }]);
    expect(after.files['terraform.tfvars']).toBe(
      vars(ssh('ssh', '30', '"10.1.0.0/16"', ' # office') + ssh('ssh_22', '22', '"10.2.0.0/16"')),
    );
    expect(after.files['m.tf']).toBe(files['m.tf']);
    expect(edited(files, '10.2.0.0/16').files['terraform.tfvars']).toBe(
      vars(ssh('ssh', '30', '"10.1.0.0/16"', ' # office')),
    );
    expect(edited(files, '10.2.0.0/16', [{ ...tcp(22, '10.2.4.0/24'), toPort: 30 }]).files['terraform.tfvars']).toBe(
      vars(ssh('ssh', '30', '"10.1.0.0/16", "10.2.4.0/24"', ' # office')),
    );
  });

  it('an element of ingress = [{…}], whose copy names no other source', () => {
    const object = (cidrs: string, self: boolean, to: number) =>
      `    {\n      protocol    = "tcp"\n      from_port   = 22\n      to_port     = ${to}\n      cidr_blocks = ${cidrs}\n      self        = ${self}\n    },\n`;
    const text = (objects: string) => `resource "aws_security_group" "web" {\n  ingress = [\n${objects}  ]\n}\n`;
    const files = { 'a.tf': text(object('["10.0.0.0/8"]', true, 30)) };
    expect(edited(files, 'cidrIpv4', [tcp(22, '10.0.0.0/8')]).files['a.tf']).toBe(
      text(object('[]', true, 30) + object('["10.0.0.0/8"]', false, 22)),
    );
    const own = { ...tcp(22, ''), peer: { kind: 'group' as const, groupId: 'sg-0' } };
    expect(edited(files, 'self', [own]).files['a.tf']).toBe(
      text(object('["10.0.0.0/8"]', false, 30) + object('[]', true, 22)),
    );
  });

  it('all ports written as -1 to -1 are narrowed at both ends', () => {
    const text = rule('ssh', '  cidr_blocks       = ["10.0.0.0/8"]').replaceAll('= 22', '= -1');
    const after = edited({ 'a.tf': text }, '0-65535', [{ ...tcp(0, '10.0.0.0/8'), toPort: 99 }]);
    expect(after.rules).toEqual(['aws_security_group_rule.ssh ingress tcp 0-99 cidrIpv4 10.0.0.0/8']);
  });
});

describe('law 5: what is no rule does not change either', () => {
  it.each([
    ['a subnet', 'resource "aws_subnet" "a" {\n  cidr_block = local.offices[0]\n}\n'],
    [
      'another local on the way',
      'locals {\n  first = local.offices[0]\n}\nresource "aws_subnet" "a" {\n  cidr_block = local.first\n}\n',
    ],
    ['an output of the root', 'output "offices" {\n  value = local.offices\n}\n'],
    [
      'a module of the registry',
      'module "r" {\n  source = "terraform-aws-modules/vpc/aws"\n  cidrs  = local.offices\n}\n',
    ],
    ['as many resources', 'resource "aws_eip" "e" {\n  count = length(local.offices)\n}\n'],
  ])('a list that also feeds %s stays, and the rule takes less of it', (_, other) => {
    const after = edited(
      { 'a.tf': `${LOCAL}${other}${rule('ssh', '  cidr_blocks       = local.offices')}` },
      '10.1.0.0/16',
    );
    expect(after.files['a.tf']).toContain(LOCAL);
    expect(after.files['a.tf']).toContain(other);
    expect(after.files['a.tf']).toContain('[for source in local.offices : source if source != "10.1.0.0/16"]');
  });

  it('a block of addresses that is a subnet is not narrowed through the subnet', () => {
    const subnet = 'resource "aws_subnet" "a" {\n  cidr_block = "10.1.0.0/16"\n}\n';
    const files = { 'a.tf': `${subnet}${rule('ssh', '  cidr_blocks       = [aws_subnet.a.cidr_block]')}` };
    const after = edited(files, '10.1.0.0/16', [tcp(22, '10.1.4.0/24')]);
    expect(after.files['a.tf']).toContain(subnet);
    expect(after.files['a.tf']).toContain('cidr_blocks       = ["10.1.4.0/24"]');
  });

  it('a list that nothing else takes is edited where it stands', () => {
    const other = 'resource "aws_subnet" "a" {\n  cidr_block = "10.9.0.0/16"\n}\n';
    const after = edited(
      { 'a.tf': `${LOCAL}${other}${rule('ssh', '  cidr_blocks       = local.offices')}` },
      '10.1.0.0/16',
    );
    expect(after.files['a.tf']).toContain('offices = ["10.2.0.0/16"]');
  });
});
