import type { RuleShape } from '@pare/analyzer/model/rule.ts';
import { EGRESS_PLACEHOLDER } from '../source/cloudformation/remove.ts';
import type { SourceIndex, SourceNote } from '../source/contract.ts';
import { danglingReferences } from './dangling.ts';
import { allowsSubset } from './subset.ts';
import { differenceOf, identityKey, isReplacement, type PlacedRule, placeKey, tupleText } from './tuple.ts';

/** One rule that is meant to go, with what shall stand instead of it; `live` is the rule as AWS has it. */
export interface ExpectedChange {
  placed: PlacedRule;
  live: RuleShape;
  replacements: readonly RuleShape[];
}

export type Verdict = { ok: true } | { ok: false; reasons: readonly SourceNote[] };

/**
 * Law 5: the difference of all evaluations before and after must be exactly the expected changes, the rest of the repository must be
 * read as well as before, and nothing may refer to what is gone. Law 4 is proved again on the way. Every failed check gives a reason.
 */
export function verify(before: SourceIndex, after: SourceIndex, expected: readonly ExpectedChange[]): Verdict {
  const reasons: SourceNote[] = [
    ...opened(expected),
    ...wrongDifference(before, after, expected),
    ...newNotes(before, after),
    ...danglingReferences(before, after),
  ];
  return reasons.length === 0 ? { ok: true } : { ok: false, reasons };
}

function opened(expected: readonly ExpectedChange[]): SourceNote[] {
  return expected.flatMap(({ placed, live, replacements }) =>
    replacements
      .filter((replacement) => !allowsSubset(replacement, live))
      .map(() => ({
        code: 'replacement-opens',
        message: `a replacement for ${placed.rule.address} is not provably a subset of the rule it replaces`,
        place: placed.declaration.place,
      })),
  );
}

function wrongDifference(before: SourceIndex, after: SourceIndex, expected: readonly ExpectedChange[]): SourceNote[] {
  const { removed, added } = differenceOf(before, after);
  const reasons: SourceNote[] = [];

  const unmatched = [...removed];
  for (const { placed } of expected) {
    const at = unmatched.findIndex((one) => identityKey(one) === identityKey(placed));
    if (at >= 0) unmatched.splice(at, 1);
    else reasons.push(note('edit-missed', `the edit leaves ${told(placed)} as it is`, placed));
  }
  for (const one of unmatched)
    reasons.push(note('edit-changes-more', `the same source also makes ${told(one)}, which must stay`, one));

  const extra = [...added];
  for (const { placed, live, replacements } of expected) {
    for (const wanted of replacements) {
      const at = extra.findIndex((one) => isReplacement(one.rule, placed.rule, live, wanted));
      if (at < 0) {
        reasons.push(note('replacement-missing', `the edit does not make a replacement of ${told(placed)}`, placed));
        continue;
      }
      const [found] = extra.splice(at, 1);
      if (duplicated(after, found!))
        reasons.push(
          note(
            'replacement-duplicate',
            `the replacement ${told(found!)} is declared already, and EC2 refuses a second one`,
            found!,
          ),
        );
    }
  }
  for (const one of extra)
    if (!isPlaceholder(one, expected)) reasons.push(note('edit-adds', `the edit would also make ${told(one)}`, one));
  return reasons;
}

/**
 * Trap 14: where the last egress rule of a CloudFormation group goes, a rule to the loopback block stands in its place, since a group
 * without any would be given one that allows everything. It reaches nothing, so nothing opens; the body says it is there.
 */
function isPlaceholder({ rule, declaration }: PlacedRule, expected: readonly ExpectedChange[]): boolean {
  if (declaration.language !== 'cloudformation' || rule.direction !== 'egress') return false;
  if (rule.peerKind !== 'cidrIpv4' || rule.peer !== EGRESS_PLACEHOLDER) return false;
  return expected.some(
    ({ placed, replacements }) =>
      replacements.length === 0 &&
      placed.rule.direction === 'egress' &&
      placeKey(placed.rule) === placeKey(rule) &&
      placed.rule.group === rule.group,
  );
}

function duplicated(after: SourceIndex, one: PlacedRule): boolean {
  const text = tupleText(one.rule);
  let count = 0;
  for (const declaration of after.declarations)
    for (const rule of declaration.rules)
      if (placeKey(rule) === placeKey(one.rule) && rule.group === one.rule.group && tupleText(rule) === text)
        count += 1;
  return count > 1;
}

/** Codes and files, not lines: lines move with an edit above them. */
function newNotes(before: SourceIndex, after: SourceIndex): SourceNote[] {
  const known = new Map<string, number>();
  for (const one of notesOf(before)) known.set(noteKey(one), (known.get(noteKey(one)) ?? 0) + 1);
  const fresh: SourceNote[] = [];
  for (const one of notesOf(after)) {
    const left = known.get(noteKey(one)) ?? 0;
    if (left === 0) fresh.push({ ...one, message: `after the edit: ${one.message}` });
    else known.set(noteKey(one), left - 1);
  }
  return fresh;
}

function notesOf(index: SourceIndex): SourceNote[] {
  return [...index.notes, ...index.declarations.flatMap((declaration) => declaration.notes)];
}

function noteKey(one: SourceNote): string {
  return `${one.code}\0${one.place.file}`;
}

function told({ rule, declaration }: PlacedRule): string {
  const where = `${declaration.place.file}:${declaration.place.line}`;
  const context = rule.context === 'default' ? '' : ` in ${rule.context}`;
  return `${rule.address}${context} (${tupleText(rule).replaceAll('|', ' ')}, ${where})`;
}

function note(code: string, message: string, { declaration }: PlacedRule): SourceNote {
  return { code, message, place: declaration.place };
}
