import { describe, expect, it } from 'vitest';
import type { Narrowing } from '../../analyzer/advice/narrow.ts';
import { DEFAULT_POLICY } from '../../analyzer/advice/policy.ts';
import {
  counted,
  coveredDetail,
  daysText,
  inUseDetail,
  listed,
  namedDetail,
  narrowDetail,
  notNarrowed,
  redundantDetail,
  redundantElsewhereDetail,
  ruleWords,
  STALE,
  STALE_YET,
  shareText,
  silenceDetail,
  tooRareDetail,
  unusedDetail,
} from '../../analyzer/advice/sentences.ts';
import type { Usage } from '../../analyzer/model/finding.ts';
import { rule, shape } from './build.ts';

describe('what a rule allows, within a sentence', () => {
  it.each([
    ['ingress tcp 443 10.0.0.0/8', 'TCP 443 from 10.0.0.0/8'],
    ['ingress tcp 80-90 sg-a', 'TCP 80-90 from sg-a'],
    ['egress udp * pl-a', 'UDP on all ports to pl-a'],
    ['ingress all * sg-1', 'all protocols from sg-1'],
    ['egress icmp * ::/0', 'ICMP of any type to ::/0'],
    ['ingress icmp 8-0 10.0.0.0/8', 'ICMP type 8 code 0 from 10.0.0.0/8'],
    ['ingress icmpv6 128-0 ::/0', 'ICMPv6 type 128 code 0 from ::/0'],
    ['ingress 47 * 10.0.0.0/8', 'protocol 47 from 10.0.0.0/8'],
  ])('%s is %s', (text, words) => expect(ruleWords(shape(text))).toBe(words));
});

describe('figures within a sentence', () => {
  it.each([
    [0, '0 records'],
    [1, '1 record'],
    [999, '999 records'],
    [1000, '1,000 records'],
    [12_345, '12,345 records'],
    [1_234_567, '1,234,567 records'],
  ])('%d: %s', (count, text) => expect(counted(count, 'record')).toBe(text));

  it.each<[string[], string]>([
    [[], 'none'],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
    [['a', 'b', 'c', 'd'], 'a, b and 2 more'],
    [['a', 'b', 'c', 'd', 'e'], 'a, b and 3 more'],
  ])('%j: %s', (ids, text) => expect(listed(ids)).toBe(text));

  it('round down', () => {
    expect([daysText(30.9), daysText(1.5)]).toEqual(['30 days', '1 day']);
    expect([shareText(0.0001), shareText(0.00009), shareText(0), shareText(0.5)]).toEqual([
      '0.01 %',
      'less than 0.01 %',
      'less than 0.01 %',
      '50 %',
    ]);
  });
});

