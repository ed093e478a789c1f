import { formatCidr, parseCidr } from '@pare/analyzer/model/address.ts';
import type { DeclaredRule, Place, SourceIndex, SourceNote, SourceRange, SourceTree } from '../../contract.ts';
import { placeOfRange } from '../../text.ts';
import { type Candidate, type Parts, parsedAt } from './candidate.ts';
import { declarationOf, type IndexDetails } from './details.ts';
import { ruleKey } from './judge.ts';
import { literalAt } from './locate.ts';

/*
 * Two quick looks before an edit is judged whole.
 * Most ways that are tried in a shared module fail since a literal feeds other rules too. That shows in the origins of those rules (law 6),
 * without an evaluation of all roots that reach the text.
 */

const PARTS = ['peer', 'fromPort', 'toPort', 'protocol'] as const;

interface Made {
  rule: DeclaredRule;
  part: (typeof PARTS)[number];
  range: SourceRange;
}

const byFile = new WeakMap<SourceIndex, ReadonlyMap<string, readonly Made[]>>();

/** The innermost text that made each part of each rule, by file. */
function madeIn(index: SourceIndex, file: string): readonly Made[] {
  let known = byFile.get(index);
  if (known === undefined) {
    const files = new Map<string, Made[]>();
    for (const { rules } of index.declarations)
      for (const rule of rules)
        for (const part of PARTS) {
          const range = rule.origins[part][0];
          if (range === undefined) continue;
          const list = files.get(range.file);
          if (list === undefined) files.set(range.file, [{ rule, part, range }]);
          else list.push({ rule, part, range });
        }
    known = files;
    byFile.set(index, known);
  }
  return known.get(file) ?? [];
}

/** A rule besides the targets that this way of editing changes for certain; null where only an evaluation can tell. */
export function alsoTouched(
  index: SourceIndex,
  details: IndexDetails,
  { touches }: Candidate,
  targets: ReadonlySet<string>,
): DeclaredRule | null {
  for (const { range, goes } of touches ?? [])
    for (const made of madeIn(index, range.file)) {
      if (targets.has(made.rule.id) || made.range.start < range.start || made.range.end > range.end) continue;
      if (goes ? made.part === 'peer' : isLiteral(details, made)) return made.rule;
    }
  return null;
}

/** Whether the part is the literal itself and nothing computed from it. */
function isLiteral(details: IndexDetails, { rule, part, range }: Made): boolean {
  const parsed = parsedAt(details, range.file);
  const value = parsed === null ? undefined : literalAt(parsed, range)?.value;
  if (part !== 'peer') return String(value) === rule[part];
  const cidr = typeof value === 'string' ? parseCidr(value.trim()) : null;
  return cidr !== null && formatCidr(cidr) === rule.peer;
}

/**
 * A rule besides the targets that is not there any more once an edit is made; roots are evaluated one by one and no further than to the
 * first such rule, for in a module that sixty roots call nearly every attempt shows in the first of them.
 */
export function alsoGone(
  index: SourceIndex,
  details: IndexDetails,
  tree: SourceTree,
  first: string,
  targets: ReadonlySet<string>,
): DeclaredRule | null {
  const before = rulesByRoot(index);
  for (const { root, result } of details.rootsOf(tree, first)) {
    const rules = before.get(root);
    if (rules === undefined || result === details.results.get(root)) continue;
    const left = new Map<string, number>();
    for (const found of result.extraction.rules) {
      const key = ruleKey(found.rule);
      left.set(key, (left.get(key) ?? 0) + 1);
    }
    // Of equal rules the targets are those that go.
    for (const rule of rules.filter((one) => !targets.has(one.id))) {
      const count = left.get(ruleKey(rule)) ?? 0;
      if (count === 0) return rule;
      left.set(ruleKey(rule), count - 1);
    }
  }
  return null;
}

const byRoot = new WeakMap<SourceIndex, ReadonlyMap<string, readonly DeclaredRule[]>>();

function rulesByRoot(index: SourceIndex): ReadonlyMap<string, readonly DeclaredRule[]> {
  const known = byRoot.get(index);
  if (known !== undefined) return known;
  const made = new Map<string, DeclaredRule[]>();
  for (const { rules } of index.declarations)
    for (const rule of rules) {
      const list = made.get(rule.root ?? '');
      if (list === undefined) made.set(rule.root ?? '', [rule]);
      else list.push(rule);
    }
  byRoot.set(index, made);
  return made;
}

export function sharedNote(details: IndexDetails, gone: DeclaredRule, at: Place): SourceNote {
  const declaration = declarationOf(details, gone.id);
  const where = declaration === undefined ? '' : ` (${declaration.place.file}:${declaration.place.line})`;
  const context = gone.context === 'default' ? '' : ` in ${gone.context}`;
  return { code: 'shared', message: `an edit here would change ${gone.address}${where}${context} too`, place: at };
}

/**
 * A rule of the same block in a call of its module, a root or a context that has no target: whatever is written into the block or beside it
 * shows there too.
 */
export function elsewhere({ siblings, targets, found }: Parts): DeclaredRule | null {
  const instance = (rule: DeclaredRule) =>
    [rule.root, rule.context, rule.address.slice(0, rule.address.lastIndexOf(found.site.resourceName))].join('|');
  const wanted = new Set(siblings.filter((one) => targets.has(one.id)).map(instance));
  return siblings.find((one) => !wanted.has(instance(one))) ?? null;
}

export function refusal(parts: Parts, gone: DeclaredRule): SourceNote {
  const { file, start, end } = parts.found.site.range;
  const of = parts.details.project.tree.get(file);
  const at = of === undefined ? { file, line: 1 } : placeOfRange(of, { start, end });
  return sharedNote(parts.details, gone, at);
}
