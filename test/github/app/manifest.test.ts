import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EVENTS } from '../../../bot/github/app/events.ts';

const manifest = parse(readFileSync(new URL('../../../.github/app.yml', import.meta.url), 'utf8')) as {
  default_permissions: Record<string, string>;
  default_events: string[];
};
const action = readFileSync(new URL('../../../action.yml', import.meta.url), 'utf8');

describe('the manifest of the App', () => {
  it('asks for the least permissions: no workflows, administration, actions or secrets', () => {
    expect(manifest.default_permissions).toEqual({
      metadata: 'read',
      contents: 'write',
      pull_requests: 'write',
      issues: 'write',
      checks: 'write',
    });
  });

  it('subscribes to what the App handles; installation events are always sent, merge_group is the operator’s choice', () => {
    const always = ['installation', 'installation_repositories', 'merge_group'];
    expect(manifest.default_events).toEqual(EVENTS.filter((one) => !always.includes(one)));
  });
});

describe('the action', () => {
  it('never puts an input into the script: each comes as an environment variable', () => {
    const { runs } = parse(action) as {
      runs: { using: string; steps: { run?: string; env?: Record<string, string> }[] };
    };
    expect(runs.using).toBe('composite');
    for (const step of runs.steps) expect(step.run ?? '').not.toContain('${{');
  });

  it('gives the command only options that it has', () => {
    const apply = readFileSync(new URL('../../../bot/cli/commands/apply.ts', import.meta.url), 'utf8');
    const plan = readFileSync(new URL('../../../bot/cli/commands/plan.ts', import.meta.url), 'utf8');
    const { runs } = parse(action) as { runs: { steps: { run: string }[] } };
    const options = [...runs.steps.at(-1)!.run.matchAll(/(?<=[( ])--[a-z-]+/g)].map(([option]) => option);
    expect(options.length).toBeGreaterThan(5);
    for (const option of options) expect(`${apply}${plan}`).toContain(option);
  });
});
