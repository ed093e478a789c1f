import { describe, expect, it } from 'vitest';
import { tidy } from '../../analyzer/advice/tidy.ts';
import { shape } from './build.ts';

const told = (...texts: string[]): string[] =>
  tidy(texts.map(shape)).map(({ direction, protocol, fromPort, toPort, peer }) => {
    const who = peer.kind === 'group' ? peer.groupId : peer.kind === 'prefixList' ? peer.prefixListId : peer.cidr;
    return `${direction} ${protocol} ${fromPort}-${toPort} ${who}`;
  });

describe('tidy', () => {
  it.each<[string, string[], string[]]>([
    ['leaves nothing of nothing', [], []],
    ['merges the ports of one group', ['ingress tcp 1-4 sg-a', 'ingress tcp 5-9 sg-a'], ['ingress 6 1-9 sg-a']],
    ['merges the ports of one list', ['ingress tcp 1-4 pl-a', 'ingress tcp 3-9 pl-a'], ['ingress 6 1-9 pl-a']],
    [
      'never merges one group with another',
      ['ingress tcp 1-4 sg-a', 'ingress tcp 1-4 sg-b', 'ingress tcp 5-9 sg-b'],
      ['ingress 6 1-4 sg-a', 'ingress 6 1-9 sg-b'],
    ],
    [
      'never merges one list with another',
      ['ingress tcp 1-4 pl-a', 'ingress tcp 5-9 pl-b'],
      ['ingress 6 1-4 pl-a', 'ingress 6 5-9 pl-b'],
    ],
    [
      'never merges what differs in direction, protocol or family',
      ['ingress tcp 1 10.0.0.0/8', 'egress tcp 1 10.0.0.0/8', 'ingress udp 1 10.0.0.0/8', 'ingress tcp 1 fd00::/8'],
      ['egress 6 1-1 10.0.0.0/8', 'ingress 6 1-1 10.0.0.0/8', 'ingress 6 1-1 fd00::/8', 'ingress 17 1-1 10.0.0.0/8'],
    ],
    [
      'drops what is said twice',
      ['ingress tcp 1 10.0.0.0/8', 'ingress tcp 1 10.0.0.0/8'],
      ['ingress 6 1-1 10.0.0.0/8'],
    ],
    ['merges halves of IPv6', ['ingress tcp 1 fd00::/9', 'ingress tcp 1 fd80::/9'], ['ingress 6 1-1 fd00::/8']],
    [
      'merges IPv6 where ports overlap',
      ['ingress tcp 1-10 fd00::/17', 'ingress tcp 1-20 fd00:8000::/17', 'ingress tcp 1-10 fd01::/16'],
      ['ingress 6 1-10 fd00::/15', 'ingress 6 1-20 fd00:8000::/17'],
    ],
    [
      'leaves ICMP types that no one rule can say',
      ['ingress icmp 8-0 10.0.0.0/8', 'ingress icmp 8-1 10.0.0.0/8'],
      ['ingress 1 8-0 10.0.0.0/8', 'ingress 1 8-1 10.0.0.0/8'],
    ],
    [
      'leaves ICMP types of a group that no one rule can say',
      ['ingress icmp 8-0 sg-a', 'ingress icmp 8-1 sg-a'],
      ['ingress 1 8-0 sg-a', 'ingress 1 8-1 sg-a'],
    ],
    [
      'leaves all as it is where one network is malformed',
      ['ingress tcp 1-4 x', 'ingress tcp 1-4 10.0.0.0/8', 'ingress tcp 5-9 10.0.0.0/8'],
      ['ingress 6 1-4 10.0.0.0/8', 'ingress 6 1-4 x', 'ingress 6 5-9 10.0.0.0/8'],
    ],
    [
      'leaves all as it is where one range is backward',
      ['ingress tcp 9-1 10.0.0.0/8', 'ingress tcp 1-4 10.0.0.0/8', 'ingress tcp 5-9 10.0.0.0/8'],
      ['ingress 6 1-4 10.0.0.0/8', 'ingress 6 5-9 10.0.0.0/8', 'ingress 6 9-1 10.0.0.0/8'],
    ],
  ])('%s', (_, texts, expected) => {
    expect(told(...texts).sort()).toEqual([...expected].sort());
    expect(told(...texts.toReversed())).toEqual(told(...texts));
  });

  it('merges one ICMP type said by its codes and whole', () => {
    const whole = { ...shape('ingress icmp 8-0 sg-a'), toPort: -1 };
    expect(tidy([shape('ingress icmp 8-0 sg-a'), whole]).map((s) => [s.fromPort, s.toPort])).toEqual([[8, -1]]);
    const wide = { ...shape('ingress icmp 8-0 10.0.0.0/8'), toPort: -1 };
    expect(tidy([shape('ingress icmp 8-0 10.0.0.0/16'), wide]).map((s) => [s.fromPort, s.toPort])).toEqual([[8, -1]]);
  });

  it('searches up to 24 rules of a kind, and only drops repetition beyond', () => {
    const ports = (n: number): string[] => Array.from({ length: n }, (_, i) => `ingress tcp ${i + 1} 10.0.0.0/8`);
    expect(told(...ports(24))).toEqual(['ingress 6 1-24 10.0.0.0/8']);
    expect(told(...ports(25))).toHaveLength(25);
    expect(told(...ports(25), ...ports(3))).toHaveLength(25);
  });

  it('is sorted by what the rules allow', () => {
    const keys = told('ingress udp 1 10.0.0.0/8', 'ingress tcp 1 10.0.0.0/8', 'egress tcp 1 10.0.0.0/8');
    expect(keys).toEqual(['egress 6 1-1 10.0.0.0/8', 'ingress 6 1-1 10.0.0.0/8', 'ingress 17 1-1 10.0.0.0/8']);
  });
});
