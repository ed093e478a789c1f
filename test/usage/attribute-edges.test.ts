import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import type { InterfaceState } from '../../analyzer/model/interface.ts';
import type { Inventory } from '../../analyzer/model/inventory.ts';
import { type AttributionInput, attribute, sortRules } from '../../analyzer/usage/attribute.ts';
import type { ConnectionClass, Evidence } from '../../analyzer/usage/evidence.ts';
import { covered, days, eni, FROM, flow, group, inventory, rule } from '../advice/build.ts';
import { batches } from './worlds.ts';

const WINDOW = days(30);
const DAY = 86_400;

function attributed(
  parts: Partial<Inventory>,
  rows: readonly LedgerRow[],
  more: Partial<AttributionInput> = {},
): Promise<Evidence> {
  return attribute({
    inventory: inventory(parts),
    ledger: batches(rows),
    coverage: batches(covered(WINDOW)),
    window: WINDOW,
    ...more,
  });
}

/** `direction port peer yes/maybe`, rules by their number. */
const told = (evidence: Evidence): string[] =>
  evidence.classes.map(
    (c: ConnectionClass) =>
      `${c.direction} ${c.port ?? '-'} ${c.peer.value} ${c.yes.join()}/${c.maybe.join()}${c.certain ? '' : ' ?'}`,
  );

describe('law 7: rules in one order', () => {
  it('by account, Region, group, direction, id, and last by what they allow', () => {
    const sorted = [
      rule('ingress tcp 9 10.0.0.0/8', { accountId: '1', region: 'b', groupId: 'sg-b', ruleId: 'sgr-9' }),
      rule('egress tcp 9 10.0.0.0/8', { accountId: '2', region: 'a', groupId: 'sg-b', ruleId: 'sgr-9' }),
      rule('egress tcp 1 10.0.0.0/8', { accountId: '2', region: 'b', groupId: 'sg-a', ruleId: 'sgr-9' }),
      rule('egress tcp 1 10.0.0.0/8', { accountId: '2', region: 'b', groupId: 'sg-b', ruleId: 'sgr-9' }),
      rule('ingress tcp 9 10.0.0.0/8', { accountId: '2', region: 'b', groupId: 'sg-b', ruleId: 'sgr-1' }),
      rule('ingress tcp 1 10.0.0.0/8', { accountId: '2', region: 'b', groupId: 'sg-b', ruleId: 'sgr-2' }),
      rule('ingress tcp 2 10.0.0.0/8', { accountId: '2', region: 'b', groupId: 'sg-b', ruleId: 'sgr-2' }),
    ];
    expect(sortRules(sorted.toReversed())).toEqual(sorted);
    expect(sortRules([...sorted.slice(3), ...sorted.slice(0, 3)])).toEqual(sorted);
  });
});

