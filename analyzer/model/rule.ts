import { formatCidr, parseCidr } from './address.ts';
import { formatProtocol, hasPorts, hasTypes, type Protocol } from './protocol.ts';

export type Direction = 'ingress' | 'egress';

/**
 * Who may be at the other end. `group` also covers self (its own groupId). A group of another account carries that account;
 * `cidr` values are canonical text (host bits cleared, RFC 5952).
 */
export type Peer =
  | { kind: 'cidrIpv4'; cidr: string }
  | { kind: 'cidrIpv6'; cidr: string }
  | { kind: 'prefixList'; prefixListId: string }
  | {
      kind: 'group';
      groupId: string;
      accountId?: string;
      vpcId?: string;
      peeringConnectionId?: string;
      peeringStatus?: string;
    };

/** What a rule allows, without identity: the canonical tuple by which live rules, state and source are compared. */
export interface RuleShape {
  direction: Direction;
  protocol: Protocol;
  /** TCP and UDP: the first port; ICMP: the type, -1 any; null for protocols without ports. All ports is 0 to 65535. */
  fromPort: number | null;
  toPort: number | null;
  peer: Peer;
}

/** A live rule, as DescribeSecurityGroupRules tells it. */
export interface SecurityGroupRule extends RuleShape {
  /** sgr-…; where only the group's permissions are known, a stable id `sgr-derived-…` made from the tuple. */
  ruleId: string;
  groupId: string;
  /** The group's owner. */
  accountId: string;
  region: string;
  description: string | null;
  tags: Readonly<Record<string, string>>;
}

/** Ports as the protocol means them: TCP/UDP without ports become 0-65535, ICMP -1/-1, others null. */
export function canonicalShape(shape: RuleShape): RuleShape {
  const { direction, protocol, peer } = shape;
  return { direction, protocol, ...canonicalPorts(shape), peer: canonicalPeer(peer) };
}

/** Its ports alone, for who has a canonical peer. */
export function canonicalPorts(
  shape: Pick<RuleShape, 'protocol' | 'fromPort' | 'toPort'>,
): Pick<RuleShape, 'fromPort' | 'toPort'> {
  const { protocol } = shape;
  let { fromPort, toPort } = shape;
  if (hasPorts(protocol)) {
    if (fromPort === null || fromPort < 0 || toPort === null || toPort < 0) {
      fromPort = 0;
      toPort = 65535;
    }
  } else if (hasTypes(protocol)) {
    fromPort = fromPort === null || fromPort < 0 ? -1 : fromPort;
    toPort = fromPort === -1 || toPort === null || toPort < 0 ? -1 : toPort;
  } else {
    fromPort = null;
    toPort = null;
  }
  return { fromPort, toPort };
}

function canonicalPeer(peer: Peer): Peer {
  if (peer.kind !== 'cidrIpv4' && peer.kind !== 'cidrIpv6') return peer;
  const cidr = parseCidr(peer.cidr);
  return cidr === null ? peer : { kind: cidr.family === 4 ? 'cidrIpv4' : 'cidrIpv6', cidr: formatCidr(cidr) };
}

/** `cidr`, `pl-…` or `sg-…`; the text in tables and keys. */
export function peerText(peer: Peer): string {
  if (peer.kind === 'prefixList') return peer.prefixListId;
  if (peer.kind === 'group') return peer.groupId;
  return peer.cidr;
}

/** `22`, `8000-8100`, `all`, `type 8 code 0`. */
export function portsText(shape: Pick<RuleShape, 'protocol' | 'fromPort' | 'toPort'>): string {
  const { protocol, fromPort, toPort } = shape;
  if (hasTypes(protocol)) {
    if (fromPort === null || fromPort < 0) return 'all types';
    return toPort === null || toPort < 0 ? `type ${fromPort}` : `type ${fromPort} code ${toPort}`;
  }
  if (!hasPorts(protocol) || fromPort === null || toPort === null || (fromPort === 0 && toPort === 65535)) return 'all';
  return fromPort === toPort ? String(fromPort) : `${fromPort}-${toPort}`;
}

/** The canonical tuple as text: equal exactly when two shapes allow the same, by the same kind of peer. */
export function shapeKey(shape: RuleShape): string {
  return canonicalKey(canonicalShape(shape));
}

/** The same of a shape that is canonical already, as live rules are. */
export function canonicalKey(c: RuleShape): string {
  return `${c.direction}|${formatProtocol(c.protocol)}|${c.fromPort ?? ''}|${c.toPort ?? ''}|${c.peer.kind}|${peerText(c.peer)}`;
}
