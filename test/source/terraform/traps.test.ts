// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of Terraform look like those of JavaScript
import { describe, expect, it } from 'vitest';
import type { RuleShape } from '../../../analyzer/model/rule.ts';
import { applyEdits } from '../../../bot/source/text.ts';
import { sourceTree } from '../../../bot/source/tree.ts';
import { edited, indexOf, language, NO_FACTS, rulesOf } from './shop.ts';

/*
 * Traps 14 to 17 are those of CloudFormation: ../cloudformation/edit.test.ts. Cited here: terraform-provider-aws, internal/service/ec2 and
 * website/docs/r (both of version 6), Terraform's language documentation, and where it says so the behaviour of the terraform binary 1.11.
 */

const legacy = (name: string, body: string) => `resource "aws_security_group_rule" "${name}" {
  type              = "ingress"
  security_group_id = aws_security_group.web.id
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
${body}
}
`;
const tcp = (from: number, to: number, cidr: string): RuleShape => ({
  direction: 'ingress',
  protocol: 6,
  fromPort: from,
  toPort: to,
  peer: { kind: 'cidrIpv4', cidr },
});
const group = (inner: string) => `resource "aws_security_group" "web" {\n  name = "web"\n\n${inner}}\n`;
const block = (cidrs: string) =>
  `  ingress {\n    protocol    = "tcp"\n    from_port   = 22\n    to_port     = 22\n    cidr_blocks = [${cidrs}]\n  }\n`;

// vpc_security_group.go, securityGroupRuleSetNestedBlock ("Used in aws_security_group and aws_default_security_group"): Optional, Computed,
// ConfigMode SchemaConfigModeAttr. security_group.html.markdown, "Removing All Ingress and Egress Rules": to remove these arguments "will not
// cause Terraform to destroy the managed rules"; `ingress = []` does. Issues 20046 (dynamic blocks) and 17569 (the default group).
describe('trap 1: the last inline block removes nothing by going', () => {
  it('the last inline block becomes an empty list, for its absence removes nothing', () => {
    const after = edited({ 'a.tf': group(block('"10.0.0.0/8"')) }, '10.0.0.0/8');
    expect(after.files['a.tf']).toBe(group('  ingress = []\n'));
    expect(after.rules).toEqual([]);
  });

  it('a dynamic block that would become empty is not left behind', () => {
    const text = group(
      '  dynamic "ingress" {\n    for_each = ["10.0.0.0/8"]\n    content {\n      protocol    = "tcp"\n      from_port   = 22\n      to_port     = 22\n      cidr_blocks = [ingress.value]\n    }\n  }\n',
    );
    expect(edited({ 'a.tf': text }, '10.0.0.0/8').files['a.tf']).toBe(group('  ingress = []\n'));
  });

  it('one of several inline blocks simply goes', () => {
    const after = edited({ 'a.tf': group(`${block('"10.0.0.0/8"')}\n${block('"10.1.0.0/16"')}`) }, '10.0.0.0/8');
    expect(after.files['a.tf']).toBe(group(block('"10.1.0.0/16"')));
  });
});

// security_group.html.markdown (6.68.0), the warning at its head: in-line rules in conjunction with rule resources "may cause rule conflicts,
// perpetual differences, and result in rules being overwritten".
// updateSecurityGroupRules revokes what the attribute held before, and Read writes every rule of the group into it (matchRules: "If no match is
// found, we'll write the remote rule to state"), so that an empty list is the end of the others' rules too.
describe('trap 2: ingress = [] revokes what standalone resources made', () => {
  it('an empty list would revoke what other resources made on the group, so it is refused', () => {
    const text = `${group(block('"10.0.0.0/8"'))}${legacy('ssh', '  cidr_blocks       = ["10.9.0.0/16"]')}`;
    expect(edited({ 'a.tf': text }, '10.0.0.0/8').codes).toContain('mixed-styles');
  });
});

// vpc_security_group_rule.go: AtLeastOneOf of cidr_blocks, ipv6_cidr_blocks, prefix_list_ids, self, source_security_group_id. An empty list passes
// it, EC2 answers 200 to no source (hashicorp/terraform pull 11809), and the apply hangs until "waiting for Security Group (…) Rule (…)
// create: couldn't find resource" (issue 42018).
describe('trap 3: one block is every source it names', () => {
  it('no list of sources is ever left empty', () => {
    const text = `locals {\n  offices = ["10.0.0.0/8"]\n}\n${legacy('ssh', '  cidr_blocks       = local.offices')}`;
    const after = edited({ 'a.tf': text }, '10.0.0.0/8');
    expect(after.files['a.tf']).toBe('locals {\n  offices = ["10.0.0.0/8"]\n}\n');
  });
});

