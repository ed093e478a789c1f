import { beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../analyzer/model/finding.ts';
import { canonicalShape } from '../../analyzer/model/rule.ts';
import { planChanges } from '../../bot/change/plan.ts';
import { ruleOfFinding } from '../../bot/mapping/live.ts';
import { mapRules } from '../../bot/mapping/rules.ts';
import { bindStates } from '../../bot/mapping/states.ts';
import type { SourceLanguage, TerraformState } from '../../bot/source/contract.ts';
import { createTerraformLanguage } from '../../bot/source/terraform/index.ts';
import { document, fakeTree, finding } from './fake.ts';

const MODULE = `variable "callers" { type = list(string) }

resource "aws_security_group" "this" {
  name = "svc"
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  security_group_id = aws_security_group.this.id
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = "10.0.0.0/8"
}

resource "aws_vpc_security_group_ingress_rule" "callers" {
  for_each          = toset(var.callers)
  security_group_id = aws_security_group.this.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = each.value
}
`;
const MAIN = `module "a" {
  source  = "../modules/svc"
  callers = ["10.1.0.0/16", "10.2.0.0/16"]
}

module "b" {
  source  = "../modules/svc"
  callers = ["10.1.0.0/16"]
}
`;
const FILES = { 'live/main.tf': MAIN, 'modules/svc/main.tf': MODULE };

let terraform: SourceLanguage;
beforeAll(async () => {
  terraform = await createTerraformLanguage();
});

/** Each finding by the address that the state holds it at. */
function stateOf(held: readonly (readonly [Finding, string])[]): TerraformState {
  return {
    origin: 'live.tfstate',
    root: null,
    workspace: 'default',
    groups: ['a', 'b'].map((name) => ({
      address: `module.${name}.aws_security_group.this`,
      groupId: `sg-${name}`,
      accountId: null,
      region: null,
    })),
    rules: held.map(([one, address]) => ({
      address,
      type: 'aws_vpc_security_group_ingress_rule',
      groupId: one.groupId,
      ruleId: one.ruleId,
      shape: canonicalShape(ruleOfFinding(one)!),
      description: null,
    })),
    values: {},
  };
}

async function plan(actions: readonly Finding['action'][], files: Record<string, string> = FILES) {
  const type = 'aws_vpc_security_group_ingress_rule';
  const rows = [
    ['sg-a', '22', '10.0.0.0/8', `module.a.${type}.ssh`],
    ['sg-b', '22', '10.0.0.0/8', `module.b.${type}.ssh`],
    ['sg-a', '443', '10.1.0.0/16', `module.a.${type}.callers["10.1.0.0/16"]`],
    ['sg-a', '443', '10.2.0.0/16', `module.a.${type}.callers["10.2.0.0/16"]`],
    ['sg-b', '443', '10.1.0.0/16', `module.b.${type}.callers["10.1.0.0/16"]`],
  ] as const;
  const held = rows.map(
    ([group, port, cidr, address], at) => [finding(group, port, cidr, actions[at]!), address] as const,
  );
  const findings = held.map(([one]) => one);
  const tree = fakeTree(files);
  const alone = terraform.index(tree, { states: [], stacks: [] });
  const { states, problems } = bindStates([stateOf(held)], [alone]);
  expect(problems).toEqual([]);
  expect(states[0]!.root).toBe('live');
  const facts = { states, stacks: [] };
  const index = terraform.index(tree, facts);
  const mappings = mapRules({
    rules: findings.map((one) => ruleOfFinding(one)!),
    groups: [],
    indexes: [index],
    ...facts,
  });
  const made = await planChanges({
    findings: document(findings),
    mappings,
    sources: [{ language: terraform, index, facts }],
  });
  return { made, findings };
}

const text = (made: Awaited<ReturnType<typeof plan>>['made'], path: string) =>
  made.batches.flatMap((batch) => batch.changes).find((change) => change.path === path)?.after;

describe('law 5 on Terraform modules that are called twice', () => {
  it('refuses a rule of the module that is stale in one call only, and says where it is', async () => {
    const { made, findings } = await plan(['remove', 'keep', 'keep', 'keep', 'keep']);
    expect(made.batches).toEqual([]);
    expect(made.refused.map((one) => one.finding.findingId)).toEqual([findings[0]!.findingId]);
    const [reason] = made.refused[0]!.reasons;
    expect(reason!.place.file).toBe('modules/svc/main.tf');
    expect(reason!.message).toContain('module.b');
  });

  it('removes it by one edit when it is stale in both', async () => {
    const { made } = await plan(['remove', 'remove', 'keep', 'keep', 'keep']);
    expect(made.refused).toEqual([]);
    expect(made.batches[0]!.proposals).toHaveLength(2);
    expect(text(made, 'modules/svc/main.tf')).toBe(
      MODULE.replace(/resource "aws_vpc_security_group_ingress_rule" "ssh" \{[^}]*\}\n\n/, ''),
    );
    expect(text(made, 'live/main.tf')).toBeUndefined();
  });

  it('law 6: follows a value of one call to the element of the list in that call', async () => {
    const { made } = await plan(['keep', 'keep', 'keep', 'remove', 'keep']);
    expect(made.refused).toEqual([]);
    expect(made.batches.map((batch) => batch.key)).toEqual(['terraform:live']);
    expect(text(made, 'live/main.tf')).toBe(MAIN.replace('["10.1.0.0/16", "10.2.0.0/16"]', '["10.1.0.0/16"]'));
    expect(text(made, 'modules/svc/main.tf')).toBeUndefined();
  });

  it('changes several calls and the module in one batch, one edit after the other', async () => {
    const { made } = await plan(['remove', 'remove', 'remove', 'keep', 'keep']);
    expect(made.refused).toEqual([]);
    expect(made.batches).toHaveLength(1);
    expect(made.batches[0]!.proof).toMatchObject({ rulesBefore: 5, rulesAfter: 2, removed: 3, added: 0 });
    expect(text(made, 'live/main.tf')).toBe(MAIN.replace('["10.1.0.0/16", "10.2.0.0/16"]', '["10.2.0.0/16"]'));
  });

  it('trap 9: refuses what an output refers to', async () => {
    const output = 'output "ssh" {\n  value = aws_vpc_security_group_ingress_rule.ssh.id\n}\n';
    const files = { ...FILES, 'modules/svc/outputs.tf': output };
    const { made } = await plan(['remove', 'remove', 'keep', 'keep', 'keep'], files);
    const dropped = text(made, 'modules/svc/outputs.tf') === '';
    // Either the editor takes the reference along, or there is no edit at all; a dangling one never.
    expect(dropped || made.batches.length === 0).toBe(true);
    expect(made.batches.length === 0 ? made.refused.length : made.batches[0]!.proposals.length).toBe(2);
  });
});

