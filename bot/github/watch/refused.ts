import { type Address, addressSet, hasAddress, parseAddress, parseCidr } from '@pare/analyzer/model/address.ts';
import type { Finding } from '@pare/analyzer/model/finding.ts';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { ALL_PROTOCOLS, hasPorts } from '@pare/analyzer/model/protocol.ts';
import type { RefusedFlow } from '@pare/analyzer/model/refused.ts';
import type { RuleShape } from '@pare/analyzer/model/rule.ts';
import { ruleOfFinding, shapeOfReplacement } from '../../mapping/live.ts';

/** Addresses that wear a group, or stand in a prefix list; null where it is not known. */
export type Members = (id: string) => readonly string[] | null;

/** Refused packets that a rule which went would have let in. */
export interface Regret {
  finding: Finding;
  flows: readonly RefusedFlow[];
  /** False where only the peer is unclear (a group or list whose members are not known). */
  certain: boolean;
}

/**
 * Refused since the merge and allowed by what went: the rule as it was, without what stands instead of it. Uncertainty counts as a match,
 * since a revert that was not needed costs little.
 */
export function regretsOf(
  gone: readonly Finding[],
  flows: readonly RefusedFlow[],
  since: EpochSeconds,
  members: Members,
): Regret[] {
  const out: Regret[] = [];
  for (const finding of gone) {
    const rule = ruleOfFinding(finding);
    if (rule === null) continue;
    const instead = finding.replacements.flatMap((one) => shapeOfReplacement(finding.direction, one) ?? []);
    const matches = flows
      .filter((flow) => flow.last > since && flow.groups.includes(finding.groupId))
      .map((flow) => ({ flow, how: matchOf(rule, flow, members) }))
      .filter(({ flow, how }) => how !== 'no' && !instead.some((one) => matchOf(one, flow, members) === 'yes'));
    if (matches.length === 0) continue;
    out.push({
      finding,
      flows: matches.map(({ flow }) => flow).sort((a, b) => b.packets - a.packets || (key(a) < key(b) ? -1 : 1)),
      certain: matches.some(({ how }) => how === 'yes'),
    });
  }
  return out.sort((a, b) => (a.finding.findingId < b.finding.findingId ? -1 : 1));
}

type Match = 'yes' | 'maybe' | 'no';

function matchOf(rule: RuleShape, flow: RefusedFlow, members: Members): Match {
  const inbound = rule.direction === 'ingress';
  if (flow.opened === (inbound ? 'outbound' : 'inbound')) return 'no';
  if (rule.protocol !== ALL_PROTOCOLS && rule.protocol !== flow.protocol) return 'no';
  // Which type an ICMP packet had is in no log.
  if (hasPorts(rule.protocol)) {
    const port = inbound ? flow.localPort : flow.peerPort;
    if (port !== null && (port < (rule.fromPort ?? 0) || port > (rule.toPort ?? 65535))) return 'no';
  }
  const peers = [flow.peer, flow.peerPacket].flatMap((one) => (one === null ? [] : (parseAddress(one) ?? [])));
  return peerMatch(rule, peers, members);
}

function peerMatch({ peer }: RuleShape, addresses: readonly Address[], members: Members): Match {
  const within = (cidrs: readonly string[]) => {
    const set = addressSet(cidrs.flatMap((one) => parseCidr(one) ?? parseAddress(one) ?? []));
    return addresses.some((one) => hasAddress(set, one)) ? 'yes' : 'no';
  };
  if (peer.kind === 'cidrIpv4' || peer.kind === 'cidrIpv6') return within([peer.cidr]);
  const known = members(peer.kind === 'group' ? peer.groupId : peer.prefixListId);
  return known === null ? 'maybe' : within(known);
}

function key(flow: RefusedFlow): string {
  return JSON.stringify([flow.interfaceId, flow.protocol, flow.localPort, flow.peerPort, flow.peer, flow.first]);
}
