import { describe, expect, it } from 'vitest';
import type { RuleShape } from '../../../analyzer/model/rule.ts';
import { edited, find, indexOf, language } from './shop.ts';

const rule = (name: string, port: number, peers: string) => `resource "aws_security_group_rule" "${name}" {
  type              = "ingress"
  security_group_id = aws_security_group.web.id
  protocol          = "tcp"
  from_port         = ${port}
  to_port           = ${port}
  cidr_blocks       = ${peers}
}
`;
const tcp = (port: number, cidr: string): RuleShape => ({
  direction: 'ingress',
  protocol: 6,
  fromPort: port,
  toPort: port,
  peer: { kind: 'cidrIpv4', cidr },
});

describe('a source that only state knows', () => {
  const MODULE = `variable "sources" {}\n${rule('ssh', 22, 'var.sources')}`;
  const call = (name: string, sources: string) => `module "${name}" {\n  source  = "./m"\n  sources = ${sources}\n}\n`;

  it('is written anew in the one call of a module that hands it on', () => {
    const files = {
      'a.tf': `variable "offices" {}\n${call('one', 'var.offices')}${call('two', 'var.offices')}`,
      'm/main.tf': MODULE,
    };
    const after = edited(files, 'module.two.', [tcp(22, '10.1.4.0/24')]);
    expect(after.files['a.tf']).toBe(files['a.tf'].replace(call('two', 'var.offices'), call('two', '["10.1.4.0/24"]')));
    expect(after.files['m/main.tf']).toBe(MODULE);
  });

  it('is one element of the list that it stands in', () => {
    const list = '[aws_eip.a.public_ip, aws_eip.b.public_ip]';
    const files = { 'a.tf': call('one', list) + call('two', '[]'), 'm/main.tf': MODULE };
    const after = edited(files, 'aws_eip.b.public_ip', [tcp(22, '10.1.4.0/24')]);
    expect(after.files['a.tf']).toContain('sources = [aws_eip.a.public_ip, "10.1.4.0/24"]');
  });

  it('is not written into the output of another module', () => {
    const vpc = 'resource "aws_vpc" "v" {}\noutput "block" {\n  value = aws_vpc.v.cidr_block\n}\n';
    const files = {
      'a.tf': `module "vpc" {\n  source = "./vpc"\n}\n${call('one', '[module.vpc.block]')}${call('two', '[]')}`,
      'm/main.tf': MODULE,
      'vpc/main.tf': vpc,
    };
    const after = edited(files, 'module.one.', [tcp(22, '10.1.4.0/24')]);
    expect(after.files['vpc/main.tf']).toBe(vpc);
    expect(after.files['a.tf']).toContain('sources = ["10.1.4.0/24"]');
  });

  const SHARED = 'locals {\n  sources = concat(["10.1.0.0/16"], [aws_vpc.v.cidr_block])\n}\n';

  it.each([
    ['gone', [], '["10.1.0.0/16"]'],
    ['narrower', [tcp(22, '10.9.0.0/24')], 'concat(["10.1.0.0/16"], ["10.9.0.0/24"])'],
  ])('in a local that another rule takes too is %s in a list that this rule has to itself', (_, replacements, list) => {
    const files = { 'a.tf': SHARED + rule('ssh', 22, 'local.sources') + rule('web', 443, 'local.sources') };
    const after = edited(files, '22-22 cidrIpv4 ref:aws_vpc.v.cidr_block', replacements);
    expect(after.files['a.tf']).toBe(SHARED + rule('ssh', 22, list) + rule('web', 443, 'local.sources'));
    expect(after.rules).toHaveLength(3 + replacements.length);
  });

  it('of which there may be any number is told of, whatever is asked', () => {
    const files = { 'a.tf': `variable "offices" {}\n${rule('ssh', 22, 'var.offices')}` };
    for (const wish of [[], [tcp(22, '10.1.4.0/24')]])
      expect(edited(files, '22-22', wish).codes, JSON.stringify(wish)).toContain('list-replaced');
    const one = { 'a.tf': `variable "office" {}\n${rule('ssh', 22, '[var.office]')}` };
    expect(edited(one, '22-22', [tcp(22, '10.1.4.0/24')]).codes).not.toContain('list-replaced');
  });
});

describe('several rules in one edit keep each what the narrowing of the first keeps', () => {
  const both = (files: Readonly<Record<string, string>>, part: string, also: string, to: RuleShape) => {
    const index = indexOf(files);
    const request = { ruleId: find(index, part).id, alsoRuleIds: [find(index, also).id], replacements: [to] };
    return language.edit(index, request);
  };

  it('each its own ports where one element of a shared list shrinks', () => {
    const files = {
      'a.tf':
        'locals {\n  offices = ["10.1.0.0/16"]\n}\n' +
        rule('ssh', 22, 'local.offices') +
        rule('web', 443, 'local.offices'),
    };
    const result = both(files, '22-22', '443-443', tcp(22, '10.1.4.0/24'));
    expect(result.ok && result.edits).toMatchObject([{ text: '"10.1.4.0/24"' }]);
    expect(result.ok && result.changed).toHaveLength(2);
  });

  it('each its own source where the ports of their block shrink', () => {
    const text = rule('ssh', 22, '["10.1.0.0/16", "10.2.0.0/16"]').replace('to_port           = 22', 'to_port = 30');
    const result = both({ 'a.tf': text }, '10.1.0.0/16', '10.2.0.0/16', { ...tcp(22, '10.1.0.0/16'), toPort: 24 });
    expect(result.ok && result.edits).toMatchObject([{ text: '24' }]);
    expect(result.ok && result.changed).toHaveLength(2);
  });
});
