import { addressesWithin, cidrRange, parseCidr } from '@pare/analyzer/model/address.ts';
import { isSubset, numbers } from '@pare/analyzer/model/interval.ts';
import { portsOfRule } from '@pare/analyzer/model/ports.ts';
import { ALL_PROTOCOLS } from '@pare/analyzer/model/protocol.ts';
import { canonicalShape, peerText, type RuleShape } from '@pare/analyzer/model/rule.ts';

/**
 * Law 4 for one replacement: does it allow a subset of the rule it replaces? Decided by set algebra. A peer of another kind is never a
 * subset here, since who is in a group or prefix list is not written in the source.
 */
export function allowsSubset(replacement: RuleShape, original: RuleShape): boolean {
  const inner = canonicalShape(replacement);
  const outer = canonicalShape(original);
  if (inner.direction !== outer.direction) return false;
  if (inner.protocol !== outer.protocol && outer.protocol !== ALL_PROTOCOLS) return false;
  const innerPorts = portsOfRule(inner.protocol, inner.fromPort, inner.toPort);
  const outerPorts = portsOfRule(outer.protocol, outer.fromPort, outer.toPort);
  if (!isSubset(numbers, innerPorts, outerPorts)) return false;
  return peerWithin(inner, outer);
}

function peerWithin(inner: RuleShape, outer: RuleShape): boolean {
  if (inner.peer.kind !== outer.peer.kind) return false;
  if (peerText(inner.peer) === peerText(outer.peer)) return true;
  const innerCidr = parseCidr(peerText(inner.peer));
  const outerCidr = parseCidr(peerText(outer.peer));
  return innerCidr !== null && outerCidr !== null && addressesWithin(cidrRange(innerCidr), cidrRange(outerCidr));
}
