import { formatProtocol } from '@pare/analyzer/model/protocol.ts';
import { canonicalShape, type RuleShape } from '@pare/analyzer/model/rule.ts';
import type {
  DeclaredRule,
  EditRequest,
  EditResult,
  Place,
  SourceIndex,
  SourceNote,
  SourceTree,
  TextEdit,
} from '../../contract.ts';
import { applyEdits, placeOfRange } from '../../text.ts';
import { directoryOf } from '../eval/definition.ts';
import { GROUPS } from '../rules/extract.ts';
import { FORBIDDING } from '../rules/notes.ts';
import { attributeOf } from '../syntax/ast.ts';
import type { Candidate, Parts, Wanted } from './candidate.ts';
import { declarationOf, type IndexDetails } from './details.ts';
import { inlined } from './inline.ts';
import { difference, newTroubles, place, ruleKey } from './judge.ts';
import { narrowings, portsKept, wantedOf } from './narrow.ts';
import { outsideChange } from './outside.ts';
import { removals } from './remove.ts';
import { alsoGone, alsoTouched, sharedNote } from './touched.ts';
import { filters, joinedParts, keyFilters } from './wrap.ts';

const MAX_CANDIDATES = 48;

/**
 * The smallest edit whose evaluation differs from the present one by exactly the request. Ways are tried from small to large; each is
 * applied to a copy of the tree and evaluated in every root and context that shares the text (law 5). None exact: the reasons.
 */
export function editRule(index: SourceIndex, details: IndexDetails, request: EditRequest): EditResult {
  const declaration = declarationOf(details, request.ruleId);
  const rule = declaration?.rules.find((r) => r.id === request.ruleId);
  const found = details.names().found.get(request.ruleId);
  if (declaration === undefined || rule === undefined || found === undefined)
    return refused([
      { code: 'unknown-rule', message: `no declared rule has the id ${request.ruleId}`, place: { file: '', line: 1 } },
    ]);
  const forbidding = declaration.notes.filter((note) => FORBIDDING.has(note.code) && note.code !== 'vendored');
  if (forbidding.length > 0) return refused(forbidding);
  const targets = new Set([request.ruleId, ...(request.alsoRuleIds ?? [])]);
  const wanted = request.replacements.map((shape) => wantedOf(rule, shape, request.live ?? null));
  const parts: Parts = { details, rule, found, siblings: declaration.rules, targets };
  const refusals: SourceNote[] = [];
  // Ways that are closed from the start are greater than those which are tried, and so are told after them.
  const closed: SourceNote[] = [];
  const candidates = wanted.length === 0 ? removals(parts, closed, sharedWays) : narrowings(parts, wanted, closed);
  const tried = new Set<string>();
  for (const written of candidates) {
    const candidate = {
      ...written,
      edits: throughLinks(index.tree, written.edits).filter((e) => tells(index.tree, e)),
    };
    const key = JSON.stringify(candidate.edits);
    if (tried.has(key) || tried.size >= MAX_CANDIDATES) continue;
    tried.add(key);
    const verdict = judge(index, details, request, rule, candidate, targets, wanted);
    if (verdict.ok && request.all === true && verdict.changed.length < targets.size)
      refusals.push({
        code: 'not-all',
        message: `an edit here would change ${verdict.changed.length} of the ${targets.size} rules only`,
        place: candidatePlace(index.tree, candidate),
      });
    else if (verdict.ok) {
      const warnings = [...candidate.warnings, ...warningsFor(index, rule, parts, candidate, declaration.place)];
      return { ok: true, edits: candidate.edits, warnings, changed: verdict.changed };
    } else refusals.push(...verdict.refusals);
  }
  refusals.push(...closed);
  if (refusals.length === 0)
    refusals.push({
      code: 'no-literal',
      message: 'what makes this rule is computed; no single text can be changed for it',
      place: declaration.place,
    });
  return refused(distinct(refusals));
}

function tells(tree: SourceTree, { range, text }: TextEdit): boolean {
  return tree.get(range.file)?.text.slice(range.start, range.end) !== text;
}

/** A file that is a link is edited where it leads to. */
function throughLinks(tree: SourceTree, edits: readonly TextEdit[]): readonly TextEdit[] {
  return edits.map((edit) => {
    const file = tree.get(edit.range.file)?.linkTo;
    return file === undefined ? edit : { ...edit, range: { ...edit.range, file } };
  });
}

function sharedWays(parts: Parts): Candidate[] {
  const joined = joinedParts(parts, parts.rule);
  return [...filters(parts), ...keyFilters(parts), ...joined, ...inlined(parts, joined)];
}

