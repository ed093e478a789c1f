// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of Terraform look like those of JavaScript
import { describe, expect, it } from 'vitest';
import type { RuleShape } from '../../../analyzer/model/rule.ts';
import { edited, indexOf, language } from './shop.ts';

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

describe('removing a rule', () => {
  it('takes a whole resource with its comment and one blank line', () => {
    const before = `# keep\nlocals {}\n\n# ssh\n${legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]')}\nlocals {\n  a = 1\n}\n`;
    expect(edited({ 'a.tf': before }, '10.0.0.0/8').files['a.tf']).toBe('# keep\nlocals {}\n\nlocals {\n  a = 1\n}\n');
  });

  it.each([
    ['first', '["10.0.0.0/8", "10.1.0.0/16"]', '10.0.0.0/8', '["10.1.0.0/16"]'],
    ['last', '["10.0.0.0/8", "10.1.0.0/16"]', '10.1.0.0/16', '["10.0.0.0/8"]'],
    ['last with a trailing comma', '["10.0.0.0/8", "10.1.0.0/16",]', '10.1.0.0/16', '["10.0.0.0/8",]'],
    [
      'of a list on several lines',
      '[\n    "10.0.0.0/8",\n    "10.1.0.0/16", # hq\n    "10.2.0.0/16",\n  ]',
      '10.1.0.0/16',
      '[\n    "10.0.0.0/8",\n    "10.2.0.0/16",\n  ]',
    ],
    [
      'last of several lines without a trailing comma',
      '[\n    "10.0.0.0/8", # a\n    # hq\n    "10.1.0.0/16"\n  ]',
      '10.1.0.0/16',
      '[\n    "10.0.0.0/8" # a\n  ]',
    ],
  ])('takes the %s element of a list', (_, list, cidr, left) => {
    const { files, codes } = edited({ 'a.tf': legacy('ssh', `  cidr_blocks       = ${list}`) }, cidr);
    expect(files['a.tf']).toBe(legacy('ssh', `  cidr_blocks       = ${left}`));
    expect(codes).toEqual(['replacement']);
  });

  it('takes one entry of the map that for_each goes over, in a variables file', () => {
    const files = {
      'a.tf': `variable "offices" {}\n${legacy('ssh', '  for_each          = var.offices\n  cidr_blocks       = [each.value]')}`,
      'terraform.tfvars': 'offices = {\n  berlin = "10.1.0.0/16" # hq\n  tokyo  = "10.2.0.0/16"\n}\n',
    };
    const after = edited(files, '10.1.0.0/16');
    expect(after.files['terraform.tfvars']).toBe('offices = {\n  tokyo = "10.2.0.0/16"\n}\n');
    expect(after.files['a.tf']).toBe(files['a.tf']);
    expect(after.rules).toEqual(['aws_security_group_rule.ssh["tokyo"] ingress tcp 22-22 cidrIpv4 10.2.0.0/16']);
  });

  it('keeps CRLF and a BOM', () => {
    const text =
      `\uFEFF${legacy('a', '  cidr_blocks       = ["10.0.0.0/8"]')}\n${legacy('b', '  cidr_blocks       = ["10.1.0.0/16"]')}`.replaceAll(
        '\n',
        '\r\n',
      );
    const after = edited({ 'a.tf': text }, '10.0.0.0/8').files['a.tf'];
    expect(after).toBe(`\uFEFF${legacy('b', '  cidr_blocks       = ["10.1.0.0/16"]').replaceAll('\n', '\r\n')}`);
  });

  it('takes an argument where the block has other sources', () => {
    const after = edited(
      { 'a.tf': legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]\n  self              = true') },
      'self ',
    );
    expect(after.files['a.tf']).toBe(legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]'));
  });

  it('takes a rule out of a JSON configuration', () => {
    const rule = (cidr: string) => ({
      type: 'ingress',
      security_group_id: 'sg-1',
      protocol: 'tcp',
      from_port: 1,
      to_port: 1,
      cidr_blocks: [cidr],
    });
    const text = (rules: object) => JSON.stringify({ resource: { aws_security_group_rule: rules } }, null, 2);
    const after = edited({ 'a.tf.json': text({ a: rule('10.0.0.0/8'), b: rule('10.1.0.0/16') }) }, '10.1.0.0/16');
    expect(JSON.parse(after.files['a.tf.json']!)).toEqual(JSON.parse(text({ a: rule('10.0.0.0/8') })));
  });

  it('filters a list that another rule needs whole', () => {
    const files = {
      'a.tf': `locals {\n  offices = ["10.1.0.0/16", "10.2.0.0/16"]\n}\n${legacy('ssh', '  cidr_blocks       = local.offices')}${legacy('other', '  cidr_blocks       = local.offices').replaceAll('22', '80')}`,
    };
    const after = edited(files, 'ssh ingress tcp 22-22 cidrIpv4 10.1.0.0/16');
    expect(after.files['a.tf']).toContain(
      'cidr_blocks       = [for source in local.offices : source if source != "10.1.0.0/16"]',
    );
    expect(after.rules).toHaveLength(3);
  });
});

