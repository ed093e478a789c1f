import { parseCidr } from '@pare/analyzer/model/address.ts';
import { parseProtocol } from '@pare/analyzer/model/protocol.ts';
import { canonicalShape, type Direction, type Peer, shapeKey } from '@pare/analyzer/model/rule.ts';
import type { StateRule } from '../contract.ts';
import { isRecord, type RawResource } from './raw.ts';

/** The rules of one resource, split to one source each; none for resources that make none. */
export function rulesOf(resource: RawResource): StateRule[] {
  if (resource.mode !== 'managed') return [];
  switch (resource.type) {
    case 'aws_security_group':
    case 'aws_default_security_group':
      return inlineRules(resource);
    case 'aws_security_group_rule':
      return legacyRule(resource);
    case 'aws_vpc_security_group_ingress_rule':
      return vpcRule(resource, 'ingress');
    case 'aws_vpc_security_group_egress_rule':
      return vpcRule(resource, 'egress');
    default:
      return [];
  }
}

interface Written {
  direction: Direction;
  protocol: unknown;
  fromPort: unknown;
  toPort: unknown;
  description: unknown;
  peers: readonly Peer[];
}

/**
 * After a refresh the attribute lists all rules of the group, also those of rule resources: it mirrors AWS. What the source declares
 * inline is for the evaluator to say.
 */
function inlineRules({ address, type, attributes }: RawResource): StateRule[] {
  const groupId = textOf(attributes.id);
  if (groupId === null) return [];
  const directions: readonly Direction[] = ['ingress', 'egress'];
  return directions.flatMap((direction) =>
    listOf(attributes[direction]).flatMap((one) => {
      if (!isRecord(one)) return [];
      const peers = [...peersOf(one, groupId), ...groupPeers(textsOf(one.security_groups))];
      const { protocol, from_port: fromPort, to_port: toPort, description } = one;
      const written = { direction, protocol, fromPort, toPort, description, peers };
      return split(written, { address, type, groupId, ruleId: null });
    }),
  );
}

function legacyRule({ address, type, attributes }: RawResource): StateRule[] {
  const groupId = textOf(attributes.security_group_id);
  const direction = attributes.type;
  if (groupId === null || (direction !== 'ingress' && direction !== 'egress')) return [];
  const source = textOf(attributes.source_security_group_id);
  const peers = [...peersOf(attributes, groupId), ...groupPeers(source === null ? [] : [source])];
  const { protocol, from_port: fromPort, to_port: toPort, description } = attributes;
  const written = { direction, protocol, fromPort, toPort, description, peers } as const;
  return split(written, { address, type, groupId, ruleId: ruleIdOf(attributes.security_group_rule_id) });
}

function vpcRule({ address, type, attributes }: RawResource, direction: Direction): StateRule[] {
  const groupId = textOf(attributes.security_group_id);
  if (groupId === null) return [];
  const blocks = [textOf(attributes.cidr_ipv4), textOf(attributes.cidr_ipv6)].filter((text) => text !== null);
  const list = textOf(attributes.prefix_list_id);
  const group = textOf(attributes.referenced_security_group_id);
  const peers = [
    ...cidrPeers(blocks),
    ...(list === null ? [] : [{ kind: 'prefixList' as const, prefixListId: list }]),
    ...groupPeers(group === null ? [] : [group]),
  ];
  const { ip_protocol: protocol, from_port: fromPort, to_port: toPort, description } = attributes;
  const ruleId = ruleIdOf(attributes.security_group_rule_id) ?? ruleIdOf(attributes.id);
  return split({ direction, protocol, fromPort, toPort, description, peers }, { address, type, groupId, ruleId });
}

/** The four source arguments that inline and legacy rules share. */
function peersOf(one: Readonly<Record<string, unknown>>, groupId: string): Peer[] {
  return [
    ...cidrPeers([...textsOf(one.cidr_blocks), ...textsOf(one.ipv6_cidr_blocks)]),
    ...textsOf(one.prefix_list_ids).map((prefixListId): Peer => ({ kind: 'prefixList', prefixListId })),
    ...(one.self === true ? [{ kind: 'group' as const, groupId }] : []),
  ];
}

function cidrPeers(blocks: readonly string[]): Peer[] {
  return blocks.flatMap((cidr) => {
    const family = parseCidr(cidr)?.family;
    return family === undefined ? [] : [{ kind: family === 4 ? ('cidrIpv4' as const) : ('cidrIpv6' as const), cidr }];
  });
}

/** `sg-…`, or `123456789012/sg-…` for a group of another account. Names (EC2-Classic) have no canonical shape. */
function groupPeers(texts: readonly string[]): Peer[] {
  return texts.flatMap((text) => {
    const match = /^(?:([^/]+)\/)?(sg-[0-9a-zA-Z]+)$/.exec(text);
    if (match === null) return [];
    const [, accountId, groupId] = match;
    return [{ kind: 'group' as const, groupId: groupId!, ...(accountId === undefined ? {} : { accountId }) }];
  });
}

function split(written: Written, identity: Omit<StateRule, 'shape' | 'description'>): StateRule[] {
  const protocol = parseProtocol(String(written.protocol ?? ''));
  if (protocol === null) return [];
  const fromPort = numberOf(written.fromPort);
  const toPort = numberOf(written.toPort);
  const shapes = new Map(
    written.peers.map((peer) => {
      const shape = canonicalShape({ direction: written.direction, protocol, fromPort, toPort, peer });
      return [shapeKey(shape), shape] as const;
    }),
  );
  const description = textOf(written.description);
  // One id names one live rule: of a declaration with several sources it would be a guess which.
  const ruleId = shapes.size === 1 ? identity.ruleId : null;
  return [...shapes.values()].map((shape) => ({ ...identity, ruleId, shape, description }));
}

function ruleIdOf(value: unknown): string | null {
  return typeof value === 'string' && value.startsWith('sgr-') ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function textsOf(value: unknown): string[] {
  return listOf(value).filter((one): one is string => typeof one === 'string');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