function refused(refusals: readonly SourceNote[]): EditResult {
  return { ok: false, refusals };
}

/** What a person can act on comes first; attempts that merely did not fit are told only where there is nothing better. */
const WEIGHT: Readonly<Record<string, number>> = {
  shared: 1,
  'after-no-source': 3,
  overlap: 3,
  'not-exact': 2,
  'not-all': 2,
  'no-effect': 4,
};

function distinct(notes: readonly SourceNote[]): SourceNote[] {
  const byText = new Map<string, SourceNote>();
  // The same reason at several places is told at the first, which is the smallest edit.
  for (const note of notes) {
    const key = note.code === 'shared' ? note.message : `${note.message}|${note.place.file}|${note.place.line}`;
    if (!byText.has(`${note.code}|${key}`)) byText.set(`${note.code}|${key}`, note);
  }
  const weight = (note: SourceNote) => WEIGHT[note.code] ?? 0;
  const sorted = [...byText.values()].sort((a, b) => weight(a) - weight(b));
  const best = sorted[0] === undefined ? 0 : Math.max(1, weight(sorted[0]));
  return sorted.filter((note) => weight(note) <= best).slice(0, 6);
}

type Verdict = { ok: true; changed: readonly string[] } | { ok: false; refusals: readonly SourceNote[] };

function judge(
  before: SourceIndex,
  details: IndexDetails,
  request: EditRequest,
  rule: DeclaredRule,
  candidate: Candidate,
  targets: ReadonlySet<string>,
  wanted: readonly Wanted[],
): Verdict {
  const at = candidatePlace(before.tree, candidate);
  const also = alsoTouched(before, details, candidate, targets);
  if (also !== null) return { ok: false, refusals: [sharedNote(details, also, at)] };
  let tree: SourceTree;
  try {
    tree = applyEdits(before.tree, candidate.edits);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, refusals: [{ code: 'overlap', message: error.message, place: at }] };
  }
  const gone = alsoGone(before, details, tree, rule.root ?? '', targets);
  if (gone !== null) return { ok: false, refusals: [sharedNote(details, gone, at)] };
  const after = details.again(tree);
  const trouble = newTroubles(before, after).find((note) => TROUBLES.has(note.code));
  if (trouble !== undefined) return { ok: false, refusals: [{ ...trouble, code: `after-${trouble.code}` }] };
  const { removed, added } = difference(before, after);
  const targetKeys = new Map<string, string[]>();
  const targetRules = [...targets].flatMap((id) => declarationOf(details, id)?.rules.find((r) => r.id === id) ?? []);
  for (const r of targetRules) targetKeys.set(ruleKey(r), [...(targetKeys.get(ruleKey(r)) ?? []), r.id]);
  const changed: string[] = [];
  for (const gone of removed) {
    const ids = targetKeys.get(ruleKey(gone));
    const id = ids?.includes(request.ruleId) ? request.ruleId : ids?.[0];
    if (ids === undefined || id === undefined) return { ok: false, refusals: [sharedNote(details, gone, at)] };
    ids.splice(ids.indexOf(id), 1);
    changed.push(id);
  }
  if (!changed.includes(request.ruleId))
    return { ok: false, refusals: [{ code: 'no-effect', message: 'this edit would not change the rule', place: at }] };
  const expected = changed.flatMap((id) => {
    const of = targetRules.find((r) => r.id === id) ?? rule;
    return wanted.map((w) => `${place(of)}|${expectedTuple(of, w)}`);
  });
  const actual = added.map((r) => `${place(r)}|${actualTuple(r)}`);
  if (expected.sort().join('\n') !== actual.sort().join('\n'))
    return {
      ok: false,
      refusals: [{ code: 'not-exact', message: 'an edit here would make other rules than those wanted', place: at }],
    };
  const emptied = emptiedGroup(before, after, rule, details);
  if (emptied !== null) return { ok: false, refusals: [{ ...emptied, place: at }] };
  const because = details.names().found.get(rule.id)?.because ?? [];
  const outside = outsideChange(details, details.detailsOf(after), candidate.edits, because);
  if (outside !== null) return { ok: false, refusals: [outside] };
  return { ok: true, changed: changed.sort() };
}

const TROUBLES = new Set([
  'no-source',
  'invalid-source',
  'cycle',
  'unresolved-module',
  'unknown-direction',
  'too-large',
]);