describe('tightening a rule', () => {
  it('changes ports where they stand', () => {
    const files = {
      'a.tf': legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]').replace(
        'to_port           = 22',
        'to_port           = 99',
      ),
    };
    expect(edited(files, '10.0.0.0/8', [tcp(22, 23, '10.0.0.0/8')]).files['a.tf']).toBe(
      files['a.tf'].replace('= 99', '= 23'),
    );
  });

  it('changes a port in the local that only this rule uses', () => {
    const files = {
      'a.tf': `locals {\n  top = 99\n}\n${legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]').replace('to_port           = 22', 'to_port           = local.top')}`,
    };
    expect(edited(files, '10.0.0.0/8', [tcp(22, 23, '10.0.0.0/8')]).files['a.tf']).toBe(
      files['a.tf'].replace('99', '23'),
    );
  });

  it('splits the rule off where its block holds others, with a label of its own', () => {
    const files = {
      'a.tf': legacy('web', '  cidr_blocks       = ["10.0.0.0/8", "10.1.0.0/16"]').replace(
        'to_port           = 22',
        'to_port           = 99',
      ),
    };
    const after = edited(files, '10.1.0.0/16', [tcp(80, 80, '10.1.0.0/16')]);
    expect(after.rules).toEqual([
      'aws_security_group_rule.web ingress tcp 22-99 cidrIpv4 10.0.0.0/8',
      'aws_security_group_rule.web_80 ingress tcp 80-80 cidrIpv4 10.1.0.0/16',
    ]);
    expect(after.files['a.tf']).toBe(
      `${legacy('web', '  cidr_blocks       = ["10.0.0.0/8"]').replace('to_port           = 22', 'to_port           = 99')}\n${legacy('web_80', '  cidr_blocks       = ["10.1.0.0/16"]').replaceAll('= 22', '= 80')}`,
    );
  });

  it('makes one range of sources into several in the same list', () => {
    const after = edited({ 'a.tf': legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]') }, '10.0.0.0/8', [
      tcp(22, 22, '10.1.0.0/16'),
      tcp(22, 22, '10.2.0.0/16'),
    ]);
    expect(after.files['a.tf']).toBe(legacy('ssh', '  cidr_blocks       = ["10.1.0.0/16", "10.2.0.0/16"]'));
  });

  it('gives an all-protocols rule a protocol and ports', () => {
    const text =
      'resource "aws_vpc_security_group_ingress_rule" "all" {\n  security_group_id = "sg-1"\n  ip_protocol       = "-1"\n  cidr_ipv4         = "10.0.0.0/8"\n}\n';
    const after = edited({ 'a.tf': text }, '10.0.0.0/8', [tcp(443, 443, '10.0.0.0/8')]);
    expect(after.files['a.tf']).toBe(
      text.replace('"-1"\n', '"tcp"\n  from_port         = 443\n  to_port           = 443\n'),
    );
  });
});

describe('broken source', () => {
  it('invalid HCL within the block forbids an edit, elsewhere it does not', () => {
    const rule = legacy('ssh', '  cidr_blocks       = ["10.0.0.0/8"]');
    expect(edited({ 'a.tf': `${rule}locals {\n  a = = 2\n}\n` }, '10.0.0.0/8').result.ok).toBe(true);
    const broken = rule.replace('from_port         = 22', 'from_port         = 22 22');
    const index = indexOf({ 'a.tf': broken });
    expect(index.notes.map((n) => [n.code, n.place.line])).toContainEqual(['invalid-source', 5]);
    for (const declared of index.declarations.flatMap((d) => d.rules))
      expect(language.edit(index, { ruleId: declared.id, replacements: [] }).ok).toBe(false);
  });
});

describe('the second opinion', () => {
  it('accepts valid files and names the line of an invalid one', async () => {
    expect(await language.check({ path: 'a.tf', text: legacy('ssh', '') })).toEqual([]);
    expect(await language.check({ path: 'a.tf', text: '\uFEFFlocals {}\r\n' })).toEqual([]);
    expect(await language.check({ path: 'a.tf', text: 'locals {\n  a = 1\n  b = = 2\n}\n' })).toMatchObject([
      { code: 'invalid-hcl', place: { line: 3 } },
    ]);
    expect(await language.check({ path: 'a.tf.json', text: '{"a": [1,]}' })).toMatchObject([{ code: 'invalid-hcl' }]);
  });
});