describe('attribution', () => {
  const rules = [rule('ingress tcp 443 10.0.0.0/8'), rule('egress tcp 443 10.0.0.0/8')];

  it('counts accepted records once each: explained, unfiltered, unexplained', async () => {
    const bare = eni('eni-nat', [], ['10.0.0.9']);
    const evidence = await attributed({ rules, interfaces: [eni('eni-web', ['sg-web'], ['10.0.0.10']), bare] }, [
      flow(1, 6, 443, '10.1.1.1', { records: 1 }),
      flow(1, 6, 80, '10.1.1.1', { records: 2 }),
      flow(1, 6, 80, '10.1.1.1', { records: 4, interfaceId: 'eni-nat' }),
      flow(1, 6, 80, '10.1.1.1', { records: 8, interfaceId: 'eni-gone' }),
      flow(1, 6, 443, '10.1.1.1', { records: 16, action: 'REJECT' }),
    ]);
    expect(evidence.totals).toEqual({ explained: 1, unfiltered: 4, unexplained: 10 });
    expect(evidence.unexplained.map((u) => [u.interfaceId, u.reason, u.records])).toEqual([
      ['eni-gone', 'unknown-interface', 8],
      ['eni-web', 'no-rule', 2],
    ]);
  });

  it('notes refused records of rules that certainly allow them, and never as use', async () => {
    const evidence = await attributed({ rules }, [
      flow(1, 6, 443, '10.1.1.1', { action: 'REJECT', records: 3 }),
      flow(2, 6, 443, '10.1.1.1', { action: 'REJECT', records: 4 }),
      flow(2, 6, 80, '10.1.1.1', { action: 'REJECT', records: 5 }),
      flow(2, 6, null, '10.1.1.1', { action: 'REJECT', records: 6 }),
      flow(2, 6, 443, '10.1.1.1', { action: 'REJECT', records: 7, opened: 'unknown', peerPort: 443 }),
      flow(2, 6, null, '10.1.1.1', { action: 'REJECT', records: 8, opened: 'outbound', peerPort: 443 }),
      flow(2, 6, 443, '10.1.1.1', { action: 'REJECT', records: 9, interfaceId: 'eni-gone' }),
    ]);
    expect([...evidence.refused!]).toEqual([
      [0, 8],
      [1, 7],
    ]);
    expect(evidence.classes).toEqual([]);
  });

  it('reckons with both sides of a change within the slack, by default ten minutes', async () => {
    const at = FROM + DAY;
    const interfaces = [
      eni('eni-web', ['sg-web'], ['10.0.0.10'], { to: at }),
      eni('eni-web', ['sg-new'], ['10.0.0.10'], { from: at }),
    ];
    const groups = [group('sg-web'), group('sg-new')];
    const both = [
      rule('ingress tcp 443 10.0.0.0/8'),
      rule('ingress tcp 443 10.0.0.0/8', { groupId: 'sg-new', ruleId: 'sgr-n' }),
    ];
    const seen = async (from: number, to: number, slackSeconds?: number): Promise<string[]> =>
      told(
        await attributed(
          { rules: both, interfaces, groups },
          [flow(0, 6, 443, '10.1.1.1', { first: at + from, last: at + to })],
          slackSeconds === undefined ? {} : { slackSeconds },
        ),
      );
    const one = 10 * 2 ** 24 + 2 ** 16 + 2 ** 8 + 1;
    expect(await seen(-700, -601)).toEqual([`ingress 443 ${one} 1/`]);
    expect(await seen(-700, -600)).toEqual([`ingress 443 ${one} 0/ ?`, `ingress 443 ${one} 1/ ?`]);
    expect(await seen(599, 700)).toEqual([`ingress 443 ${one} 0/ ?`, `ingress 443 ${one} 1/ ?`]);
    expect(await seen(600, 700)).toEqual([`ingress 443 ${one} 0/`]);
    expect(await seen(-100, -1, 0)).toEqual([`ingress 443 ${one} 1/`]);
    expect(await seen(-100, 0, 0)).toEqual([`ingress 443 ${one} 0/ ?`, `ingress 443 ${one} 1/ ?`]);
  });

  it('tells the coverage of every group of the inventory', async () => {
    const evidence = await attributed({ groups: [group('sg-web'), group('sg-idle')] }, []);
    expect([...evidence.coverage].map(([id, c]) => [id, c.observedInterfaceHours, c.expectedInterfaceHours])).toEqual([
      ['sg-idle', 0, 0],
      ['sg-web', 720, 720],
    ]);
  });

  it('is unfiltered, not unexplained, where the interface may have worn nothing then', async () => {
    const interfaces = [
      eni('eni-web', [], ['10.0.0.10'], { to: FROM + DAY }),
      eni('eni-web', ['sg-web'], ['10.0.0.10'], { from: FROM + DAY }),
    ];
    const evidence = await attributed({ rules, interfaces }, [
      flow(0, 6, 80, '10.1.1.1', { first: FROM + DAY - 10, last: FROM + DAY + 10, records: 3 }),
    ]);
    expect(evidence.totals).toEqual({ explained: 0, unfiltered: 3, unexplained: 0 });
  });

  it('names the reason where a group worn is not in the inventory', async () => {
    const interfaces = [eni('eni-web', ['sg-gone', 'sg-web'], ['10.0.0.10'])];
    const evidence = await attributed({ rules, interfaces }, [flow(0, 6, 80, '10.1.1.1')]);
    expect(evidence.unexplained.map((u) => [u.reason, u.groups, u.direction])).toEqual([
      ['unknown-group', ['sg-gone', 'sg-web'], 'ingress'],
    ]);
  });
});