// vpc_security_group_rule.go: every argument but description is ForceNew. security_group_rule.html.markdown: with create_before_destroy a
// resource of several sources "may fail with duplication errors".
describe('trap 4: aws_security_group_rule is replaced by nearly every change', () => {
  it('a changed legacy rule is replaced, and the reviewer is told', () => {
    expect(
      edited({ 'a.tf': legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8", "10.1.0.0/16"]') }, '10.0.0.0/8').codes,
    ).toContain('replacement');
  });
});

// vpc_security_group_ingress_rule.go: Update calls ModifySecurityGroupRules with the rule's id; only security_group_id is RequiresReplace, and
// ModifyPlan adds the two arguments where the kind of source changes ("you cannot change the rule's source type").
describe('trap 5: aws_vpc_security_group_*_rule changes in place', () => {
  it('ports and block are changed within the block, whose name stays, without a warning', () => {
    const vpc = (to: number, cidr: string) =>
      `resource "aws_vpc_security_group_ingress_rule" "web" {\n  security_group_id = "sg-1"\n  ip_protocol       = "tcp"\n  from_port         = 80\n  to_port           = ${to}\n  cidr_ipv4         = "${cidr}"\n}\n`;
    const after = edited({ 'a.tf': vpc(90, '10.0.0.0/8') }, '10.0.0.0/8', [tcp(80, 81, '10.4.0.0/16')]);
    expect(after.files['a.tf']).toBe(vpc(81, '10.4.0.0/16'));
    expect(after.codes).toEqual([]);
  });
});

// vpc_security_group.go, updateSecurityGroupRules: both sets are expanded to single sources (securityGroupExpandRules), the difference is
// revoked (os.Difference(ns)), then the other authorised (ns.Difference(os)); what is in both is left alone. "It'd be nicer to authorize before
// removing, but then we have to deal with complicated unrolling to get individual CIDR blocks".
describe('trap 6: an inline update touches only the difference', () => {
  it('one address leaves an inline block without a warning of an outage, and no other byte changes', () => {
    const after = edited({ 'a.tf': group(block('"10.0.0.0/8", "10.1.0.0/16"')) }, '10.0.0.0/8');
    expect(after.files['a.tf']).toBe(group(block('"10.1.0.0/16"')));
    expect(after.codes).toEqual([]);
  });
});

// hashicorp/terraform, website/docs/language/meta-arguments/count.mdx, "When to Use for_each Instead of count": "If an element was removed from the middle of the list, every instance after that element would see its
// subnet_id value change, resulting in more remote object changes than intended", since instances are "identified by their index instead of the
// string values in the list".
describe('trap 7: count names instances by number', () => {
  it('of a list that count goes over only the last element can go', () => {
    const text = `variable "cidrs" {\n  default = ["10.1.0.0/16", "10.2.0.0/16"]\n}\n${legacy('ssh', '  count             = length(var.cidrs)\n  cidr_blocks       = [var.cidrs[count.index]]')}`;
    expect(edited({ 'a.tf': text }, '10.1.0.0/16').result.ok).toBe(false);
    expect(edited({ 'a.tf': text }, '10.2.0.0/16').files['a.tf']).toContain('default = ["10.1.0.0/16"]');
  });
});

// Terraform, "Workspaces" and "Modules": one configuration is applied once for each workspace, variables file and call.
describe('trap 8: what serves several goes only when all are stale', () => {
  it('what serves several variables files goes only if all their rules go', () => {
    const files = {
      'a.tf': `variable "port" {}\n${legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]').replaceAll('= 22', '= var.port')}`,
      'dev.tfvars': 'port = 1\n',
      'prod.tfvars': 'port = 2\n',
    };
    expect(edited(files, 'dev: ').codes).toEqual(['shared']);
    const together = edited(files, 'dev: ', [], ['prod: ']);
    expect(together.result.ok && together.result.changed).toHaveLength(2);
    expect(together.files['a.tf']).toBe('variable "port" {}\n');
  });

  it('a root whose variables files lie beside it is one evaluation for each of them', () => {
    const files = {
      'live/web/a.tf': `variable "port" {}\n${legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]').replaceAll('= 22', '= var.port')}`,
      'live/dns/a.tf': `variable "port" {\n  default = 9\n}\n${legacy('dns', '  cidr_blocks       = ["10.1.0.0/16"]').replaceAll('= 22', '= var.port')}`,
      'live/vars/dev.tfvars': 'port = 1\n',
      'live/vars/prod.tfvars': 'port = 2\n',
      'live/vars/backend/prod.tfvars': 'bucket = "b"\n',
    };
    expect(rulesOf(indexOf(files))).toEqual([
      'aws_security_group_rule.dns ingress tcp 9-9 cidrIpv4 10.1.0.0/16',
      'vars/dev: aws_security_group_rule.ssh ingress tcp 1-1 cidrIpv4 10.0.0.0/8',
      'vars/prod: aws_security_group_rule.ssh ingress tcp 2-2 cidrIpv4 10.0.0.0/8',
    ]);
    expect(edited(files, 'vars/dev: ').codes).toEqual(['shared']);
    expect(edited(files, 'vars/dev: ', [tcp(1, 1, '10.2.0.0/16')]).codes).toContain('shared');
    expect(edited(files, 'vars/dev: ', [], ['vars/prod: ']).files['live/web/a.tf']).toBe('variable "port" {}\n');
  });

  it('a file that several roots link to is edited once, where it lies, and for all of them or not at all', () => {
    const text = legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]');
    const tree = sourceTree([
      { path: 'shared/rules.tf', text },
      { path: 'live/a/rules.tf', text, linkTo: 'shared/rules.tf' },
      { path: 'live/b/rules.tf', text, linkTo: 'shared/rules.tf' },
    ]);
    const index = language.index(tree, NO_FACTS);
    const rules = index.declarations.flatMap((d) => d.rules);
    expect(rules.map((r) => r.root)).toEqual(['live/a', 'live/b', 'shared']);
    const alone = language.edit(index, { ruleId: rules[0]!.id, replacements: [] });
    expect(alone.ok || alone.refusals.map((r) => r.code)).toContain('shared');
    const all = language.edit(index, { ruleId: rules[0]!.id, replacements: [], alsoRuleIds: rules.map((r) => r.id) });
    expect(all.ok && all.edits.map((e) => e.range.file)).toEqual(['shared/rules.tf']);
    expect(all.ok && applyEdits(tree, all.edits).files.map((f) => f.text)).toEqual(['', '', '']);
  });

  it('a module called twice is not changed for one caller, but its caller is', () => {
    const files = {
      'm/a.tf': `variable "cidrs" {}\nvariable "sg" {}\n${legacy('ssh', '  cidr_blocks       = var.cidrs').replace('aws_security_group.web.id', 'var.sg')}`,
      'main.tf':
        'module "a" {\n  source = "./m"\n  sg     = "sg-a"\n  cidrs  = ["10.1.0.0/16", "10.2.0.0/16"]\n}\nmodule "b" {\n  source = "./m"\n  sg     = "sg-b"\n  cidrs  = ["10.3.0.0/16"]\n}\n',
    };
    expect(rulesOf(indexOf(files))).toHaveLength(3);
    const after = edited(files, '10.1.0.0/16');
    expect(after.files['m/a.tf']).toBe(files['m/a.tf']);
    expect(after.files['main.tf']).toBe(files['main.tf'].replace('"10.1.0.0/16", ', ''));
    expect(edited({ ...files, 'm/b.tf': 'resource "aws_eip" "e" {}\n' }, '10.3.0.0/16').codes).toContain('shared');
  });

  it('a call of a module that makes this one rule and nothing else goes as a whole', () => {
    const call = (name: string) =>
      `module "${name}" {\n  source = "./m"\n  sg     = "sg-${name}"\n  cidrs  = ["10.1.0.0/16"]\n}\n`;
    const files = {
      'm/a.tf': `variable "cidrs" {}\nvariable "sg" {}\n${legacy('ssh', '  cidr_blocks       = var.cidrs').replace('aws_security_group.web.id', 'var.sg')}`,
      'main.tf': `${call('a')}\n${call('b')}`,
    };
    expect(edited(files, 'module.a.').files['main.tf']).toBe(call('b'));
    const used = { ...files, 'out.tf': 'output "x" {\n  value = module.a\n}\n' };
    expect(edited(used, 'module.a.').result.ok).toBe(false);
    const more = { ...files, 'm/b.tf': 'resource "aws_eip" "e" {}\n' };
    expect(edited(more, 'module.a.').result.ok).toBe(false);
  });
});

// `terraform validate` 1.11: "Error: Reference to undeclared resource", for a name in depends_on and for one in an output.
describe('trap 9: references to a removed resource break the plan', () => {
  it('depends_on is edited too, an output forbids the removal', () => {
    const rule = legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]');
    const dependent =
      'resource "aws_instance" "a" {\n  ami        = "x"\n  depends_on = [aws_security_group_rule.ssh]\n}\n';
    expect(edited({ 'a.tf': `${rule}\n${dependent}` }, '10.0.0.0/8').files['a.tf']).not.toContain(
      'aws_security_group_rule.ssh',
    );
    const output = 'output "id" {\n  value = aws_security_group_rule.ssh.id\n}\n';
    expect(edited({ 'a.tf': `${rule}${output}` }, '10.0.0.0/8').codes).toContain('referenced');
    const imported = 'import {\n  to = aws_security_group_rule.ssh\n  id = "sg-1_ingress_tcp_22_22_10.0.0.0/8"\n}\n';
    expect(edited({ 'a.tf': `${rule}${imported}` }, '10.0.0.0/8').codes).toContain('referenced');
  });

  // Terraform 1.11: "will be destroyed (because A was moved to B, which is not in configuration)"; no error.
  it('a moved block may lead to what is gone, and stays', () => {
    const rule = legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]');
    const moved = 'moved {\n  from = aws_security_group_rule.old\n  to   = aws_security_group_rule.ssh\n}\n';
    expect(edited({ 'a.tf': `${rule}${moved}` }, '10.0.0.0/8').files['a.tf']).toBe(moved);
  });
});

