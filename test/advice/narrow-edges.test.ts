import { describe, expect, it } from 'vitest';
import { narrowRule } from '../../analyzer/advice/narrow.ts';
import { DEFAULT_POLICY, type Policy } from '../../analyzer/advice/policy.ts';
import { addressPlan } from '../../analyzer/advice/sources.ts';
import type { DatedUse } from '../../analyzer/advice/uses.ts';
import { parseAddress } from '../../analyzer/model/address.ts';
import type { RuleShape } from '../../analyzer/model/rule.ts';
import { inventory, rule } from './build.ts';

const PLAN = addressPlan(inventory({ vpcs: [] }));
const DAYS = Array.from({ length: 30 }, (_, day) => ({ day, records: 1 }));

/** `port peer`, or `protocol port peer`; port `-` where the logs do not show it. */
function uses(...texts: string[]): DatedUse[] {
  return texts.map((text) => {
    const parts = text.split(' ');
    const [protocol, port, peer] = parts.length === 3 ? parts : ['6', ...parts];
    return {
      protocol: Number(protocol),
      port: port === '-' ? null : Number(port),
      peer: parseAddress(peer!)!,
      peerGroups: 0,
      days: DAYS,
    };
  });
}

const told = (shapes: readonly RuleShape[]): string[] =>
  shapes.map((s) => {
    const { peer } = s;
    const who = peer.kind === 'group' ? peer.groupId : peer.kind === 'prefixList' ? peer.prefixListId : peer.cidr;
    return `${s.protocol} ${s.fromPort ?? '*'}-${s.toPort ?? '*'} ${who}`;
  });

