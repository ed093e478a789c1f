import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatProblem } from '../../../analyzer/model/problem.ts';
import { shapeKey } from '../../../analyzer/model/rule.ts';
import type { TerraformState } from '../../../bot/source/contract.ts';
import { isProblem, parseTerraformState, readStates } from '../../../bot/source/state/index.ts';

interface Instance {
  type: string;
  attributes: Record<string, unknown>;
  module?: string;
  mode?: 'managed' | 'data';
  name?: string;
  key?: string | number;
  deposed?: string;
}

function version4(instances: readonly Instance[]): string {
  const resources = instances.map(({ type, attributes, module, mode, name, key, deposed }) => ({
    ...(module === undefined ? {} : { module }),
    mode: mode ?? 'managed',
    type,
    name: name ?? 'x',
    provider: 'provider["registry.terraform.io/hashicorp/aws"]',
    instances: [
      { ...(key === undefined ? {} : { index_key: key }), ...(deposed === undefined ? {} : { deposed }), attributes },
    ],
  }));
  return JSON.stringify({ version: 4, terraform_version: '1.9.0', serial: 1, lineage: 'l', outputs: {}, resources });
}

function stateOf(instances: readonly Instance[]): TerraformState {
  const state = parseTerraformState(version4(instances), 's.tfstate');
  if (isProblem(state)) throw new Error(formatProblem(state));
  return state;
}

const tuples = (state: TerraformState) =>
  state.rules.map((rule) => `${rule.groupId} ${shapeKey(rule.shape)} ${rule.ruleId}`);

const LEGACY = {
  type: 'ingress',
  security_group_id: 'sg-1',
  protocol: 'tcp',
  from_port: 22,
  to_port: 22,
  cidr_blocks: null,
  ipv6_cidr_blocks: null,
  prefix_list_ids: null,
  self: false,
  source_security_group_id: null,
  description: '',
  id: 'sgrule-123',
  security_group_rule_id: '',
};

describe('rules of a state are split to one source each, in canonical shape', () => {
  it('splits aws_security_group_rule, and trusts its sgr id only where it makes one rule', () => {
    const many = {
      ...LEGACY,
      cidr_blocks: ['10.0.0.0/8', '10.1.0.0/16'],
      ipv6_cidr_blocks: ['::/0'],
      prefix_list_ids: ['pl-1'],
      self: true,
      security_group_rule_id: 'sgr-9',
    };
    expect(tuples(stateOf([{ type: 'aws_security_group_rule', attributes: many }]))).toEqual([
      'sg-1 ingress|tcp|22|22|cidrIpv4|10.0.0.0/8 null',
      'sg-1 ingress|tcp|22|22|cidrIpv4|10.1.0.0/16 null',
      'sg-1 ingress|tcp|22|22|cidrIpv6|::/0 null',
      'sg-1 ingress|tcp|22|22|group|sg-1 null',
      'sg-1 ingress|tcp|22|22|prefixList|pl-1 null',
    ]);
    const one = {
      ...LEGACY,
      type: 'egress',
      protocol: '-1',
      from_port: 0,
      to_port: 0,
      source_security_group_id: '444455556666/sg-2',
      security_group_rule_id: 'sgr-9',
    };
    const state = stateOf([{ type: 'aws_security_group_rule', attributes: one }]);
    expect(tuples(state)).toEqual(['sg-1 egress|-1|||group|sg-2 sgr-9']);
    expect(state.rules[0]!.shape.peer).toMatchObject({ accountId: '444455556666' });
    expect(state.rules[0]!.description).toBeNull();
  });

  it.each([
    [{ cidr_ipv4: '192.0.2.7/24' }, 'ingress|tcp|443|443|cidrIpv4|192.0.2.0/24'],
    [{ cidr_ipv6: '2001:DB8::/32' }, 'ingress|tcp|443|443|cidrIpv6|2001:db8::/32'],
    [{ prefix_list_id: 'pl-1' }, 'ingress|tcp|443|443|prefixList|pl-1'],
    [{ referenced_security_group_id: '444455556666/sg-2' }, 'ingress|tcp|443|443|group|sg-2'],
    [
      { cidr_ipv4: '10.0.0.0/8', ip_protocol: '-1', from_port: null, to_port: null },
      'ingress|-1|||cidrIpv4|10.0.0.0/8',
    ],
    [
      { cidr_ipv4: '10.0.0.0/8', ip_protocol: 'icmp', from_port: 8, to_port: -1 },
      'ingress|icmp|8|-1|cidrIpv4|10.0.0.0/8',
    ],
  ])('reads aws_vpc_security_group_ingress_rule %j', (source, expected) => {
    const attributes = {
      id: 'sgr-7',
      security_group_rule_id: 'sgr-7',
      security_group_id: 'sg-1',
      ip_protocol: 'tcp',
      from_port: 443,
      to_port: 443,
      ...source,
    };
    expect(tuples(stateOf([{ type: 'aws_vpc_security_group_ingress_rule', attributes }]))).toEqual([
      `sg-1 ${expected} sgr-7`,
    ]);
  });

  it('reads the inline sets of a group and of a default group, without rule ids', () => {
    const inline = {
      protocol: '6',
      from_port: 0,
      to_port: 65535,
      cidr_blocks: ['10.0.0.0/8'],
      ipv6_cidr_blocks: [],
      prefix_list_ids: [],
      security_groups: ['sg-2'],
      self: true,
      description: 'd',
    };
    const attributes = { id: 'sg-1', ingress: [inline], egress: [{ ...inline, self: false, security_groups: [] }] };
    for (const type of ['aws_security_group', 'aws_default_security_group'])
      expect(tuples(stateOf([{ type, attributes }]))).toEqual([
        'sg-1 egress|tcp|0|65535|cidrIpv4|10.0.0.0/8 null',
        'sg-1 ingress|tcp|0|65535|cidrIpv4|10.0.0.0/8 null',
        'sg-1 ingress|tcp|0|65535|group|sg-1 null',
        'sg-1 ingress|tcp|0|65535|group|sg-2 null',
      ]);
  });

  it('leaves out deposed objects and data sources, which make no rules', () => {
    const attributes = { ...LEGACY, cidr_blocks: ['10.0.0.0/8'] };
    const group = { id: 'sg-1', ingress: [{ protocol: 'tcp', from_port: 1, to_port: 1, cidr_blocks: ['10.0.0.0/8'] }] };
    const state = stateOf([
      { type: 'aws_security_group_rule', attributes, deposed: 'abcd' },
      { type: 'aws_security_group', mode: 'data', attributes: group },
    ]);
    expect(state.rules).toEqual([]);
    expect(state.groups.map((one) => one.address)).toEqual(['data.aws_security_group.x']);
  });
});