// Terraform 1.11, docs/language/meta-arguments/lifecycle.mdx (hashicorp/web-unified-docs). ignore_changes: the arguments "are considered when
// planning a create operation, but are ignored when planning an update". prevent_destroy "will cause Terraform to reject with an error any plan that
// would destroy the infrastructure object associated with the resource, as long as the argument remains present in the configuration"; it "does not
// prevent the remote object from being destroyed if the resource block were removed". There it is a wish all the same.
describe('trap 10: lifecycle decides', () => {
  it.each([
    ['ignore_changes', '  lifecycle {\n    ignore_changes = [cidr_blocks]\n  }', 'ignore-changes'],
    ['prevent_destroy', '  lifecycle {\n    prevent_destroy = true\n  }', 'prevent-destroy'],
  ])('%s is refused with its reason', (_, inner, code) => {
    expect(
      edited({ 'a.tf': legacy('ssh', `  cidr_blocks       = ["10.0.0.0/8"]\n${inner}`) }, '10.0.0.0/8').codes,
    ).toEqual([code]);
  });
});

// Law 5: the whole expansion is evaluated again; see also shared.test.ts.
describe('trap 11: a literal may feed several rules', () => {
  it('a literal that feeds two rules is not changed for one', () => {
    const text = `locals {\n  port = 99\n}\n${legacy('a', '  cidr_blocks       = ["10.0.0.0/8"]').replace('to_port           = 22', 'to_port           = local.port')}${legacy('b', '  cidr_blocks       = ["10.1.0.0/16"]').replace('to_port           = 22', 'to_port           = local.port')}`;
    const after = edited({ 'a.tf': text }, '10.0.0.0/8', [tcp(22, 50, '10.0.0.0/8')]);
    expect(after.files['a.tf']).toContain('port = 99');
    expect(after.rules).toEqual([
      'aws_security_group_rule.a ingress tcp 22-50 cidrIpv4 10.0.0.0/8',
      'aws_security_group_rule.b ingress tcp 22-99 cidrIpv4 10.1.0.0/16',
    ]);
  });
});