function narrowed(text: string, seen: DatedUse[], policy: Partial<Policy> = {}) {
  const found = narrowRule(rule(text), seen, PLAN, { ...DEFAULT_POLICY, ...policy });
  return found.ok ? [found.reason, ...told(found.replacements)] : [found.why, found.heldPeers];
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('narrowing with more points than can be parted every way', () => {
  it.each<[string, string, DatedUse[], Partial<Policy>, (string | null)[]]>([
    [
      'gives each network its own ports',
      'ingress tcp 1-9999 10.0.0.0/8',
      uses(...range(100, 104).map((p) => `${p} 10.0.0.5`), ...range(9000, 9004).map((p) => `${p} 10.9.0.5`)),
      {},
      ['ports-and-sources-unused', '6 100-104 10.0.0.0/24', '6 9000-9004 10.9.0.0/24'],
    ],
    [
      'gives each port range its own networks',
      'ingress tcp 1-9999 10.0.0.0/8',
      uses(...range(0, 7).map((n) => `443 10.0.${n}.5`), '22 10.9.0.5', '22 10.9.1.5', '22 10.0.0.5'),
      {},
      ['ports-and-sources-unused', '6 22-22 10.0.0.0/24', '6 22-22 10.9.0.0/23', '6 443-443 10.0.0.0/21'],
    ],
    [
      'gives all networks the same ports where they use them',
      'ingress tcp 1-9999 10.0.0.0/8',
      uses(...range(1, 5).flatMap((p) => [`${p} 10.0.0.5`, `${p} 10.9.0.5`])),
      {},
      ['ports-and-sources-unused', '6 1-5 10.0.0.0/24', '6 1-5 10.9.0.0/24'],
    ],
    [
      'takes fewer rules where they allow little more',
      'ingress tcp 1-9999 10.0.0.0/8',
      uses(...range(1, 30).flatMap((p) => (p === 9 ? [] : [`${p} 10.0.0.5`])), '1 10.9.0.5'),
      {},
      ['ports-and-sources-unused', '6 1-1 10.9.0.0/24', '6 1-30 10.0.0.0/24'],
    ],
    [
      'never takes more rules than the policy allows',
      'ingress tcp 1-9999 10.0.0.0/8',
      uses(...range(100, 104).map((p) => `${p} 10.0.0.5`), ...range(9000, 9004).map((p) => `${p} 10.9.0.5`)),
      { maxReplacements: 1 },
      ['ports-and-sources-unused', '6 100-9004 10.0.0.0/12'],
    ],
    [
      'narrows ports only where the policy says so',
      'ingress tcp 1-9999 10.0.0.0/8',
      uses(...range(100, 104).map((p) => `${p} 10.0.0.5`), ...range(9000, 9004).map((p) => `${p} 10.9.0.5`)),
      { narrowPeers: false },
      ['ports-unused', '6 100-104 10.0.0.0/8', '6 9000-9004 10.0.0.0/8'],
    ],
    [
      'narrows peers only where the policy says so',
      'ingress tcp 1-9999 10.0.0.0/8',
      uses(...range(100, 104).map((p) => `${p} 10.0.0.5`), ...range(9000, 9004).map((p) => `${p} 10.9.0.5`)),
      { narrowPorts: false },
      ['sources-unused', '6 1-9999 10.0.0.0/24', '6 1-9999 10.9.0.0/24'],
    ],
    [
      'narrows peers only where a port is not shown',
      'ingress tcp 1-9999 10.0.0.0/8',
      uses(...range(100, 108).map((p) => `${p} 10.0.0.5`), '- 10.9.0.5'),
      {},
      ['sources-unused', '6 1-9999 10.0.0.0/24', '6 1-9999 10.9.0.0/24'],
    ],
    [
      'gives each network its own protocols',
      'ingress all * 10.0.0.0/8',
      uses(...range(1, 6).map((p) => `6 ${p} 10.0.0.5`), ...range(1, 6).map((p) => `17 ${p} 10.9.0.5`)),
      {},
      ['protocols-and-sources-unused', '6 1-6 10.0.0.0/24', '17 1-6 10.9.0.0/24'],
    ],
    [
      'gives protocols without ports their networks',
      'ingress all * 10.0.0.0/8',
      uses('47 - 10.0.0.5', '1 - 10.9.0.5'),
      {},
      ['protocols-and-sources-unused', '1 -1--1 10.9.0.0/24', '47 *-* 10.0.0.0/24'],
    ],
    [
      'works for IPv6',
      'ingress tcp 1-9999 fd00::/8',
      uses(...range(100, 104).map((p) => `${p} fd00::5`), ...range(9000, 9004).map((p) => `${p} fd99::5`)),
      {},
      ['ports-and-sources-unused', '6 100-104 fd00::/64', '6 9000-9004 fd99::/64'],
    ],
    [
      'leaves a rule that needs all it allows',
      'ingress tcp 1-2 10.0.0.0/24',
      uses('1 10.0.0.5', '2 10.0.0.6'),
      {},
      ['needs-all', null],
    ],
    [
      'says that public peers were too many',
      'ingress tcp 443 0.0.0.0/0',
      uses(...range(1, 9).map((n) => `443 203.0.113.${n}`)),
      {},
      ['needs-all', 'too-many-public-peers'],
    ],
    [
      'narrows the ports of a rule whose public peers were too many',
      'ingress tcp 1-9999 0.0.0.0/0',
      uses(...range(1, 9).map((n) => `443 203.0.113.${n}`)),
      {},
      ['ports-unused', '6 443-443 0.0.0.0/0'],
    ],
    [
      'narrows the ports of a prefix list',
      'ingress tcp 1-9999 pl-a',
      uses('443 10.0.0.5', '445 10.0.0.5'),
      {},
      ['ports-unused', '6 443-443 pl-a', '6 445-445 pl-a'],
    ],
  ])('%s', (_, text, seen, policy, expected) => {
    expect(narrowed(text, seen, policy)).toEqual(expected);
    expect(narrowed(text, seen.toReversed(), policy)).toEqual(expected);
  });

  it('writes networks as what they are', () => {
    const kinds = (text: string, seen: DatedUse[]) => {
      const found = narrowRule(rule(text), seen, PLAN, DEFAULT_POLICY);
      return found.ok ? found.replacements.map((s) => s.peer.kind) : found.why;
    };
    expect(kinds('ingress tcp 1-99 10.0.0.0/8', uses('5 10.0.0.5'))).toEqual(['cidrIpv4']);
    expect(kinds('ingress tcp 1-99 fd00::/8', uses('5 fd00::5'))).toEqual(['cidrIpv6']);
    expect(kinds('ingress tcp 1-99 sg-a', uses('5 fd00::5'))).toEqual(['group']);
  });

  it('is not done where little is saved, or where ports or peers were seen too rarely', () => {
    expect(narrowed('ingress tcp 1-2 10.0.0.0/24', uses('1 10.0.0.5'))).toEqual(['little-to-save', null]);
    const once = (...texts: string[]): DatedUse[] =>
      uses(...texts).map((use, i) => ({ ...use, days: [{ day: i, records: 1 }] }));
    const rare = (text: string, seen: DatedUse[]) => {
      const found = narrowRule(rule(text), seen, PLAN, DEFAULT_POLICY);
      return [found.ok ? 'ok' : found.why, found.missingMass];
    };
    const steady = uses('443 10.0.0.5');
    expect(rare('ingress tcp 1-9999 10.0.0.0/24', [...steady, ...once('1 10.0.0.5', '2 10.0.0.5')])).toEqual([
      'ok',
      2 / 32,
    ]);
    expect(
      rare('ingress tcp 1-9999 10.0.0.0/24', [...steady, ...once(...range(1, 10).map((p) => `${p} 10.0.0.5`))]),
    ).toEqual(['seen-too-rarely', 0.25]);
    expect(
      rare('ingress tcp 443 10.0.0.0/8', [...steady, ...once(...range(1, 10).map((n) => `443 10.0.${n}.5`))]),
    ).toEqual(['seen-too-rarely', 0.25]);
    // Where ports are not narrowed, rare ports say nothing; a port seen from two peers on two days is not rare.
    expect(rare('ingress tcp 1-9999 10.0.0.0/8', [...uses('- 10.0.0.5'), ...once('1 10.0.0.5')])).toEqual(['ok', 0]);
    expect(rare('ingress all * 10.0.0.0/24', [...uses('47 - 10.0.0.5'), ...once('1 10.0.0.5', '1 10.0.0.6')])).toEqual([
      'ok',
      0,
    ]);
  });

  it('shows for each number of rules the least space, the chosen way among them', () => {
    const seen = uses(
      ...range(100, 104).map((p) => `${p} 10.0.0.5`),
      ...range(9000, 9004).map((p) => `${p} 10.9.0.5`),
      '500 10.0.0.5',
    );
    const found = narrowRule(rule('ingress tcp 1-9999 10.0.0.0/8'), seen, PLAN, DEFAULT_POLICY);
    if (!found.ok) throw new Error(found.why);
    expect(found.frontier.map((p) => [p.rules, ...told(p.replacements)])).toEqual([
      [1, '6 100-9004 10.0.0.0/12'],
      [2, '6 100-500 10.0.0.0/24', '6 9000-9004 10.9.0.0/24'],
      [3, '6 100-104 10.0.0.0/24', '6 500-500 10.0.0.0/24', '6 9000-9004 10.9.0.0/24'],
    ]);
    expect(found.frontier.map((p) => p.share)).toEqual([0.055661816, 0.000000619, 0.000000016]);
    expect(told(found.replacements)).toEqual(told(found.frontier[2]!.replacements));
    expect(found.keptShare).toBe(0.000000016);
  });
});