function expectedTuple(rule: DeclaredRule, wanted: Wanted): string {
  const shape: RuleShape = canonicalShape(wanted.shape);
  const peerKind = wanted.peerKept ? rule.peerKind : shape.peer.kind;
  const peer = wanted.peerKept
    ? rule.peer
    : shape.peer.kind === 'group'
      ? shape.peer.groupId
      : shape.peer.kind === 'prefixList'
        ? shape.peer.prefixListId
        : shape.peer.cidr;
  // Rules that get the same treatment keep each its own ports where only the peer changes, as they keep each its own peer elsewhere.
  const ports = portsKept([wanted])
    ? [rule.protocol, rule.fromPort, rule.toPort]
    : [formatProtocol(shape.protocol), shape.fromPort ?? '', shape.toPort ?? ''];
  return [rule.direction, rule.group, ...ports, peerKind, peer].join('|');
}

function actualTuple(rule: DeclaredRule): string {
  return [rule.direction, rule.group, rule.protocol, rule.fromPort, rule.toPort, rule.peerKind, rule.peer].join('|');
}

function candidatePlace(tree: SourceTree, candidate: Candidate): Place {
  const range = candidate.edits[0]?.range;
  const file = range === undefined ? undefined : tree.get(range.file);
  return range === undefined || file === undefined ? { file: '', line: 1 } : placeOfRange(file, range);
}

/**
 * Traps 1 and 2. A group that loses its last inline rule of a direction must say `ingress = []`, for the argument is optional and
 * computed; but that also revokes rules that standalone resources made on the same group, so there both styles forbid it.
 */
function emptiedGroup(
  before: SourceIndex,
  after: SourceIndex,
  rule: DeclaredRule,
  details: IndexDetails,
): Omit<SourceNote, 'place'> | null {
  const inline = (r: DeclaredRule) =>
    r.address === rule.address && r.direction === rule.direction && place(r) === place(rule);
  const type =
    rule.address
      .replace(/\[[^\]]*\]/g, '')
      .split('.')
      .at(-2) ?? '';
  if (!GROUPS.has(type)) return null;
  const left = after.declarations.some((d) => d.rules.some(inline));
  const site = details.names().found.get(rule.id)?.site;
  const details2 = details.detailsOf(after);
  const resource = details2.project
    .definition(directoryOf(site?.range.file ?? ''))
    ?.resources.get(site?.resourceName ?? '');
  const explicit = resource !== undefined && attributeOf(resource.body, rule.direction) !== undefined;
  const blocks = resource?.body.items.some(
    (item) =>
      item.kind === 'block' &&
      (item.type === rule.direction || (item.type === 'dynamic' && item.labels[0]?.text === rule.direction)),
  );
  if (explicit && blocks)
    return { code: 'mixed-syntax', message: `${rule.direction} cannot be both an argument and a block` };
  if (left)
    return explicit && site?.form !== 'inline-attribute'
      ? { code: 'not-exact', message: 'other inline rules remain' }
      : null;
  if (!explicit)
    return {
      code: 'last-inline',
      message: `the last inline ${rule.direction} rule of ${rule.address} cannot go without ${rule.direction} = []`,
    };
  const standalone = before.declarations.some((d) =>
    d.rules.some(
      (r) => r.group === rule.group && place(r) === place(rule) && r.direction === rule.direction && !inline(r),
    ),
  );
  if (standalone)
    return {
      code: 'mixed-styles',
      message: `${rule.direction} = [] on ${rule.address} would also revoke rules that other resources made on it`,
    };
  return null;
}

/** Traps that do not forbid an edit but that the reviewer must know. */
function warningsFor(
  index: SourceIndex,
  rule: DeclaredRule,
  parts: Parts,
  candidate: Candidate,
  at: Place,
): SourceNote[] {
  const warnings: SourceNote[] = [];
  const { site } = parts.found;
  if (
    site.form === 'legacy-rule' &&
    candidate.what !== 'block' &&
    parts.siblings.length > 0 &&
    candidate.what !== 'entry'
  )
    warnings.push({
      code: 'replacement',
      message: `${rule.address} is replaced by this change: its remaining rules are revoked and added again, a short outage`,
      place: at,
    });
  if (parts.found.many)
    warnings.push({
      code: 'list-replaced',
      message: `${rule.peer.replace(/^(ref|unknown):/, '')} stands for a list of sources that is not known here: the rules of whatever else it holds change with this one`,
      place: at,
    });
  const again = index.declarations
    .flatMap((d) => d.rules)
    .find((r) => r.id !== rule.id && place(r) === place(rule) && actualTuple(r) === actualTuple(rule));
  if (again !== undefined)
    warnings.push({
      code: 'declared-twice',
      message: `${again.address} declares the same rule; it stays until that goes too`,
      place: at,
    });
  return warnings;
}
