import { describe, expect, it } from 'vitest';
import { checkPlan, type PlanVerdict, parsePlan } from '../../bot/change/plan-check.ts';
import type { ProposalsDocument } from '../../bot/change/proposals.ts';

type Batch = ProposalsDocument['batches'][number];
const GROUP = 'sg-0123456789abcdef0';

const proposal = (cidr: string, replacements: Batch['proposals'][number]['replacements'] = []) => ({
  findingId: `f-${cidr}`,
  ruleId: `sgr-${cidr}`,
  groupId: GROUP,
  action: replacements.length === 0 ? ('remove' as const) : ('narrow' as const),
  live: { direction: 'ingress' as const, protocol: 'tcp' as const, fromPort: 22, toPort: 22, cidrIpv4: cidr },
  address: 'aws_security_group_rule.ssh',
  context: 'default',
  place: { file: 'main.tf', line: 1 },
  form: 'legacy-rule',
  mapping: { declaredRuleId: 'x#0', method: 'state-tuple' as const, confidence: 1, reason: 'the state says so' },
  replacements,
  edits: [],
  togetherWith: [],
  warnings: [],
});
const batch = (...proposals: Batch['proposals']): Batch => ({
  key: 'terraform:.',
  language: 'terraform',
  root: '.',
  branch: 'pare/root',
  title: 'x',
  patch: 'patches/root.patch',
  body: 'bodies/root.md',
  files: ['main.tf'],
  proposals,
  verification: {
    rulesBefore: 2,
    rulesAfter: 1,
    removed: 1,
    added: 0,
    contexts: ['default'],
    filesChecked: ['main.tf'],
  },
});

const legacy = (...cidrs: string[]) => ({
  type: 'ingress',
  protocol: 'tcp',
  from_port: 22,
  to_port: 22,
  security_group_id: GROUP,
  cidr_blocks: cidrs,
  self: false,
});
const change = (actions: readonly string[], before: unknown, after: unknown, more: Record<string, unknown> = {}) => ({
  address: 'aws_security_group_rule.ssh',
  mode: 'managed',
  type: 'aws_security_group_rule',
  change: { actions, before, after, after_unknown: { id: true } },
  ...more,
});

function verdict(wanted: Batch, ...changes: unknown[]): PlanVerdict {
  const plan = parsePlan({ format_version: '1.2', resource_changes: changes });
  if (typeof plan === 'string') throw new Error(plan);
  return checkPlan(plan, wanted, null);
}

