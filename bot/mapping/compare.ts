import { formatCidr, parseCidr } from '@pare/analyzer/model/address.ts';
import { hasPorts, hasTypes, parseProtocol } from '@pare/analyzer/model/protocol.ts';
import { canonicalShape, peerText, type RuleShape } from '@pare/analyzer/model/rule.ts';
import type { DeclaredRule, ValueText } from '../source/contract.ts';

/** How a live tuple and a declared one compare; `unknown` lists the parts that the source does not tell. */
export type Comparison = { same: false } | { same: true; unknown: readonly ('protocol' | 'ports' | 'peer')[] };

const DIFFERENT: Comparison = { same: false };

/** True for `ref:` and `unknown:` values, which may be anything. */
export function isOpen(value: ValueText): boolean {
  return value.startsWith('ref:') || value.startsWith('unknown:');
}

/**
 * Compares direction, protocol, ports and peer, not the group (but for `self`) and not the description. An unknown part never makes
 * two tuples different.
 */
export function compareTuple(
  live: RuleShape & { groupId: string },
  declared: Pick<DeclaredRule, 'direction' | 'protocol' | 'fromPort' | 'toPort' | 'peerKind' | 'peer'>,
): Comparison {
  const shape = canonicalShape(live);
  if (shape.direction !== declared.direction) return DIFFERENT;
  const unknown: ('protocol' | 'ports' | 'peer')[] = [];

  if (isOpen(declared.protocol)) unknown.push('protocol');
  else if (parseProtocol(declared.protocol) !== shape.protocol) return DIFFERENT;

  const ports = comparePorts(shape, declared);
  if (ports === 'different') return DIFFERENT;
  if (ports === 'unknown') unknown.push('ports');

  const peer = comparePeer(shape, live.groupId, declared);
  if (peer === 'different') return DIFFERENT;
  if (peer === 'unknown') unknown.push('peer');
  return { same: true, unknown };
}

type Part = 'same' | 'different' | 'unknown';

function comparePorts(shape: RuleShape, declared: Pick<DeclaredRule, 'fromPort' | 'toPort'>): Part {
  if (!hasPorts(shape.protocol) && !hasTypes(shape.protocol)) return 'same';
  if (isOpen(declared.fromPort) || isOpen(declared.toPort)) {
    const from = portOf(declared.fromPort);
    const to = portOf(declared.toPort);
    if (from !== undefined && from !== shape.fromPort) return 'different';
    if (to !== undefined && to !== shape.toPort) return 'different';
    return 'unknown';
  }
  const written = canonicalShape({
    ...shape,
    fromPort: portOf(declared.fromPort) ?? null,
    toPort: portOf(declared.toPort) ?? null,
  });
  return written.fromPort === shape.fromPort && written.toPort === shape.toPort ? 'same' : 'different';
}

/** Undefined: not a number (open, or left out, which means every port). */
function portOf(value: ValueText): number | undefined {
  return /^-?\d+$/.test(value) ? Number(value) : undefined;
}

function comparePeer(shape: RuleShape, groupId: string, declared: Pick<DeclaredRule, 'peerKind' | 'peer'>): Part {
  const { peer } = shape;
  if (declared.peerKind === 'unknown') return 'unknown';
  if (declared.peerKind === 'self') return peer.kind === 'group' && peer.groupId === groupId ? 'same' : 'different';
  if (declared.peerKind !== peer.kind) return 'different';
  if (isOpen(declared.peer)) return 'unknown';
  return normalPeer(declared.peer) === peerText(peer) ? 'same' : 'different';
}

/** Canonical CIDR; of `123456789012/sg-…`, which Terraform writes for another account's group, the group. */
function normalPeer(text: string): string {
  const group = /^\d{12}\/(sg-[0-9a-z]+)$/.exec(text);
  if (group !== null) return group[1]!;
  const cidr = parseCidr(text);
  return cidr === null ? text : formatCidr(cidr);
}