// vpc_security_group.go: name, name_prefix, description and vpc_id are ForceNew, so that a change of one replaces the group; security_group.html.markdown
// tells under "Recreating a Security Group" what becomes of that.
describe("trap 12: a group's identity is never touched", () => {
  it('the lines of name, description and vpc_id are the same after every edit of a group', () => {
    const head = '  name        = "web"\n  description = "10.0.0.0/8"\n  vpc_id      = "vpc-1"\n';
    const text = `resource "aws_security_group" "web" {\n${head}\n${block('"10.0.0.0/8"')}}\n`;
    for (const replacements of [[], [tcp(22, 22, '10.4.0.0/16')]]) {
      const after = edited({ 'a.tf': text }, '10.0.0.0/8', replacements);
      expect(after.result.ok).toBe(true);
      expect(after.files['a.tf']).toContain(head);
    }
  });

  it('a name that is also the text of a rule is not changed with it', () => {
    const text = `locals {\n  cidr = "10.0.0.0/8"\n}\nresource "aws_security_group" "web" {\n  name = local.cidr\n\n${block('local.cidr')}}\n`;
    const after = edited({ 'a.tf': text }, '10.0.0.0/8', [tcp(22, 22, '10.4.0.0/16')]);
    expect(after.files['a.tf']).toContain('cidr = "10.0.0.0/8"');
  });
});

// hashicorp/hcl, hclwrite/format.go, formatCells: the "assign" and "comment" cells of consecutive lines stand in one column; format.slow.test.ts
// asks the binary.
describe('trap 13: terraform fmt stays clean', () => {
  it('equals signs are put in line again where they were before', () => {
    const text =
      'locals {\n  rules = {\n    a           = "10.0.0.0/8"\n    much_longer = "10.1.0.0/16"\n  }\n}\n' +
      legacy('ssh', '  for_each          = local.rules\n  cidr_blocks       = [each.value]');
    expect(edited({ 'a.tf': text }, '10.1.0.0/16').files['a.tf']).toContain('  rules = {\n    a = "10.0.0.0/8"\n  }\n');
  });
});
