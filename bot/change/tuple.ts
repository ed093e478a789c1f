import { formatCidr, parseCidr } from '@pare/analyzer/model/address.ts';
import { formatProtocol, parseProtocol } from '@pare/analyzer/model/protocol.ts';
import { type RuleShape, shapeKey } from '@pare/analyzer/model/rule.ts';
import { compareTuple } from '../mapping/compare.ts';
import type { Declaration, DeclaredRule, SourceIndex } from '../source/contract.ts';

/** A declared rule together with where it stands, so that an explanation can point there. */
export interface PlacedRule {
  rule: DeclaredRule;
  declaration: Declaration;
}

export function placedRules(index: SourceIndex): PlacedRule[] {
  return index.declarations.flatMap((declaration) => declaration.rules.map((rule) => ({ rule, declaration })));
}

/** One evaluation: a root (a module may be evaluated in several) in one workspace, variable-file set or stack. */
export function placeKey(rule: DeclaredRule): string {
  return `${rule.root ?? ''}\0${rule.context}`;
}

/**
 * The evaluated values as text: equal exactly when two declared rules make the same permission of the same group in the same context.
 * Description counts: an edit that rewords another rule is not the proposal.
 */
export function valueKey(rule: DeclaredRule): string {
  return [placeKey(rule), rule.group, tupleText(rule), rule.description ?? ''].join('\0');
}

/** Without context, group and description: what is allowed, as far as the source knows it. */
export function tupleText(rule: DeclaredRule): string {
  if (rule.shape !== null) return shapeKey(rule.shape);
  const protocol = parseProtocol(rule.protocol);
  const cidr = parseCidr(rule.peer);
  return [
    rule.direction,
    protocol === null ? rule.protocol : formatProtocol(protocol),
    rule.fromPort,
    rule.toPort,
    rule.peerKind,
    cidr === null ? rule.peer : formatCidr(cidr),
  ].join('|');
}

/** The Terraform root that is applied, or the template. */
export function rootOf({ rule, declaration }: PlacedRule): string {
  return rule.root ?? declaration.root;
}

/**
 * The rule with its address: what Terraform keeps in state. An element of a counted list that moves to another index is another
 * resource to it (delete and create), so it counts as a difference. The number of an inline CloudFormation item is no identity.
 */
export function identityKey({ rule, declaration }: PlacedRule): string {
  const address = declaration.language === 'cloudformation' ? rule.address.replace(/\[\d+\]/g, '') : rule.address;
  return `${declaration.language}\0${rootOf({ rule, declaration })}\0${address}\0${valueKey(rule)}`;
}

/** True when `actual` is the rule `wanted`, written beside or in place of `original`, which stands for the live rule `live`. */
export function isReplacement(
  actual: DeclaredRule,
  original: DeclaredRule,
  live: RuleShape,
  wanted: RuleShape,
): boolean {
  if (placeKey(actual) !== placeKey(original) || actual.group !== original.group) return false;
  if (actual.shape !== null) return shapeKey(actual.shape) === shapeKey(wanted);
  const full = compareTuple({ ...wanted, groupId: original.group }, actual);
  if (full.same && full.unknown.length === 0) return true;
  // A reference whose id is not known is still the same peer when it was not touched.
  const keptPeer = shapeKey({ ...live, peer: wanted.peer }) === shapeKey(live);
  if (!keptPeer || actual.peerKind !== original.peerKind || actual.peer !== original.peer) return false;
  const rest = compareTuple({ ...wanted, groupId: original.group }, { ...actual, peerKind: 'unknown' });
  return rest.same && rest.unknown.length === 1;
}

export interface Difference {
  removed: readonly PlacedRule[];
  added: readonly PlacedRule[];
}

/** The difference of all evaluations, as multisets: what the edit took away and what it brought, in every place that shares the source. */
export function differenceOf(before: SourceIndex, after: SourceIndex): Difference {
  const counts = new Map<string, PlacedRule[]>();
  for (const one of changedRules(before, after)) {
    const key = identityKey(one);
    const list = counts.get(key);
    if (list === undefined) counts.set(key, [one]);
    else list.push(one);
  }
  const added: PlacedRule[] = [];
  for (const one of changedRules(after, before)) {
    const list = counts.get(identityKey(one));
    if (list === undefined || list.length === 0) added.push(one);
    else list.pop();
  }
  return { removed: [...counts.values()].flat(), added };
}

/** Without the declarations that are the same object in both, as a language keeps those that an edit does not touch: they cancel out. */
function changedRules(index: SourceIndex, other: SourceIndex): PlacedRule[] {
  const same = new Set(other.declarations);
  return placedRules({ ...index, declarations: index.declarations.filter((one) => !same.has(one)) });
}
