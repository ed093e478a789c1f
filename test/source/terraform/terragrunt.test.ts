import { describe, expect, it } from 'vitest';
import { edited, type Files, find, indexOf, language, lineOf, rulesOf } from './shop.ts';

const MODULE = `variable "port" { type = number }
variable "offices" {
  type    = list(string)
  default = ["10.255.0.0/16"]
}

resource "aws_security_group_rule" "in" {
  type              = "ingress"
  security_group_id = "sg-1"
  protocol          = "tcp"
  from_port         = var.port
  to_port           = var.port
  cidr_blocks       = var.offices
}
`;
const unit = (inputs: string, more = '') =>
  `${more}terraform {\n  source = "../../modules//web"\n}\n\ninputs = {\n${inputs}}\n`;
const FILES: Files = {
  'modules/web/main.tf': MODULE,
  'live/dev/terragrunt.hcl': unit('  port    = 1\n  offices = ["10.1.0.0/16", "10.2.0.0/16"]\n'),
  'live/prod/terragrunt.hcl': unit('  port = 2\n'),
};
const line = (context: string, port: number, cidr: string) =>
  `${context}: aws_security_group_rule.in ingress tcp ${port}-${port} cidrIpv4 ${cidr}`;

describe('Terragrunt: each terragrunt.hcl is one use of a module', () => {
  it('gives the variables their values, and what it does not give keeps its default', () => {
    const index = indexOf(FILES);
    expect(rulesOf(index).sort()).toEqual([
      line('live/dev', 1, '10.1.0.0/16'),
      line('live/dev', 1, '10.2.0.0/16'),
      line('live/prod', 2, '10.255.0.0/16'),
    ]);
    expect(index.notes).toEqual([]);
    expect(new Set(index.declarations.flatMap((d) => d.rules.map((rule) => rule.root)))).toEqual(
      new Set(['modules/web']),
    );
  });

  it('law 6: a value leads to its place in inputs, and an edit there changes that use alone', () => {
    const after = edited(FILES, '10.2.0.0/16');
    expect(after.files).toEqual({
      ...FILES,
      'live/dev/terragrunt.hcl': unit('  port    = 1\n  offices = ["10.1.0.0/16"]\n'),
    });
  });

  it('trap 8: what serves several uses is not changed for one', () => {
    const files = { ...FILES, 'live/dev/terragrunt.hcl': unit('  port = 1\n') };
    expect(edited(files, 'live/dev: ').codes).toContain('shared');
    const index = indexOf(files);
    const request = { ruleId: find(index, 'live/dev: ').id, replacements: [] };
    const both = language.edit(index, { ...request, alsoRuleIds: [find(index, 'live/prod: ').id] });
    expect(both.ok && both.changed).toHaveLength(2);
  });

  it('law 5: an input that feeds no rule only is left alone', () => {
    const subnet = 'resource "aws_subnet" "a" {\n  cidr_block = var.offices[1]\n}\n';
    const after = edited({ ...FILES, 'modules/web/subnet.tf': subnet }, '10.2.0.0/16');
    expect(after.files['live/dev/terragrunt.hcl']).toBe(FILES['live/dev/terragrunt.hcl']);
  });

  it('reads what is included and what is read, the nearer winning', () => {
    const files = {
      'modules/web/main.tf': MODULE,
      'root.hcl': 'locals {\n  all = ["10.7.0.0/16"]\n}\n\ninputs = {\n  port    = 7\n  offices = ["10.6.0.0/16"]\n}\n',
      'live/env.hcl': 'locals {\n  port = 9\n}\n',
      'live/net.yaml': 'offices: ["10.8.0.0/16"]\n',
      'live/dev/terragrunt.hcl': `include "root" {
  path   = find_in_parent_folders("root.hcl")
  expose = true
}

locals {
  env = read_terragrunt_config(find_in_parent_folders("env.hcl"))
  net = yamldecode(file("\${get_terragrunt_dir()}/../net.yaml"))
}

terraform {
  source = "\${get_repo_root()}//modules/web"
}

inputs = {
  port    = local.env.locals.port
  offices = concat(local.net.offices, include.root.locals.all)
}
`,
      'live/prod/terragrunt.hcl': `include {\n  path = find_in_parent_folders("root.hcl")\n}\n${unit('  port = 2\n')}`,
    };
    const index = indexOf(files);
    expect(rulesOf(index).sort()).toEqual([
      line('live/dev', 9, '10.7.0.0/16'),
      line('live/dev', 9, '10.8.0.0/16'),
      line('live/prod', 2, '10.6.0.0/16'),
    ]);
    expect(edited(files, '10.6.0.0/16').codes).not.toContain('no-literal');
  });

  it('a change of what is included is seen, though no file of Terraform changed', () => {
    const files = {
      'modules/web/main.tf': MODULE,
      'root.hcl': 'inputs = {\n  port = 7\n}\n',
      'live/dev/terragrunt.hcl': `include {\n  path = find_in_parent_folders("root.hcl")\n}\n${unit('')}`,
    };
    expect(rulesOf(indexOf(files))).toEqual([line('live/dev', 7, '10.255.0.0/16')]);
    expect(rulesOf(indexOf({ ...files, 'root.hcl': 'inputs = {\n  port = 8\n}\n' }))).toEqual([
      line('live/dev', 8, '10.255.0.0/16'),
    ]);
  });

  it('law 1: of inputs that are not wholly known no variable falls back to its default', () => {
    const files = {
      ...FILES,
      'live/dev/terragrunt.hcl':
        'terraform {\n  source = "../../modules/web"\n}\n\ninputs = merge(dependency.vpc.outputs, { port = 3 })\n',
    };
    const rules = indexOf(files).declarations.flatMap((d) => d.rules);
    const [dev] = rules.filter((rule) => rule.context === 'live/dev');
    expect(lineOf(dev!)).not.toContain('10.255.0.0/16');
    expect(dev!.shape).toBeNull();
  });

  it('takes variables files of the command line over the inputs', () => {
    const extra =
      'terraform {\n  source = "../../modules/web"\n  extra_arguments "vars" {\n    commands           = ["plan"]\n    required_var_files = ["${get_terragrunt_dir()}/more.tfvars"]\n  }\n}\n\ninputs = {\n  port = 1\n}\n';
    const files = { ...FILES, 'live/dev/terragrunt.hcl': extra, 'live/dev/more.tfvars': 'port = 5\n' };
    expect(rulesOf(indexOf(files)).sort()).toEqual([
      line('live/dev', 5, '10.255.0.0/16'),
      line('live/prod', 2, '10.255.0.0/16'),
    ]);
  });

  it('a module from elsewhere is told of, with the file', () => {
    const files = {
      ...FILES,
      'live/far/terragrunt.hcl': 'terraform {\n  source = "git::https://example.com/m.git?ref=v1"\n}\ninputs = {}\n',
    };
    const notes = indexOf(files).notes.filter((note) => note.code === 'terragrunt-inputs');
    expect(notes.map((note) => note.place.file)).toEqual(['live/far/terragrunt.hcl']);
  });

  it.each([
    ['itself', 'include {\n  path = "./terragrunt.hcl"\n}\n'],
    ['what cannot be told', 'include {\n  path = get_env("ROOT")\n}\n'],
    ['a file that is not there', 'include {\n  path = "../nowhere.hcl"\n}\n'],
    ['a file that is no HCL', 'include {\n  path = "../bad.hcl"\n}\n'],
  ])('hostile: what includes %s ends, and nothing is taken for known', (_, more) => {
    const files = { ...FILES, 'live/bad.hcl': 'inputs = {{{', 'live/dev/terragrunt.hcl': unit('  port = 1\n', more) };
    const rules = indexOf(files).declarations.flatMap((d) => d.rules);
    const dev = rules.filter((rule) => rule.context === 'live/dev');
    expect(dev.map((rule) => [rule.fromPort, rule.shape])).toEqual([['1', null]]);
  });

  it('hostile: a local of itself is not known and ends', () => {
    const text = `locals {\n  a = local.a\n}\n${unit('  port = local.a\n')}`;
    const rules = indexOf({ ...FILES, 'live/dev/terragrunt.hcl': text }).declarations.flatMap((d) => d.rules);
    expect(rules.find((rule) => rule.context === 'live/dev')!.fromPort).toMatch(/^unknown:/);
  });
});
