import { formatCidr, parseCidr } from '../../analyzer/model/address.ts';
import { hasPorts } from '../../analyzer/model/protocol.ts';
import type { RuleShape } from '../../analyzer/model/rule.ts';
import type { DeclaredRule, SourceIndex } from '../../bot/source/contract.ts';

export type Wish = 'remove' | 'tighten';

/** A narrower shape of a rule whose values are known without state; null where it is as narrow as this harness asks. */
export function tighter(rule: DeclaredRule): RuleShape | null {
  const { shape } = rule;
  if (shape === null) return null;
  if (hasPorts(shape.protocol) && shape.fromPort !== null && shape.toPort !== null && shape.fromPort < shape.toPort)
    return { ...shape, toPort: shape.fromPort + Math.min(1, shape.toPort - shape.fromPort - 1) };
  if (shape.protocol === -1) return { ...shape, protocol: 6, fromPort: 443, toPort: 443 };
  if (shape.peer.kind !== 'cidrIpv4') return null;
  const cidr = parseCidr(shape.peer.cidr);
  if (cidr === null || cidr.length >= 32) return null;
  return { ...shape, peer: { kind: 'cidrIpv4', cidr: formatCidr({ ...cidr, length: cidr.length + 1 }) } };
}

/**
 * Traps 8 and 11: where one text serves several rules, an edit for one of them is refused, and is right only once all of them are stale.
 * These are the sets of rules that share more and more text with `rule`; each holds it, none twice.
 */
export function sharing(
  index: SourceIndex,
  siblings: readonly DeclaredRule[],
  rule: DeclaredRule,
  wish: Wish,
): DeclaredRule[][] {
  const instance = (r: DeclaredRule) => [r.root, r.context, r.address].join('|');
  const ordinal = (r: DeclaredRule) => siblings.filter((s) => instance(s) === instance(r)).indexOf(r);
  const allowed = (r: DeclaredRule) => [r.protocol, r.fromPort, r.toPort, r.peerKind, r.peer].join('|');
  const rangeKey = (r: { file: string; start: number; end: number }) => `${r.file}:${r.start}:${r.end}`;
  const first = (r: DeclaredRule) => r.origins.peer.slice(0, 1).map(rangeKey).join();
  const all = index.declarations.flatMap((d) => d.rules);
  const at = ordinal(rule);
  const inner = rule.origins.declaration;
  const written = rule.origins.peer.filter(
    (r) => r.file === inner.file && r.start >= inner.start && r.end <= inner.end,
  );
  const sets = [
    siblings.filter((r) => ordinal(r) === at),
    siblings.filter((r) => allowed(r) === allowed(rule)),
    siblings.filter((r) => first(r) === first(rule)),
    ...written.map((range) => siblings.filter((r) => r.origins.peer.some((o) => rangeKey(o) === rangeKey(range)))),
    all.filter((r) => first(r) === first(rule) && first(r) !== ''),
    siblings.filter((r) => instance(r) === instance(rule)),
    [...siblings],
  ].map((set) => (wish === 'remove' ? set : set.filter((r) => allowed(r) === allowed(rule))));
  const seen = new Set<string>();
  return sets.filter((set) => {
    const key = set
      .map((r) => r.id)
      .sort()
      .join('\n');
    if (set.length < 2 || !set.includes(rule) || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