describe('one narrowing of ports for every source of a block', () => {
  const BLOCK = `resource "aws_security_group" "db" {
  name = "db"
}

resource "aws_security_group_rule" "db" {
  type              = "ingress"
  security_group_id = aws_security_group.db.id
  protocol          = "tcp"
  from_port         = 8000
  to_port           = 8100
  cidr_blocks       = ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"]
}
`;
  const ports = (from: number, to: number, cidrIpv4: string) => ({
    replacements: [{ protocol: 'tcp', fromPort: from, toPort: to, cidrIpv4 }],
  });

  async function narrowed(given: readonly (readonly [string, number])[]) {
    const findings = given.map(([cidr, to]) =>
      finding('sg-db', '8000-8100', cidr, 'narrow', ports(8000, to, cidr) as Partial<Finding>),
    );
    const state: TerraformState = {
      ...stateOf([]),
      groups: [{ address: 'aws_security_group.db', groupId: 'sg-db', accountId: null, region: null }],
      rules: findings.map((one) => ({
        address: 'aws_security_group_rule.db',
        type: 'aws_security_group_rule',
        groupId: 'sg-db',
        ruleId: one.ruleId,
        shape: canonicalShape(ruleOfFinding(one)!),
        description: null,
      })),
    };
    const tree = fakeTree({ 'main.tf': BLOCK });
    const { states } = bindStates([state], [terraform.index(tree, { states: [], stacks: [] })]);
    const facts = { states, stacks: [] };
    const index = terraform.index(tree, facts);
    const rules = findings.map((one) => ruleOfFinding(one)!);
    const mappings = mapRules({ rules, groups: [], indexes: [index], ...facts });
    return planChanges({ findings: document(findings), mappings, sources: [{ language: terraform, index, facts }] });
  }

  it('is one edit where all of them shrink alike, each with its own block of addresses', async () => {
    const made = await narrowed([
      ['10.1.0.0/16', 8001],
      ['10.2.0.0/16', 8001],
      ['10.3.0.0/16', 8001],
    ]);
    expect(made.refused).toEqual([]);
    expect(text(made, 'main.tf')).toBe(BLOCK.replace('8100', '8001'));
    expect(made.batches[0]!.proposals.map(({ togetherWith }) => togetherWith.length)).toEqual([2, 2, 2]);
  });

  it('sets those apart that shrink while another stays as it is', async () => {
    const made = await narrowed([
      ['10.1.0.0/16', 8001],
      ['10.2.0.0/16', 8001],
    ]);
    expect(made.refused).toEqual([]);
    const after = text(made, 'main.tf')!;
    expect(after).toContain('to_port           = 8100\n  cidr_blocks       = ["10.3.0.0/16"]');
    expect(made.batches[0]!.proof).toMatchObject({ rulesBefore: 3, rulesAfter: 3, removed: 2, added: 2 });
  });
});
