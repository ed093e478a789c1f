import type { Finding, Replacement } from '@pare/analyzer/model/finding.ts';
import { parseProtocol } from '@pare/analyzer/model/protocol.ts';
import {
  canonicalShape,
  type Direction,
  type Peer,
  type RuleShape,
  type SecurityGroupRule,
} from '@pare/analyzer/model/rule.ts';

/** The live rule that a finding is about. Null when its protocol or peer cannot be read: then it must not be mapped at all. */
export function ruleOfFinding(finding: Finding): SecurityGroupRule | null {
  const shape = shapeOf(finding.direction, finding.protocol, finding.fromPort, finding.toPort, finding.peer);
  if (shape === null) return null;
  return {
    ...shape,
    ruleId: finding.ruleId,
    groupId: finding.groupId,
    accountId: finding.accountId,
    region: finding.region,
    description: finding.description,
    tags: {},
  };
}

/** The rule to write instead, in the direction of the rule it replaces. Null when it has no readable protocol or not exactly one peer. */
export function shapeOfReplacement(direction: Direction, replacement: Replacement): RuleShape | null {
  return shapeOf(
    direction,
    replacement.protocol,
    replacement.fromPort ?? null,
    replacement.toPort ?? null,
    replacement,
  );
}

interface PeerFields {
  cidrIpv4?: string | undefined;
  cidrIpv6?: string | undefined;
  prefixListId?: string | undefined;
  referencedGroupId?: string | undefined;
}

function shapeOf(
  direction: Direction,
  protocolText: string,
  fromPort: number | null,
  toPort: number | null,
  fields: PeerFields,
): RuleShape | null {
  const protocol = parseProtocol(protocolText);
  const peer = peerOf(fields);
  if (protocol === null || peer === null) return null;
  return canonicalShape({ direction, protocol, fromPort, toPort, peer });
}

function peerOf(fields: PeerFields): Peer | null {
  const peers: Peer[] = [];
  if (fields.cidrIpv4 !== undefined) peers.push({ kind: 'cidrIpv4', cidr: fields.cidrIpv4 });
  if (fields.cidrIpv6 !== undefined) peers.push({ kind: 'cidrIpv6', cidr: fields.cidrIpv6 });
  if (fields.prefixListId !== undefined) peers.push({ kind: 'prefixList', prefixListId: fields.prefixListId });
  if (fields.referencedGroupId !== undefined) peers.push({ kind: 'group', groupId: fields.referencedGroupId });
  return peers.length === 1 ? peers[0]! : null;
}