describe('a plan passes only if it does what the proposal said and nothing else', () => {
  const one = batch(proposal('10.1.0.0/16'));

  it('a rule resource that is deleted', () => {
    const { kept, faults } = verdict(one, change(['delete'], legacy('10.1.0.0/16'), null));
    expect(faults).toEqual([]);
    expect(kept).toEqual([`removes ${GROUP} ingress tcp 22 from 10.1.0.0/16`]);
  });

  it('trap 4: a legacy rule that is replaced by one with an address less', () => {
    const replaced = change(['delete', 'create'], legacy('10.1.0.0/16', '10.2.0.0/16'), legacy('10.2.0.0/16'));
    expect(verdict(one, replaced).faults).toEqual([]);
  });

  it('trap 6: an inline group that is updated in place', () => {
    const ingress = (...cidrs: string[]) => [{ protocol: 'tcp', from_port: 22, to_port: 22, cidr_blocks: cidrs }];
    const group = (rules: unknown) => ({ id: GROUP, name: 'web', tags: null, ingress: rules });
    const more = { type: 'aws_security_group', address: 'aws_security_group.web' };
    const update = change(
      ['update'],
      group(ingress('10.1.0.0/16', '10.2.0.0/16')),
      group(ingress('10.2.0.0/16')),
      more,
    );
    expect(verdict(one, update).faults).toEqual([]);
    const renamed = change(['update'], group(ingress('10.1.0.0/16')), { ...group([]), name: 'other' }, more);
    expect(verdict(one, renamed).faults).toEqual(['aws_security_group.web: update changes name too']);
  });

  it('trap 5: a vpc rule that is narrowed in place', () => {
    const rule = (cidr: string) => ({
      id: 'sgr-1',
      security_group_id: GROUP,
      ip_protocol: 'tcp',
      from_port: 22,
      to_port: 22,
      cidr_ipv4: cidr,
    });
    const more = { type: 'aws_vpc_security_group_ingress_rule', address: 'aws_vpc_security_group_ingress_rule.ssh' };
    const narrower = batch(
      proposal('10.1.0.0/16', [{ protocol: 'tcp', fromPort: 22, toPort: 22, cidrIpv4: '10.1.4.0/24' }]),
    );
    expect(verdict(narrower, change(['update'], rule('10.1.0.0/16'), rule('10.1.4.0/24'), more)).faults).toEqual([]);
    expect(verdict(narrower, change(['update'], rule('10.1.0.0/16'), rule('10.1.0.0/20'), more)).faults).toHaveLength(
      2,
    );
  });

  it.each([
    ['nothing at all', [], ['does not remove']],
    [
      'another rule too',
      [change(['delete'], legacy('10.1.0.0/16', '10.9.0.0/16'), null)],
      ['removes sg-0123456789abcdef0 ingress tcp 22 from 10.9.0.0/16, which no proposal says'],
    ],
    [
      'another rule instead',
      [change(['delete'], legacy('10.9.0.0/16'), null)],
      ['does not remove', 'which no proposal says'],
    ],
    [
      'a rule more',
      [change(['delete'], legacy('10.1.0.0/16'), null), change(['create'], null, legacy('0.0.0.0/0'))],
      ['adds sg-0123456789abcdef0 ingress tcp 22 from 0.0.0.0/0, which no proposal says'],
    ],
    [
      'an instance too',
      [
        change(['delete'], legacy('10.1.0.0/16'), null),
        change(['update'], {}, {}, { type: 'aws_instance', address: 'aws_instance.a' }),
      ],
      ['aws_instance.a: update, which no proposal says'],
    ],
    [
      'a group that is replaced',
      [
        change(['delete'], legacy('10.1.0.0/16'), null),
        change(
          ['delete', 'create'],
          { id: GROUP },
          {},
          { type: 'aws_security_group', address: 'aws_security_group.web' },
        ),
      ],
      ['of the group itself'],
    ],
    ['a rule that is only forgotten', [change(['forget'], legacy('10.1.0.0/16'), null)], ['would stay in AWS']],
    [
      'a source known after apply',
      [
        change(['delete', 'create'], legacy('10.1.0.0/16'), legacy(), {
          change: {
            actions: ['delete', 'create'],
            before: legacy('10.1.0.0/16'),
            after: legacy(),
            after_unknown: { cidr_blocks: true },
          },
        }),
      ],
      ['cidr_blocks is known after apply only'],
    ],
  ])('fails for %s', (_, changes, expected) => {
    const { faults } = verdict(one, ...changes);
    expect(faults.length).toBeGreaterThan(0);
    for (const part of expected) expect(faults.join('\n')).toContain(part);
  });

  it('resources that stay and data that is read are no changes', () => {
    const quiet = [
      change(['no-op'], legacy('10.9.0.0/16'), legacy('10.9.0.0/16')),
      change(['read'], null, {}, { mode: 'data', type: 'aws_vpc', address: 'data.aws_vpc.main' }),
    ];
    expect(verdict(one, change(['delete'], legacy('10.1.0.0/16'), null), ...quiet).faults).toEqual([]);
  });

  it('a plan that ended in an error fails, and what is no plan says so', () => {
    const plan = parsePlan({
      format_version: '1.2',
      errored: true,
      resource_changes: [change(['delete'], legacy('10.1.0.0/16'), null)],
    });
    expect(typeof plan === 'string' ? [] : checkPlan(plan, one, null).faults).toEqual(['the plan ended in an error']);
    expect(parsePlan({ version: 4 })).toContain('format_version');
  });
});
