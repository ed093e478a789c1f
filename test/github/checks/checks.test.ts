import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../analyzer/model/finding.ts';
import { judge } from '../../../bot/github/checks/judge.ts';
import { changedLines } from '../../../bot/github/checks/lines.ts';
import { performCheck } from '../../../bot/github/checks/perform.ts';
import { readPullMarker } from '../../../bot/github/pulls/marker.ts';
import { runRepository } from '../../../bot/github/run/run.ts';
import { type World, world } from '../world.ts';

async function opened(roots: Record<string, number> = { live: 2 }, config?: string): Promise<World> {
  const w = world(roots, config === undefined ? {} : { config });
  await runRepository({ platform: w.repository.platform(), source: w.source, clock: w.clock, onboarding: true });
  w.clock.at = Date.parse(w.findings.document.window.to) / 1000 + 86_400;
  w.repository.writes = [];
  return w;
}

function check(w: World) {
  return performCheck({ platform: w.repository.platform(), document: w.findings.document, clock: w.clock, pull: 1 });
}

function change(w: World, n: number, more: Partial<Finding>): void {
  const { document } = w.findings;
  w.findings.document = { ...document, rules: document.rules.map((one, at) => (at === n ? { ...one, ...more } : one)) };
}

describe('the check of a pull request', () => {
  it('holds while the evidence does, and is written once', async () => {
    const w = await opened();
    expect(await check(w)).toBe('written');
    expect(w.repository.checks[0]).toMatchObject({
      conclusion: 'success',
      title: expect.stringContaining('All 2 proposals hold'),
    });
    w.repository.writes = [];
    expect(await check(w)).toBe('unchanged');
    expect(w.repository.writes).toEqual([]);
  });

  it('fails on traffic that arrived since, says which connections, and makes the pull request a draft', async () => {
    const w = await opened();
    await check(w);
    const { usage } = w.findings.document.rules[0]!;
    change(w, 0, {
      action: 'keep',
      detail: 'used by 12 flows',
      usage: {
        ...usage,
        flows: 12,
        topPeers: [{ address: '10.1.2.3', flows: 12, bytes: 1 }],
        topPorts: [{ protocol: 'tcp', port: 22, flows: 12, bytes: 1 }],
      },
    });
    expect(await check(w)).toBe('written');
    const last = w.repository.checks.at(-1)!;
    expect(last).toMatchObject({ conclusion: 'failure', title: '1 of 2 proposals no longer hold' });
    expect(last.summary).toContain('tcp 22 with 10.1.2.3');
    expect(w.repository.pulls[0]!.draft).toBe(true);
  });

  it('asks for newer evidence where it is old, and has no say where it is older than what the body tells', async () => {
    const w = await opened();
    w.clock.at += 60 * 86_400;
    await check(w);
    expect(w.repository.checks.at(-1)).toMatchObject({ conclusion: 'action_required' });
    const { document } = w.findings;
    w.findings.document = { ...document, window: { ...document.window, to: '2026-08-01T00:00:00Z' } };
    expect(await check(w)).toBe('none');
  });

  it('points at the changed lines, the failing ones first', async () => {
    const w = await opened();
    change(w, 1, { action: 'keep' });
    const pull = w.repository.pulls[0]!;
    const lines = changedLines('x.tf', 'a 10.1.0.0/16\nkeep\nb 10.2.0.0/16\n', 'keep\n');
    const result = judge({
      pull: 1,
      head: pull.head,
      marker: readPullMarker(pull.body)!,
      document: w.findings.document,
      lines,
      redact: (text) => text,
      now: w.clock.now(),
    });
    expect(result?.check.annotations.map((one) => [one.level, one.path, one.startLine])).toEqual([
      ['failure', 'x.tf', 1],
      ['notice', 'x.tf', 1],
    ]);
  });

  it('completes a check of more than 50 annotations only when all are there, and makes it once', async () => {
    const w = await opened({ live: 60 }, 'brake:\n  atLeast: 1000\nlimits:\n  rules: 100\n');
    await check(w);
    expect(w.repository.writes).toEqual(['writeCheck', 'writeCheck']);
    expect(w.repository.checks).toHaveLength(1);
    expect(w.repository.checks.every((one) => one.status === 'completed')).toBe(true);
    expect(await check(w)).toBe('unchanged');
  });

  it('fails when the replay of the newest evidence blocks anything (law 3)', async () => {
    const w = await opened();
    w.findings.document = { ...w.findings.document, replay: { connections: 1, flows: 1, blocked: 1 } };
    await check(w);
    expect(w.repository.checks.at(-1)).toMatchObject({ conclusion: 'failure' });
  });
});

describe('changed lines', () => {
  it('are lines that are there, whatever was taken out', () => {
    for (const [before, after] of [
      ['a\nb\nc\n', 'a\n'],
      ['a\n', ''],
      ['a\nb\n', 'a\nx\ny\nb\n'],
      ['', 'a\n'],
    ] as const)
      for (const one of changedLines('f', before, after)) {
        const count = Math.max(1, after.split('\n').length - 1);
        expect(one.startLine).toBeGreaterThanOrEqual(1);
        expect(one.endLine).toBeLessThanOrEqual(count);
      }
  });
});
