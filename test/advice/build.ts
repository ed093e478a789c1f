import { type Advice, advise, DEFAULT_POLICY, type Policy } from '../../analyzer/advice/index.ts';
import type { CoverageRow, LedgerRow, Window } from '../../analyzer/flowlogs/ledger.ts';
import type { InterfaceState } from '../../analyzer/model/interface.ts';
import type { Inventory, SecurityGroup } from '../../analyzer/model/inventory.ts';
import type { RuleShape, SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { attribute, type Evidence } from '../../analyzer/usage/index.ts';
import { batches } from '../usage/worlds.ts';

const DAY = 86_400;
export const FROM = DAY * 20_000;

export function days(count: number): Window {
  return { from: FROM, to: FROM + count * DAY };
}

/** `ingress tcp 443 10.0.0.0/8` as a live rule of sg-web; peers by their look. */
export function rule(text: string, more: Partial<SecurityGroupRule> = {}): SecurityGroupRule {
  return {
    ruleId: `sgr-${text.replaceAll(' ', '_')}`,
    groupId: 'sg-web',
    accountId: '111122223333',
    region: 'eu-west-1',
    description: null,
    tags: {},
    ...shape(text),
    ...more,
  };
}

export function shape(text: string): RuleShape {
  const [direction, protocolText, portsText, peer] = text.split(' ') as [
    RuleShape['direction'],
    string,
    string,
    string,
  ];
  const protocol = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58, all: -1 }[protocolText] ?? Number(protocolText);
  const [from, to] = portsText === '*' ? [null, null] : portsText.split('-').map(Number);
  const wholePort =
    protocol === 6 || protocol === 17 ? { fromPort: 0, toPort: 65535 } : { fromPort: null, toPort: null };
  const ports = portsText === '*' ? wholePort : { fromPort: from!, toPort: to ?? from! };
  return {
    direction,
    protocol,
    ...(protocol === 1 && portsText === '*' ? { fromPort: -1, toPort: -1 } : ports),
    peer: peerOf(peer),
  };
}

function peerOf(text: string): RuleShape['peer'] {
  if (text.startsWith('sg-')) return { kind: 'group', groupId: text };
  if (text.startsWith('pl-')) return { kind: 'prefixList', prefixListId: text };
  return text.includes(':') ? { kind: 'cidrIpv6', cidr: text } : { kind: 'cidrIpv4', cidr: text };
}

export function group(groupId: string, more: Partial<SecurityGroup> = {}): SecurityGroup {
  return {
    groupId,
    groupName: groupId.slice(3),
    accountId: '111122223333',
    region: 'eu-west-1',
    vpcId: 'vpc-1',
    description: null,
    tags: {},
    ...more,
  };
}

export function eni(
  interfaceId: string,
  groups: string[],
  addresses: string[],
  more: Partial<InterfaceState> = {},
): InterfaceState {
  return {
    interfaceId,
    accountId: '111122223333',
    region: 'eu-west-1',
    vpcId: 'vpc-1',
    subnetId: null,
    groups,
    addresses,
    publicAddresses: [],
    interfaceType: 'interface',
    requesterManaged: false,
    description: null,
    origin: 'inventory',
    from: FROM - DAY,
    to: null,
    startKnown: true,
    ...more,
  };
}

export function inventory(parts: Partial<Inventory>): Inventory {
  return {
    groups: [group('sg-web')],
    rules: [],
    interfaces: [eni('eni-web', ['sg-web'], ['10.0.0.10'])],
    prefixLists: [],
    vpcs: [{ vpcId: 'vpc-1', accountId: '111122223333', region: 'eu-west-1', cidrs: ['10.0.0.0/16'] }],
    subnets: [],
    warnings: [],
    ...parts,
  };
}

/** An accepted inbound connection to eni-web on one day of the window. */
export function flow(
  day: number,
  protocol: number,
  port: number | null,
  peerAddress: string,
  more: Partial<LedgerRow> = {},
): LedgerRow {
  return {
    interfaceId: 'eni-web',
    bucket: FROM + day * DAY,
    opened: 'inbound',
    evidence: 'syn',
    protocol,
    localPort: port,
    peerPort: null,
    localAddress: '10.0.0.10',
    localPacketAddress: null,
    peerAddress,
    peerPacketAddress: null,
    action: 'ACCEPT',
    records: 1,
    packets: 10,
    bytes: 1000,
    first: FROM + day * DAY + 3600,
    last: FROM + day * DAY + 3660,
    ...more,
  };
}

/** The same connection on every day from 0 to `count - 1`. */
export function daily(
  count: number,
  protocol: number,
  port: number | null,
  peerAddress: string,
  more: Partial<LedgerRow> = {},
): LedgerRow[] {
  return Array.from({ length: count }, (_, day) => flow(day, protocol, port, peerAddress, more));
}

export function covered(window: Window, interfaceId = 'eni-web', share = 1): CoverageRow[] {
  const rows: CoverageRow[] = [];
  const hours = Math.round(((window.to - window.from) / 3600) * share);
  for (let i = 0; i < hours; i += 1) {
    rows.push({ interfaceId, hour: window.from + i * 3600, observedSeconds: 3600, records: 6, skipData: 0 });
  }
  return rows;
}

export interface Judged {
  evidence: Evidence;
  advice: Advice;
  /** `action reason` by rule id, with the replacements after it. */
  says: Record<string, string>;
}

export async function judge(
  inv: Inventory,
  rows: readonly LedgerRow[],
  options: { window?: Window; coverage?: readonly CoverageRow[]; policy?: Partial<Policy> } = {},
): Promise<Judged> {
  const window = options.window ?? days(30);
  const evidence = await attribute({
    inventory: inv,
    ledger: batches(rows),
    coverage: batches(options.coverage ?? covered(window)),
    window,
  });
  const advice = advise({ evidence, inventory: inv, policy: { ...DEFAULT_POLICY, ...options.policy }, window });
  const says = Object.fromEntries(
    advice.verdicts.map((v) => [
      v.rule.ruleId.replace('sgr-', '').replaceAll('_', ' '),
      [v.action, v.reason, ...v.replacements.map(shapeText)].join(' | '),
    ]),
  );
  return { evidence, advice, says };
}

function shapeText(s: RuleShape): string {
  const peer =
    s.peer.kind === 'group' ? s.peer.groupId : s.peer.kind === 'prefixList' ? s.peer.prefixListId : s.peer.cidr;
  return `${s.protocol} ${s.fromPort ?? '*'}-${s.toPort ?? '*'} ${peer}`;
}
