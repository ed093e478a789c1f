import { describe, expect, it } from 'vitest';
import type { SourceIndex } from '../../bot/source/contract.ts';
import { createTerraformLanguage } from '../../bot/source/terraform/index.ts';
import { applyEdits } from '../../bot/source/text.ts';
import { sourceTree } from '../../bot/source/tree.ts';

const FACTS = { states: [], stacks: [] };
const GROUP = `resource "aws_security_group" "web" {
  name = "web"

  ingress {
    protocol    = "tcp"
    from_port   = 80
    to_port     = 80
    cidr_blocks = ["10.0.0.0/8"]
  }
  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["10.0.0.0/8"]
  }
  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}
`;
const RULE = `resource "aws_vpc_security_group_ingress_rule" "r" {
  security_group_id = "sg-1"
  ip_protocol       = "tcp"
  from_port         = var.port
  to_port           = var.port
  cidr_ipv4         = local.office
}
variable "port" { default = 22 }
locals {
  office = "10.0.0.0/8"
  lab    = "10.9.0.0/16"
}
`;

async function indexOf(files: Record<string, string>): Promise<SourceIndex> {
  const language = await createTerraformLanguage();
  return language.index(sourceTree(Object.entries(files).map(([path, text]) => ({ path, text }))), FACTS);
}

const tuples = (index: SourceIndex) =>
  index.declarations.flatMap((one) => one.rules.map((r) => `${r.direction} ${r.fromPort} ${r.peer}`)).sort();

/** Terraform language, "Override Files". */
describe('override files', () => {
  it('replace an argument by the one of the same name', async () => {
    const index = await indexOf({
      'a.tf': RULE,
      'z_override.tf': 'resource "aws_vpc_security_group_ingress_rule" "r" {\n  cidr_ipv4 = local.lab\n}\n',
    });
    expect(tuples(index)).toEqual(['ingress 22 10.9.0.0/16']);
  });

  it('replace a default and a local, each by itself, and the later file wins', async () => {
    const index = await indexOf({
      'a.tf': RULE,
      'a_override.tf': 'variable "port" { default = 23 }\nlocals {\n  office = "10.1.0.0/16"\n}\n',
      'b_override.tf.json': '{"variable": {"port": {"default": 24}}}',
    });
    expect(tuples(index)).toEqual(['ingress 24 10.1.0.0/16']);
  });

  it('replace all nested blocks of a type, and leave the other types', async () => {
    const index = await indexOf({
      'a.tf': GROUP,
      'override.tf': `resource "aws_security_group" "web" {
  ingress {
    protocol    = "tcp"
    from_port   = 8443
    to_port     = 8443
    cidr_blocks = ["192.168.0.0/16"]
  }
}
`,
    });
    expect(tuples(index)).toEqual(['egress  0.0.0.0/0', 'ingress 8443 192.168.0.0/16']);
  });

  it('replace static blocks by dynamic ones, and the other way', async () => {
    const dynamic = `resource "aws_security_group" "web" {
  dynamic "ingress" {
    for_each = [8080, 8081]
    content {
      protocol    = "tcp"
      from_port   = ingress.value
      to_port     = ingress.value
      cidr_blocks = ["10.0.0.0/8"]
    }
  }
}
`;
    const index = await indexOf({ 'a.tf': GROUP, 'override.tofu': dynamic });
    expect(tuples(index)).toEqual(['egress  0.0.0.0/0', 'ingress 8080 10.0.0.0/8', 'ingress 8081 10.0.0.0/8']);
    const back = await indexOf({ 'a.tf': dynamic, 'b_override.tf': GROUP });
    expect(tuples(back)).toEqual(['egress  0.0.0.0/0', 'ingress 443 10.0.0.0/8', 'ingress 80 10.0.0.0/8']);
  });

  it('merge lifecycle argument by argument, so that ignore_changes of the base still counts', async () => {
    const index = await indexOf({
      'a.tf': GROUP.replace('  name = "web"\n', '  name = "web"\n  lifecycle {\n    ignore_changes = [ingress]\n  }\n'),
      'a_override.tf':
        'resource "aws_security_group" "web" {\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n',
    });
    const codes = index.declarations.filter((one) => one.rules[0]?.direction === 'ingress').map((one) => one.notes);
    expect(codes.flat().map((note) => note.code)).toContain('ignore-changes');
  });

  it('change the inputs of a module call', async () => {
    const index = await indexOf({
      'main.tf': 'module "m" {\n  source = "./m"\n  port   = 1\n}\n',
      'main_override.tf': 'module "m" {\n  port = 2\n}\n',
      'm/main.tf': `${RULE.replace('default = 22', '')}`,
    });
    expect(tuples(index)).toEqual(['ingress 2 10.0.0.0/8']);
  });

  it('forbid editing a block that they change, and say which file it is', async () => {
    const language = await createTerraformLanguage();
    const tree = sourceTree([
      { path: 'a.tf', text: RULE },
      { path: 'z_override.tf', text: 'resource "aws_vpc_security_group_ingress_rule" "r" {\n  description = "x"\n}\n' },
    ]);
    const index = language.index(tree, FACTS);
    const result = language.edit(index, { ruleId: index.declarations[0]!.rules[0]!.id, replacements: [] });
    expect(result).toMatchObject({ ok: false, refusals: [{ code: 'override' }] });
    expect(result.ok ? '' : result.refusals[0]!.message).toContain('z_override.tf');
  });

  it('leave what they do not touch to be edited as ever', async () => {
    const language = await createTerraformLanguage();
    const tree = sourceTree([
      { path: 'a.tf', text: RULE },
      { path: 'z_override.tf', text: 'resource "aws_instance" "x" {\n  ami = "a"\n}\n' },
    ]);
    const index = language.index(tree, FACTS);
    const result = language.edit(index, { ruleId: index.declarations[0]!.rules[0]!.id, replacements: [] });
    if (!result.ok) throw new Error('refused');
    expect(language.index(applyEdits(tree, result.edits), FACTS).declarations).toEqual([]);
  });

  it('count only by their whole name', async () => {
    const other = RULE.replace('"r"', '"other"')
      .replace(/variable[^}]*\}\n/, '')
      .replace(/locals \{[^}]*\}\n/, '');
    const index = await indexOf({ 'a.tf': RULE, 'myoverride.tf': other });
    expect(tuples(index)).toHaveLength(2);
    expect(index.declarations.flatMap((one) => one.notes)).toEqual([]);
  });
});
