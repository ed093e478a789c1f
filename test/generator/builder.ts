import type { EpochSeconds } from '../../analyzer/model/interface.ts';
import type { Direction, Peer, SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { groupsAt, livesAt, type Rulebook, rulesAllowing } from './oracle.ts';
import type { Random } from './random.ts';
import type {
  Closing,
  ConnectionEnd,
  Ephemeral,
  SimGroup,
  SimInterface,
  SimPrefixList,
  SimSubnet,
  TrueConnection,
  WorldState,
} from './types.ts';

/** An interface of the VPC (at its primary address, unless another is named), or any other address. */
export type Endpoint = { on: SimInterface; address?: string } | { address: string };

export interface Call {
  from: Endpoint;
  to: Endpoint;
  protocol: number;
  port?: number;
  sourcePort?: number;
  icmp?: { type: number; code: number };
  start: EpochSeconds;
  seconds?: number;
  bytesUp?: number;
  bytesDown?: number;
  purpose: string;
  closing?: Closing;
  quiet?: boolean;
  /** Through this NAT gateway's interface. */
  via?: SimInterface;
}

export interface RuleText {
  group: string;
  direction: Direction;
  protocol: number;
  ports?: number | readonly [number, number] | null;
  peer: string;
  description?: string | null;
  ruleId?: string;
}

export interface InterfaceText {
  name: string;
  subnet: SimSubnet;
  groups: readonly string[];
  primary: string;
  secondary?: readonly string[];
  ipv6?: readonly string[];
  publicIp?: string;
  interfaceType?: string;
  requesterManaged?: boolean;
  ephemeral?: Ephemeral;
  created?: EpochSeconds;
  loggedFrom?: EpochSeconds | null;
  gaps?: readonly { from: EpochSeconds; to: EpochSeconds }[];
}

type Frame = Omit<WorldState, 'subnets' | 'groups' | 'rules' | 'interfaces' | 'prefixLists' | 'connections' | 'skips'>;

/** Builds a VPC piece by piece; every connection is judged by the oracle when it is made, so nothing passes that no rule allows. */
export class WorldBuilder {
  readonly frame: Frame;
  readonly rng: Random;
  readonly subnets: SimSubnet[] = [];
  readonly groups: SimGroup[] = [];
  readonly rules: SecurityGroupRule[] = [];
  readonly interfaces: SimInterface[] = [];
  readonly prefixLists: SimPrefixList[] = [];
  private readonly calls: Call[] = [];
  readonly skips: { interfaceId: string; at: EpochSeconds }[] = [];
  private readonly answers = new Map<string, string[]>();

  constructor(frame: Frame, rng: Random) {
    this.frame = frame;
    this.rng = rng;
  }

  subnet(name: string, cidr: string, cidrIpv6: string, zone: 'a' | 'b'): SimSubnet {
    const subnet: SimSubnet = {
      subnetId: `subnet-0${this.rng.fork(`subnet/${name}`).hex(16)}`,
      cidr,
      cidrIpv6,
      az: `${this.frame.region}${zone}`,
      azId: `euw1-az${zone === 'a' ? 1 : 2}`,
      name,
    };
    this.subnets.push(subnet);
    return subnet;
  }

  /** The group's id. */
  group(name: string, description: string, tags: Readonly<Record<string, string>> = {}): string {
    const groupId = `sg-0${this.rng.fork(`group/${name}`).hex(16)}`;
    this.groups.push({ groupId, groupName: name, description, tags: { Name: name, ...tags } });
    return groupId;
  }

  /** Peer by its text: `sg-…`, `pl-…` or a CIDR. The rule's id. */
  rule(text: RuleText): string {
    const ports = text.ports ?? null;
    const [fromPort, toPort] = ports === null ? [null, null] : typeof ports === 'number' ? [ports, ports] : ports;
    const rule: SecurityGroupRule = {
      ruleId: text.ruleId ?? `sgr-0${this.rng.fork(`rule/${JSON.stringify(text)}/${this.rules.length}`).hex(16)}`,
      groupId: text.group,
      accountId: this.frame.accountId,
      region: this.frame.region,
      direction: text.direction,
      protocol: text.protocol,
      fromPort,
      toPort,
      peer: peerOf(text.peer),
      description: text.description ?? null,
      tags: {},
    };
    this.rules.push(rule);
    return rule.ruleId;
  }

  prefixList(name: string, ownerId: string, maxEntries: number | null, cidrs: readonly string[]): string {
    const prefixListId = `pl-0${this.rng.fork(`pl/${name}`).hex(16)}`;
    this.prefixLists.push({ prefixListId, name, ownerId, maxEntries, cidrs });
    return prefixListId;
  }

  interface(text: InterfaceText): SimInterface {
    const rng = this.rng.fork(`eni/${text.name}`);
    const interfaceType = text.interfaceType ?? 'interface';
    const created = text.created ?? this.frame.window.from - 40 * 86_400 - rng.between(0, 86_400);
    const made: SimInterface = {
      interfaceId: `eni-0${rng.hex(16)}`,
      name: text.name,
      subnetId: text.subnet.subnetId,
      interfaceType,
      requesterManaged: text.requesterManaged ?? false,
      instanceId: interfaceType === 'interface' && text.requesterManaged !== true ? `i-0${rng.hex(16)}` : null,
      primary: text.primary,
      secondary: text.secondary ?? [],
      ipv6: text.ipv6 ?? [],
      publicIp: text.publicIp ?? null,
      ephemeral: text.ephemeral ?? 'linux',
      created,
      gone: null,
      wore: [{ from: created, groups: [...text.groups].sort() }],
      loggedFrom: text.loggedFrom === undefined ? Number.MIN_SAFE_INTEGER : text.loggedFrom,
      gaps: text.gaps ?? [],
    };
    this.interfaces.push(made);
    return made;
  }

  wear(i: SimInterface, from: EpochSeconds, groups: readonly string[]): void {
    i.wore.push({ from, groups: [...groups].sort() });
  }

  terminate(i: SimInterface, at: EpochSeconds): void {
    i.gone = at;
  }

  skip(i: SimInterface, at: EpochSeconds): void {
    this.skips.push({ interfaceId: i.interfaceId, at });
  }

  sourcePort(kind: Ephemeral): number {
    if (kind === 'windows') return this.rng.between(49_152, 65_535);
    return kind === 'aws' ? this.rng.between(1024, 65_535) : this.rng.between(32_768, 60_999);
  }

  /**
   * Opens a connection, or tries to. Both interfaces must live at that moment. Judged when the world is finished, against all rules
   * there are by then: rules do not change within the window.
   */
  call(text: Call): void {
    this.calls.push(text);
  }

  private judge(text: Call, id: number): TrueConnection {
    const opener = addressOf(text.from);
    const target = addressOf(text.to);
    const hasPorts = text.protocol === 6 || text.protocol === 17;
    const port = hasPorts ? (text.port ?? 0) : null;
    const icmp = text.icmp ?? null;
    const base = { protocol: text.protocol, port, icmp, at: text.start };
    const ends: ConnectionEnd[] = [];
    let passed = true;
    for (const [side, peer, own, direction] of [
      [text.from, target, opener, 'egress'],
      [text.to, opener, target, 'ingress'],
    ] as const) {
      if (!('on' in side) || !passed) continue;
      if (!livesAt(side.on, text.start))
        throw new Error(`${text.purpose}: ${side.on.name} does not live at ${text.start}`);
      const groups = groupsAt(side.on, text.start);
      const rules = this.allowing({ ...base, direction, groups, peer });
      const accepted = groups.length === 0 || rules.length > 0;
      ends.push({ interfaceId: side.on.interfaceId, direction, peer, own, groups, accepted, rules });
      passed = accepted;
    }
    const kind: Ephemeral = 'on' in text.from ? text.from.on.ephemeral : this.rng.pick(['linux', 'windows'] as const);
    return {
      id,
      purpose: text.purpose,
      opener,
      target,
      protocol: text.protocol,
      port,
      sourcePort: hasPorts ? (text.sourcePort ?? this.sourcePort(kind)) : null,
      icmp,
      start: text.start,
      end: text.start + Math.max(0, passed ? (text.seconds ?? 1) : 0),
      bytesUp: text.bytesUp ?? this.rng.between(300, 4000),
      bytesDown: text.bytesDown ?? this.rng.between(500, 20_000),
      established: passed,
      closing: text.closing ?? 'fin',
      quiet: text.quiet ?? false,
      nat: text.via === undefined ? null : { interfaceId: text.via.interfaceId, port: this.rng.between(1024, 65_535) },
      ends,
    };
  }

  /** The oracle's answer; asked once for equal questions in the same minute of membership, since membership changes only at `wear` times. */
  private allowing(question: Parameters<typeof rulesAllowing>[1]): string[] {
    const epoch = this.epochOf(question.at);
    const { direction, protocol, port, icmp, peer, groups } = question;
    const key = `${direction}|${protocol}|${port}|${icmp?.type}.${icmp?.code}|${peer}|${groups.join(',')}|${epoch}`;
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const rules = rulesAllowing(this.book(), question);
    this.answers.set(key, rules);
    return rules;
  }

  /** Number of membership changes before that moment. */
  private epochOf(at: EpochSeconds): number {
    let count = 0;
    for (const i of this.interfaces) {
      for (const state of i.wore) if (state.from <= at) count += 1;
      if (i.gone !== null && i.gone <= at) count += 1;
    }
    return count;
  }

  book(): Rulebook {
    return { rules: this.rules, interfaces: this.interfaces, prefixLists: this.prefixLists };
  }

  state(): WorldState {
    const byId = <T>(items: readonly T[], key: (item: T) => string): T[] =>
      [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
    return {
      ...this.frame,
      subnets: byId(this.subnets, (s) => s.subnetId),
      groups: byId(this.groups, (g) => g.groupId),
      rules: byId(this.rules, (r) => r.ruleId),
      interfaces: byId(this.interfaces, (i) => i.interfaceId),
      prefixLists: byId(this.prefixLists, (p) => p.prefixListId),
      connections: this.calls.map((call, id) => this.judge(call, id)),
      skips: this.skips,
    };
  }
}

function addressOf(endpoint: Endpoint): string {
  return 'on' in endpoint ? (endpoint.address ?? endpoint.on.primary) : endpoint.address;
}

function peerOf(text: string): Peer {
  if (text.startsWith('sg-')) return { kind: 'group', groupId: text };
  if (text.startsWith('pl-')) return { kind: 'prefixList', prefixListId: text };
  return text.includes(':') ? { kind: 'cidrIpv6', cidr: text } : { kind: 'cidrIpv4', cidr: text };
}
