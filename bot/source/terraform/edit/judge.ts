import type { DeclaredRule, SourceIndex, SourceNote } from '../../contract.ts';

/** A rule and where it stands, without what an edit elsewhere may renumber. */
export function ruleKey(rule: Omit<DeclaredRule, 'id' | 'declarationId'>): string {
  return [place(rule), rule.address, tuple(rule), rule.description ?? ''].join('|');
}

export function place(rule: Pick<DeclaredRule, 'root' | 'context'>): string {
  return `${rule.root ?? ''}|${rule.context}`;
}

/** What it allows to whom. */
export function tuple(
  rule: Omit<DeclaredRule, 'id' | 'declarationId' | 'address' | 'context' | 'origins' | 'description'>,
): string {
  return [rule.direction, rule.group, rule.protocol, rule.fromPort, rule.toPort, rule.peerKind, rule.peer].join('|');
}

export interface Difference {
  removed: readonly DeclaredRule[];
  added: readonly DeclaredRule[];
}

/** Without declarations that are the same object in both: they make the same rules. */
function rulesOf(index: SourceIndex, other: SourceIndex): DeclaredRule[] {
  const same = new Set(other.declarations);
  return index.declarations.flatMap((declaration) => (same.has(declaration) ? [] : declaration.rules));
}

/** Multisets of rules: what one index has and the other has not. */
export function difference(before: SourceIndex, after: SourceIndex): Difference {
  const counts = new Map<string, number>();
  for (const rule of rulesOf(before, after)) counts.set(ruleKey(rule), (counts.get(ruleKey(rule)) ?? 0) + 1);
  const added: DeclaredRule[] = [];
  for (const rule of rulesOf(after, before)) {
    const left = counts.get(ruleKey(rule)) ?? 0;
    if (left === 0) added.push(rule);
    else counts.set(ruleKey(rule), left - 1);
  }
  const removed: DeclaredRule[] = [];
  for (const rule of rulesOf(before, after).reverse()) {
    const left = counts.get(ruleKey(rule)) ?? 0;
    if (left === 0) continue;
    removed.push(rule);
    counts.set(ruleKey(rule), left - 1);
  }
  return { removed: removed.reverse(), added };
}

/** Notes that an edit brought: a source that no longer parses, a rule without a source, a cycle. */
export function newTroubles(before: SourceIndex, after: SourceIndex): SourceNote[] {
  const count = (index: SourceIndex) => {
    const counts = new Map<string, number>();
    for (const note of index.notes) counts.set(signature(note), (counts.get(signature(note)) ?? 0) + 1);
    return counts;
  };
  const old = count(before);
  return after.notes.filter((note) => {
    const left = old.get(signature(note)) ?? 0;
    if (left > 0) old.set(signature(note), left - 1);
    return left === 0;
  });
}

function signature(note: SourceNote): string {
  return `${note.place.file}|${note.code}|${note.message}`;
}