describe('addresses are what Terraform prints', () => {
  it.each([
    [{}, 'aws_security_group.x'],
    [{ key: 0 }, 'aws_security_group.x[0]'],
    [{ key: 'a.b' }, 'aws_security_group.x["a.b"]'],
    [{ key: 'q"\\$' + '{v}%' + '{w}\n' }, 'aws_security_group.x["q\\"\\\\$$' + '{v}%%' + '{w}\\n"]'],
    [{ module: 'module.a["eu"].module.b[1]', key: 2 }, 'module.a["eu"].module.b[1].aws_security_group.x[2]'],
  ])('%j is %s', (place, expected) => {
    const attributes = { id: 'sg-1', arn: 'arn:aws-cn:ec2:cn-north-1:111122223333:security-group/sg-1' };
    expect(stateOf([{ type: 'aws_security_group', attributes, ...place }]).groups).toEqual([
      { address: expected, groupId: 'sg-1', accountId: '111122223333', region: 'cn-north-1' },
    ]);
  });
});

describe('state is secret: only what rules refer to is kept', () => {
  it('keeps addresses and ids, and nothing of a database but its port', () => {
    const state = stateOf([
      { type: 'aws_vpc', attributes: { id: 'vpc-1', cidr_block: '10.0.0.0/16', tags: { a: 'hunter2' } } },
      { type: 'aws_ip_ranges', mode: 'data', attributes: { cidr_blocks: ['192.0.2.0/24'], url: 'hunter2' } },
      { type: 'aws_db_instance', attributes: { port: 5432, password: 'hunter2', address: 'hunter2' } },
      { type: 'random_password', attributes: { result: 'hunter2' } },
      {
        type: 'terraform_remote_state',
        mode: 'data',
        attributes: {
          outputs: {
            value: { net: '10.1.0.0/16', groups: ['sg-1'], key: 'hunter2', mixed: ['10.0.0.0/8', 'hunter2'] },
            type: [],
          },
        },
      },
    ]);
    expect(state.values).toEqual({
      'aws_db_instance.x.port': '5432',
      'aws_vpc.x.cidr_block': '10.0.0.0/16',
      'aws_vpc.x.id': 'vpc-1',
      'data.aws_ip_ranges.x.cidr_blocks': ['192.0.2.0/24'],
      'data.terraform_remote_state.x.outputs.groups': ['sg-1'],
      'data.terraform_remote_state.x.outputs.net': '10.1.0.0/16',
    });
    expect(JSON.stringify(state)).not.toContain('hunter2');
  });
});