describe('law 1: the readings of a row', () => {
  const rules = [rule('egress tcp 443 0.0.0.0/0'), rule('ingress tcp 80 0.0.0.0/0')];
  const web = { rules };
  const one = (more: Partial<LedgerRow>) => flow(1, 6, 80, '0.0.0.9', more);

  it.each<[string, Partial<LedgerRow>, string[]]>([
    ['opened inbound by its own port', {}, ['ingress 80 9 1/']],
    ['opened outbound by the peer’s', { opened: 'outbound', localPort: null, peerPort: 443 }, ['egress 443 9 0/']],
    [
      'by nobody knows whom, both ways',
      { opened: 'unknown', peerPort: 443 },
      ['egress 443 9 0/ ?', 'ingress 80 9 1/ ?'],
    ],
    ['by nobody knows whom, where one way is allowed', { opened: 'unknown', peerPort: 444 }, ['ingress 80 9 1/ ?']],
    [
      'inferred the wrong way, the other',
      { opened: 'outbound', evidence: 'fan', peerPort: 444 },
      ['ingress 80 9 1/ ?'],
    ],
    [
      'inferred the wrong way inbound, the other',
      { localPort: 81, peerPort: 443, evidence: 'listener' },
      ['egress 443 9 0/ ?'],
    ],
    ['inferred the right way, that one only', { evidence: 'start', peerPort: 443 }, ['ingress 80 9 1/']],
    ['seen the wrong way, none', { opened: 'outbound', evidence: 'syn', peerPort: 444 }, []],
    ['from both addresses of the peer', { peerPacketAddress: '0.0.0.8' }, ['ingress 80 8 1/ ?', 'ingress 80 9 1/ ?']],
    ['from one address told twice', { peerPacketAddress: '0.0.0.9' }, ['ingress 80 9 1/']],
    ['from no address', { peerAddress: '-' }, []],
    ['without a port', { localPort: null }, ['ingress - 9 /1']],
    ['of a protocol without ports', { protocol: 47 }, []],
  ])('%s', async (_, more, expected) => {
    expect(told(await attributed(web, [one(more)]))).toEqual(expected);
  });

  it('in doubt are counted once, and told apart from what is certain', async () => {
    const evidence = await attributed(web, [
      one({ opened: 'unknown', peerPort: 443, records: 5 }),
      one({ records: 7 }),
    ]);
    expect(told(evidence)).toEqual(['egress 443 9 0/ ?', 'ingress 80 9 1/', 'ingress 80 9 1/ ?']);
    expect(evidence.ambiguous.map((a) => [a.classes, a.records])).toEqual([[[0, 2], 5]]);
    expect(evidence.totals.explained).toBe(12);
  });
});

