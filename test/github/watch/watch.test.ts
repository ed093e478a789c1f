import { describe, expect, it } from 'vitest';
import type { RefusedFlow } from '../../../analyzer/model/refused.ts';
import type { Watched } from '../../../bot/github/contract.ts';
import { runRepository } from '../../../bot/github/run/run.ts';
import { watchStep } from '../../../bot/github/watch/decide.ts';
import { regretsOf } from '../../../bot/github/watch/refused.ts';
import { openRevert } from '../../../bot/github/watch/revert.ts';
import { document, finding } from '../../change/fake.ts';
import { world } from '../world.ts';

const GONE = finding('sg-1', '22', '10.1.0.0/16', 'remove');
const FLOW: RefusedFlow = {
  interfaceId: 'eni-1',
  groups: ['sg-1'],
  opened: 'inbound',
  protocol: 6,
  localPort: 22,
  peerPort: null,
  peer: '10.1.2.3',
  peerPacket: null,
  records: 1,
  packets: 3,
  first: 200,
  last: 300,
};

function regrets(flow: Partial<RefusedFlow>, gone = GONE, members: Record<string, string[]> = {}) {
  return regretsOf([gone], [{ ...FLOW, ...flow }], 100, (id) => members[id] ?? null);
}

describe('refused packets and what was removed', () => {
  it.each([
    ['the same', {}, true],
    ['nobody knows who opened', { opened: 'unknown' }, true],
    ['the port is not known', { localPort: null }, true],
    ['the packet address is within', { peer: '192.0.2.1', peerPacket: '10.1.9.9' }, true],
    ['another port', { localPort: 23 }, false],
    ['another protocol', { protocol: 17 }, false],
    ['outbound', { opened: 'outbound' }, false],
    ['another peer', { peer: '10.2.0.1' }, false],
    ['another group', { groups: ['sg-2'] }, false],
    ['before the merge', { last: 100 }, false],
  ] as const)('%s', (_, flow, matches) => {
    expect(regrets(flow as Partial<RefusedFlow>)).toHaveLength(matches ? 1 : 0);
  });

  it('what stands instead of a narrowed rule lets in is no regret', () => {
    const narrowed = {
      ...GONE,
      action: 'narrow' as const,
      replacements: [{ protocol: 'tcp' as const, fromPort: 22, toPort: 22, cidrIpv4: '10.1.2.0/24' }],
    };
    expect(regrets({}, narrowed)).toEqual([]);
    expect(regrets({ peer: '10.1.3.3' }, narrowed)).toHaveLength(1);
  });

  it('a group as peer is certain where its members are known, and perhaps where they are not', () => {
    const byGroup = { ...GONE, peer: { referencedGroupId: 'sg-9' } };
    expect(regrets({}, byGroup)[0]?.certain).toBe(false);
    expect(regrets({}, byGroup, { 'sg-9': ['10.1.2.3'] })[0]?.certain).toBe(true);
    expect(regrets({}, byGroup, { 'sg-9': ['10.1.2.4'] })).toEqual([]);
  });
});

describe('the watch', () => {
  const merged = Date.parse('2026-09-01T00:00:00Z') / 1000;
  const watched: Watched = {
    pull: 1,
    findings: [GONE.findingId],
    mergedAt: merged,
    mergeCommit: 'c',
    stage: 'merged',
    told: null,
  };
  const now = merged + 40 * 86_400;
  const none = document([]);

  it.each([
    ['evidence older than the merge says nothing', { ...watched, mergedAt: now }, none, 'wait'],
    ['the rule is gone: applied', watched, none, 'applied'],
    ['applied long ago and nothing missed: done', { ...watched, stage: 'applied' as const }, none, 'done'],
    ['still live after two weeks: asked about', watched, document([GONE]), 'unapplied'],
    ['asked about once', { ...watched, told: 1 }, document([GONE]), 'wait'],
  ] as const)('%s', (_, one, evidence, state) => {
    expect(watchStep(one, evidence, [], 'none', now).state).toBe(state);
  });

  it('regrets at once, also before the inventory shows that it was applied, and only once', () => {
    const found = regrets({});
    expect(watchStep(watched, none, found, 'none', merged + 1).state).toBe('regret');
    expect(watchStep({ ...watched, stage: 'regretted' }, none, found, 'open', now).state).toBe('wait');
    expect(watchStep({ ...watched, stage: 'regretted' }, none, found, 'merged', now).state).toBe('reverted');
  });
});

describe('the way back', () => {
  async function mergedWorld() {
    const w = world({ live: 3 });
    await runRepository({ platform: w.repository.platform(), source: w.source, clock: w.clock, onboarding: true });
    const before = w.repository.files.get(w.repository.branches.get('main')!)!.get('live/x.fake')!;
    w.repository.merge(1);
    return { w, before };
  }
  const told = { by: 'alice', issue: null, again: false };

  it('puts the bytes back', async () => {
    const { w, before } = await mergedWorld();
    const platform = w.repository.platform();
    const outcome = await openRevert(platform, (await platform.pull(1))!, told);
    expect(outcome.state).toBe('opened');
    expect(w.repository.files.get(w.repository.branches.get('pare/revert-1')!)!.get('live/x.fake')).toBe(before);
    expect((await openRevert(platform, (await platform.pull(1))!, told)).state).toBe('open');
  });

  it('keeps what others changed since at other lines', async () => {
    const { w, before } = await mergedWorld();
    w.repository.push('main', { 'live/y.fake': 'other\n' }, 'bob');
    const platform = w.repository.platform();
    await openRevert(platform, (await platform.pull(1))!, told);
    const files = w.repository.files.get(w.repository.branches.get('pare/revert-1')!)!;
    expect([files.get('live/x.fake'), files.get('live/y.fake')]).toEqual([before, 'other\n']);
  });

  it('respects that a revert was closed, until somebody asks again', async () => {
    const { w } = await mergedWorld();
    const platform = w.repository.platform();
    const opened = await openRevert(platform, (await platform.pull(1))!, told);
    if (opened.state !== 'opened') throw new Error(opened.state);
    w.repository.closeByHand(opened.pull, 'bob');
    expect((await openRevert(platform, (await platform.pull(1))!, told)).state).toBe('closed');
    expect((await openRevert(platform, (await platform.pull(1))!, { ...told, again: true })).state).toBe('opened');
  });

  it('says so where the lines around it are others now', async () => {
    const w = world({ live: 3 });
    const [first, kept, last] = w.findings.document.rules;
    w.findings.document = { ...w.findings.document, rules: [first!, { ...kept!, action: 'keep' }, last!] };
    await runRepository({ platform: w.repository.platform(), source: w.source, clock: w.clock, onboarding: true });
    w.repository.merge(1);
    w.repository.push('main', { 'live/x.fake': 'all\nanew\n' }, 'bob');
    const platform = w.repository.platform();
    expect(await openRevert(platform, (await platform.pull(1))!, told)).toEqual({
      state: 'impossible',
      why: 'live/x.fake changed since at the same lines',
    });
  });
});