describe('terraform show -json', () => {
  const values = {
    root_module: {
      resources: [{ address: 'aws_vpc.v', mode: 'managed', type: 'aws_vpc', values: { cidr_block: '10.0.0.0/16' } }],
      child_modules: [
        {
          address: 'module.a["x"]',
          resources: [
            {
              address: 'module.a["x"].aws_security_group_rule.y[0]',
              mode: 'managed',
              type: 'aws_security_group_rule',
              index: 0,
              values: { ...LEGACY, cidr_blocks: ['10.0.0.0/8'] },
            },
          ],
        },
      ],
    },
  };
  it.each([
    ['a state', { format_version: '1.0', values }],
    [
      'the prior state of a plan',
      {
        format_version: '1.2',
        planned_values: {},
        resource_changes: [],
        prior_state: { format_version: '1.0', values },
      },
    ],
  ])('is read from %s', (_, json) => {
    const state = parseTerraformState(JSON.stringify(json), 's.json');
    if (isProblem(state)) throw new Error(formatProblem(state));
    expect(state.rules.map((rule) => rule.address)).toEqual(['module.a["x"].aws_security_group_rule.y[0]']);
    expect(state.values).toEqual({ 'aws_vpc.v.cidr_block': '10.0.0.0/16' });
  });

  it('is read however deep its modules nest', () => {
    const inner = JSON.stringify({ resources: values.root_module.resources });
    const module = `${'{"child_modules":['.repeat(3000)}${inner}${']}'.repeat(3000)}`;
    const state = parseTerraformState(`{"format_version":"1.0","values":{"root_module":${module}}}`, 's.json');
    expect(isProblem(state) ? state : state.values).toEqual({ 'aws_vpc.v.cidr_block': '10.0.0.0/16' });
  });
});

describe('what is no state gets one line with the next step', () => {
  it.each([
    ['', 'state-empty-file'],
    ['PK\u0003\u0004', 'state-binary-plan'],
    ['{"@level":"info"}\n{"@level":"info"}', 'state-log'],
    ['{"version": 4,', 'state-not-json'],
    ['[]', 'state-foreign'],
    ['{"a": 1}', 'state-foreign'],
    ['{"version": 3, "modules": []}', 'state-too-old'],
    ['{"version": 3, "backend": {"type": "s3"}}', 'state-backend-pointer'],
    ['{"version": 5}', 'state-too-new'],
    ['{"version": 4, "resources": []}', 'state-empty'],
    ['{"version": 4, "resources": [{"mode": 1}]}', 'state-malformed'],
    ['{"serial": 1, "lineage": "l", "encrypted_data": "x", "encryption_version": "v0"}', 'state-encrypted'],
    ['{"format_version": "1.0"}', 'state-empty'],
    ['{"format_version": "1.2", "resource_changes": []}', 'state-plan-without-state'],
    ['{"format_version": "1.0", "values": {"root_module": {"resources": [{}]}}}', 'state-malformed'],
  ])('%j is %s', (text, code) => {
    const problem = parseTerraformState(text, 'dir/s.tfstate');
    if (!isProblem(problem)) throw new Error('taken for a state');
    expect(problem.code).toBe(code);
    expect(formatProblem(problem)).toMatch(/^dir\/s\.tfstate(:[\w.[\]]+)?: [^\n]+; [^\n]+$/);
  });
});

describe('--state arguments', () => {
  let dir = '';
  let path = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'pare-state-'));
    path = join(dir, 's.tfstate');
    await writeFile(path, `\uFEFF${version4([{ type: 'aws_vpc', attributes: { id: 'vpc-1' } }])}`);
    await writeFile(join(dir, 'bad'), Buffer.from([0x7b, 0xff]));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it.each([
    ['', null],
    ['live/prod/=', 'live/prod'],
    ['./=', '.'],
    ['.=', '.'],
  ])('with the prefix %j belong to root %j', async (prefix, root) => {
    const { states, problems } = await readStates([`${prefix}${path}`]);
    expect(problems).toEqual([]);
    expect(states.map((state) => [state.root, state.workspace])).toEqual([[root, 'default']]);
  });

  it('take the workspace from the folder that Terraform and the S3 backend use', () => {
    const text = version4([{ type: 'aws_vpc', attributes: {} }]);
    for (const origin of ['app/terraform.tfstate.d/eu/terraform.tfstate', 's3://b/env:/eu/app.tfstate'])
      expect(parseTerraformState(text, origin)).toMatchObject({ workspace: 'eu' });
  });

  it('that cannot be read are problems, the others are still read', async () => {
    const { states, problems } = await readStates([join(dir, 'none'), join(dir, 'bad'), dir, path]);
    expect(problems.map((problem) => problem.code)).toEqual(['state-unreadable', 'state-not-utf8', 'state-is-folder']);
    expect(states.length).toBe(1);
  });
});