describe('law 1: the groups of a peer', () => {
  const ref = (more: object = {}) =>
    rule('ingress tcp 443 sg-app', { peer: { kind: 'group', groupId: 'sg-app', ...more } });
  const groups = [group('sg-web'), group('sg-app'), group('sg-other', { vpcId: 'vpc-2' })];
  const vpcs = [
    { vpcId: 'vpc-1', accountId: '111122223333', region: 'eu-west-1', cidrs: ['10.0.0.0/16', 'fd00::/64'] },
    { vpcId: 'vpc-2', accountId: '111122223333', region: 'eu-west-1', cidrs: ['10.2.0.0/16'] },
  ];
  const web = eni('eni-web', ['sg-web'], ['10.0.0.10']);
  async function says(peer: string, interfaces: InterfaceState[], more: Partial<Inventory> = {}): Promise<string> {
    const evidence = await attributed({ rules: [ref()], groups, vpcs, interfaces: [web, ...interfaces], ...more }, [
      flow(1, 6, 443, peer),
    ]);
    const [c] = evidence.classes;
    if (c === undefined) return 'no';
    return c.yes.length > 0 ? 'yes' : 'maybe';
  }
  const app = (more: Partial<InterfaceState> = {}, address = '10.0.0.20') =>
    eni('eni-app', ['sg-app'], [address], more);

  it.each<[string, string, InterfaceState[], Partial<Inventory>, string]>([
    ['who wore it throughout', '10.0.0.20', [app()], {}, 'yes'],
    ['who wore another throughout', '10.0.0.20', [app({ groups: ['sg-web'] })], {}, 'no'],
    ['whom nobody knows, in the VPC', '10.0.0.21', [app()], {}, 'maybe'],
    ['whom nobody knows, outside all VPCs', '192.0.2.1', [app()], {}, 'no'],
    ['whom nobody knows, in another VPC than the group’s', '10.2.0.1', [app()], {}, 'no'],
    ['who wore it, but not to the end', '10.0.0.20', [app({ to: FROM + DAY + 3630 })], {}, 'maybe'],
    ['who took it up meanwhile', '10.0.0.20', [app({ from: FROM + DAY + 3630 })], {}, 'maybe'],
    ['who wore it until long ago', '10.0.0.20', [app({ to: FROM })], {}, 'maybe'],
    [
      'who changed from it to another near by',
      '10.0.0.20',
      [app({ to: FROM + DAY }), app({ from: FROM + DAY, groups: ['sg-web'] })],
      {},
      'no',
    ],
    [
      'who changed within ten minutes',
      '10.0.0.20',
      [app({ to: FROM + DAY + 3100 }), app({ from: FROM + DAY + 3100, groups: ['sg-web'] })],
      {},
      'maybe',
    ],
    [
      'who changed from it to another, wearing it both times',
      '10.0.0.20',
      [app({ to: FROM + DAY + 3100 }), app({ from: FROM + DAY + 3100, groups: ['sg-app', 'sg-web'] })],
      {},
      'yes',
    ],
    ['with a delegated prefix', '10.0.5.7', [app({ prefixes: ['10.0.5.0/28'] })], {}, 'yes'],
    ['beside a delegated prefix', '10.0.5.17', [app({ prefixes: ['10.0.5.0/28'] })], {}, 'maybe'],
    ['with a delegated IPv6 prefix', 'fd00::5:0:0:7', [app({ prefixes: ['fd00:0:0:0:5::/80'] })], {}, 'yes'],
    ['beside a delegated IPv6 prefix', 'fd00::6:0:0:7', [app({ prefixes: ['fd00:0:0:0:5::/80'] })], {}, 'maybe'],
    ['with a malformed prefix', '10.0.5.7', [app({ prefixes: ['x'] })], {}, 'maybe'],
    ['by a public address', '192.0.2.9', [app({ publicAddresses: ['192.0.2.9'] })], {}, 'no'],
    ['in a VPC that nobody described', '10.9.0.1', [app({ vpcId: 'vpc-9' }, '10.9.0.2')], {}, 'maybe'],
    ['where the group is not in the inventory', '192.0.2.1', [app()], { groups: [group('sg-web')] }, 'maybe'],
    [
      'where the group is not in the inventory, and the peer is known',
      '10.0.0.20',
      [app({ groups: ['sg-web'] })],
      { groups: [group('sg-web')] },
      'no',
    ],
    [
      'where the group’s VPC is not known, and the peer is not',
      '192.0.2.1',
      [],
      { groups: [group('sg-web'), group('sg-app', { vpcId: null })] },
      'maybe',
    ],
    [
      'where the group’s VPC is not known, and the peer is',
      '10.0.0.20',
      [app({ groups: ['sg-web'] })],
      { groups: [group('sg-web'), group('sg-app', { vpcId: null })] },
      'no',
    ],
    [
      'where the group was made usable in the other VPC',
      '10.2.0.1',
      [],
      { groupVpcs: [{ groupId: 'sg-app', vpcId: 'vpc-2', vpcOwnerId: null, state: null }] },
      'maybe',
    ],
    [
      'behind a load balancer that wears it',
      '192.0.2.1',
      [app({ interfaceType: 'network_load_balancer' })],
      {},
      'maybe',
    ],
    [
      'behind a load balancer that wears another',
      '192.0.2.1',
      [app({ interfaceType: 'network_load_balancer', groups: ['sg-web'] })],
      {},
      'no',
    ],
  ])('of a peer %s', async (_, peer, interfaces, more, expected) => {
    expect(await says(peer, interfaces, more)).toBe(expected);
  });

  it('in another VPC count where an active peering leads there', async () => {
    const there = eni('eni-app', ['sg-other'], ['10.2.0.5'], { vpcId: 'vpc-2' });
    const over = async (status: string | undefined): Promise<string> =>
      told(
        await attributed(
          {
            rules: [
              rule('ingress tcp 443 sg-other', {
                peer: {
                  kind: 'group',
                  groupId: 'sg-other',
                  ...(status === undefined ? {} : { peeringStatus: status }),
                },
              }),
            ],
            groups,
            vpcs,
            interfaces: [web, there],
          },
          [flow(1, 6, 443, '10.2.0.5')],
        ),
      ).join();
    const value = 10 * 2 ** 24 + 2 * 2 ** 16 + 5;
    expect(await over('active')).toBe(`ingress 443 ${value} 0/`);
    expect(await over('deleted')).toBe(`ingress 443 ${value} /0`);
    expect(await over(undefined)).toBe(`ingress 443 ${value} /0`);
  });

  it('are told with the evidence, each once', async () => {
    const evidence = await attributed({ rules: [ref()], groups, vpcs, interfaces: [web, app()] }, [
      flow(1, 6, 443, '10.0.0.20'),
      flow(3, 6, 443, '10.0.0.20'),
      flow(2, 6, 443, '10.0.0.21'),
    ]);
    expect(evidence.peerGroupSets).toEqual([
      { sure: ['sg-app'], peered: [], possible: [] },
      { sure: [], peered: [], possible: ['sg-app'] },
    ]);
    expect(evidence.classes.map((c) => c.days.length)).toEqual([2, 1]);
  });
});