describe('the argument of each verdict', () => {
  const RULE = rule('ingress tcp 443 10.0.0.0/8');
  const usage = (flows: number, daysSeen: number, onlyPermitterFlows = 0): Usage => ({
    flows,
    bytes: 0,
    packets: 0,
    firstSeen: null,
    lastSeen: null,
    onlyPermitterFlows,
    uncertainFlows: 0,
    daysSeen,
    topPeers: [],
    topPorts: [],
    evidence: {},
    perDay: [],
  });

  it('unused', () => {
    const said =
      'Under no reading of the records of 30 days could an accepted connection have needed TCP 443 from 10.0.0.0/8. Flow logs cover 99.5 % of the time in which 2 interfaces wore the group.';
    expect(unusedDetail(RULE, 30, 0.995, 2, 0)).toBe(said);
    expect(unusedDetail(RULE, 30, 0.995, 2, 1)).toBe(
      `${said} Only refused traffic reached it: 1 record that it would allow, refused by a network ACL or after the connection had closed.`,
    );
  });

  it('says of which days the refused records are, where it is not all of them', () => {
    const late = '2 records of the last 15 days that it would allow';
    expect(unusedDetail(RULE, 90, 0.995, 2, 2, 15)).toContain(`Only refused traffic reached it: ${late}, refused by`);
    expect(unusedDetail(RULE, 90, 0.995, 2, 0, 15)).toBe(unusedDetail(RULE, 90, 0.995, 2, 0));
    expect(unusedDetail(RULE, 15, 0.995, 2, 2, 15)).toBe(unusedDetail(RULE, 15, 0.995, 2, 2));
  });

  it('in use', () => {
    expect(inUseDetail(usage(5, 2, 5), true)).toBe(
      'Accepted connections need it: 5 records on 2 days, and no other rule lets them in.',
    );
    expect(inUseDetail(usage(5, 2, 1), true)).toBe(
      'Accepted connections need it: 5 records on 2 days, of which 1 record no other rule lets in.',
    );
    expect(inUseDetail(usage(5, 2), true)).toBe(
      'Accepted connections used it: 5 records on 2 days. Other rules may let each of them in as well; this one is kept for them.',
    );
    expect(inUseDetail(usage(1, 1, 1), false)).toBe(
      'Accepted connections may need it: 1 record on 1 day. Who opened them, or who the peer was, is not certain, and uncertainty counts as use.',
    );
  });

  it.each<[Partial<Extract<Narrowing, { ok: false }>>, string]>([
    [
      { heldPeers: 'too-many-public-peers', why: 'little-to-save' },
      'Its peers are not narrowed: more than 8 of them are addresses of the Internet.',
    ],
    [
      { heldPeers: 'public-peers-not-steady' },
      'Its peers are not narrowed: some of them are addresses of the Internet that were seen on fewer than 5 days.',
    ],
    [{ why: 'little-to-save' }, 'Not narrowed: at least 50 % of what it allows would stay.'],
    [{ why: 'needs-all' }, 'Nothing of it is idle, as finely as flow logs and the policy can tell.'],
  ])('not narrowed, with %j', (more, text) => {
    const narrowing = { ok: false, why: 'needs-all', missingMass: 0, heldPeers: null, ...more } as const;
    expect(notNarrowed(narrowing, DEFAULT_POLICY)).toBe(text);
  });

  it('a reference to nothing', () => {
    expect(STALE).toBe('The group that it references does not exist any more, so it allows nothing.');
    expect(STALE_YET).toBe(
      'Within the window it may still have been the only rule for connections that were accepted, so a person must decide.',
    );
  });

  it('silent for longer than its rhythm', () => {
    const day = 20_000;
    const on = (...days: number[]): Usage => ({
      ...usage(days.length, days.length),
      perDay: days.map((n) => ({ day: new Date((day + n) * 86_400_000).toISOString().slice(0, 10), flows: 1 })),
    });
    expect(silenceDetail(on(), day + 90)).toBe('');
    expect(silenceDetail(on(0, 1), day + 90)).toBe('');
    expect(silenceDetail(on(0, 7, 14), day + 34)).toBe('');
    // 1 / (1 + 0.8 / 4 × (38 / 17)^2.5), docs/confidence.md.
    expect(silenceDetail(on(0, 7, 14), day + 35)).toBe(
      ' It never paused for more than 7 days before, and has been silent since 2024-10-18, 3 periods of its rhythm: by that the chance that it is still in use is 40.09 %. A window that begins after that day can tell.',
    );
    expect(silenceDetail(on(0, 1, 2, 3, 4), day + 60)).toMatch(
      /^ It used to be used daily, and has been silent since 2024-10-08, 56 periods of its rhythm: by that the chance that it is still in use is (less than )?0(\.\d+)? %\./,
    );
  });

  it('named instead of networks', () => {
    expect(namedDetail({ kind: 'group', groupId: 'sg-a' })).toBe(
      ' Every peer that was seen wore sg-a at that time, so that stands instead of networks.',
    );
    expect(namedDetail({ kind: 'prefixList', prefixListId: 'pl-a' })).toBe(
      ' Every peer that was seen is an address of the prefix list pl-a, so that stands instead of networks.',
    );
  });

  it('seen too rarely', () => {
    expect(tooRareDetail(0.25, DEFAULT_POLICY)).toBe(
      'It could be narrower, but 25 % of its use is estimated to be still unseen, because so much of it was seen on one day only; 10 % is the limit.',
    );
  });

  it('narrower', () => {
    expect(narrowDetail(RULE, { keptShare: 0.25 }, 1, 30)).toBe(
      'All that was seen of TCP 443 from 10.0.0.0/8 in 30 days fits in one narrower rule: 25 % of the ports and addresses that it allows.',
    );
    expect(narrowDetail(RULE, { keptShare: 0.00001 }, 3, 30)).toBe(
      'All that was seen of TCP 443 from 10.0.0.0/8 in 30 days fits in 3 narrower rules: less than 0.01 % of the ports and addresses that it allows.',
    );
  });

  it('covered and redundant', () => {
    expect(coveredDetail(usage(5, 2), ['a'])).toBe(
      'All that was seen of it (5 records on 2 days) is also let in by a, which stays; what else it allows was not used.',
    );
    expect(coveredDetail(usage(5, 2), ['a', 'b'])).toContain('by a and b, which stay;');
    expect(redundantDetail(['a', 'b'])).toBe(
      'Everything it allows is also allowed by a and b of the same group, proved by set algebra.',
    );
    expect(redundantElsewhereDetail(['a'], 1)).toBe(
      'Everything it allows is also allowed by a on the only interface that wore the group within the window, proved by set algebra.',
    );
    expect(redundantElsewhereDetail(['a'], 7)).toContain('by a on each of the 7 interfaces that wore');
  });
});
