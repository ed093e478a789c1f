import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT, type Runtime } from '../../bot/cli/runtime.ts';
import { type VerifyPlanOptions, verifyPlan } from '../../bot/cli/work/verify-plan.ts';
import { attributesOf, proposalsOf } from './verify-plan.ts';

let dir = '';
let out: string[] = [];
let notes: string[] = [];
const runtime: Runtime = {
  write: async (text) => void out.push(text),
  note: (_, text) => void notes.push(text),
  progress: { report: () => {}, clear: () => {} },
  signal: new AbortController().signal,
  color: false,
  width: 80,
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-plan-'));
  out = [];
  notes = [];
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** As terraform show -json writes it for the AWS provider: every attribute, null where unset. */
function plan(...changes: object[]): object {
  return {
    format_version: '1.2',
    terraform_version: '1.11.4',
    planned_values: { root_module: {} },
    resource_changes: changes,
    configuration: { root_module: {} },
    timestamp: '2026-11-01T10:00:00Z',
    applyable: true,
    complete: true,
    errored: false,
  };
}

function change(address: string, actions: string[], before: object | null, after: object | null): object {
  const [type, name] = address.split('.');
  const change = { actions, before, after, after_unknown: {}, before_sensitive: {}, after_sensitive: {} };
  return { address, mode: 'managed', type, name, provider_name: 'registry.terraform.io/hashicorp/aws', change };
}

async function judged(of: object, options: Partial<VerifyPlanOptions> = {}) {
  const [planFile, proposals] = [join(dir, 'plan.json'), join(dir, 'proposals.json')];
  writeFileSync(planFile, JSON.stringify(of));
  writeFileSync(proposals, JSON.stringify(proposalsOf('default')));
  const code = await verifyPlan(planFile, { proposals, ...options }, runtime);
  return { code, text: out.join(''), notes };
}

const RULE = 'aws_vpc_security_group_ingress_rule.ssh';
const removal = change(RULE, ['delete'], attributesOf(22), null);

describe('pare verify-plan', () => {
  it('passes a plan that does what was proposed and nothing else, and says what it does', async () => {
    const { code, text } = await judged(plan(removal, change('aws_instance.a', ['no-op'], {}, {})));
    expect(code).toBe(EXIT.clean);
    expect(text).toBe('as proposed: removes sg-0123456789abcdef0 ingress tcp 22 from 10.1.0.0/16\n');
    expect(notes).toEqual(['the plan does what pare/root said and nothing else']);
  });

  it('fails a plan that does more, with a line for each difference', async () => {
    const more = change('aws_instance.a', ['delete', 'create'], { ami: 'a' }, { ami: 'b' });
    const { code } = await judged(plan(removal, more));
    expect(code).toBe(EXIT.error);
    expect(notes[0]).toBe('aws_instance.a: delete, create, which no proposal says');
    expect(notes.at(-1)).toContain('1 differences');
  });

  it.each([
    ['passes', [removal], true, EXIT.clean, 0],
    ['fails', [], false, EXIT.error, 2],
  ] as const)('with --json prints one document where a plan %s', async (_, changes, passes, exit, differences) => {
    const { code, text } = await judged(plan(...changes), { json: true });
    const document = JSON.parse(text);
    expect(code).toBe(exit);
    expect(document).toMatchObject({ passes, batch: 'terraform:.', branch: 'pare/root', context: 'default' });
    expect(document.differences.length).toBeGreaterThanOrEqual(differences === 0 ? 0 : 1);
    expect(document.asProposed).toHaveLength(passes ? 1 : 0);
    expect(notes).toEqual([]);
  });

  it.each([
    ['no plan', {}, /not a plan/],
    ['a list', [], /not a plan/],
    [
      'a plan with a change that has no actions',
      { format_version: '1.2', resource_changes: [{}] },
      /resource_changes\.0/,
    ],
  ])('refuses %s with one line that says where', async (_, of, why) => {
    await expect(judged(of)).rejects.toThrow(why);
  });

  it('asks for the context where the proposals are about several', async () => {
    writeFileSync(join(dir, 'two.json'), JSON.stringify(proposalsOf('prod', 'staging')));
    await expect(judged(plan(removal), { proposals: join(dir, 'two.json') })).rejects.toThrow(/prod, staging/);
    const { code } = await judged(plan(removal), { proposals: join(dir, 'two.json'), context: 'prod' });
    expect(code).toBe(EXIT.clean);
  });
});
