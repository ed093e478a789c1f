import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import type { Mapping } from '../mapping/contract.ts';
import type { SourceFacts, SourceIndex, SourceLanguage, SourceNote, SourceTree, TextEdit } from '../source/contract.ts';
import { applyEdits, sortEdits } from '../source/text.ts';
import type { Batch, ChangePlan, FileChange, Proposal, Refusal } from './contract.ts';
import { branchName, titleOf } from './names.ts';
import { collectTargets, type Target, treatmentKey } from './targets.ts';
import { differenceOf, identityKey, placedRules, rootOf } from './tuple.ts';
import { type ExpectedChange, verify } from './verify.ts';

/** One language with what it read; `facts` are used again for every evaluation of a changed tree. */
export interface PlannedSource {
  language: SourceLanguage;
  index: SourceIndex;
  facts: SourceFacts;
}

export interface PlanInput {
  findings: FindingsDocument;
  mappings: readonly Mapping[];
  sources: readonly PlannedSource[];
  /** Told after each proposal that was judged. */
  progress?: (done: number, total: number) => void;
}

/**
 * From findings to verified edits, one batch for each root or template. A proposal either has its edit, proved, or a reason with file and
 * line; nothing is half applied. Asynchronous only because the second parser is.
 */
export async function planChanges(input: PlanInput): Promise<ChangePlan> {
  const { targets, refused } = collectTargets(
    input.findings,
    input.mappings,
    input.sources.map((source) => source.index),
  );
  const batches: Batch[] = [];
  const allRefused: Refusal[] = [...refused];
  let done = 0;
  const step = () => {
    done += 1;
    input.progress?.(done, targets.length);
  };

  const taken = new Set<string>();
  for (const [key, group] of byBatch(targets)) {
    const language = group[0]!.placed.declaration.language;
    const source = input.sources.find((one) => one.language.name === language);
    if (source === undefined) throw new Error(`no source language ${language}`);
    const elsewhere = targets.filter((one) => one.placed.declaration.language === language && !group.includes(one));
    const batch = await planBatch(key, group, elsewhere, taken, source, step);
    allRefused.push(...batch.refused);
    if (batch.proposals.length > 0) batches.push({ ...batch, refused: withOthers(batch, refused) });
  }
  return { batches: batches.sort((a, b) => compare(a.key, b.key)), refused: allRefused.sort(byFinding) };
}

/** Also findings that the mapping stopped, where a candidate of theirs lies in this batch: the reviewer looks here for them. */
function withOthers(batch: Batch, refused: readonly Refusal[]): Refusal[] {
  const groups = new Set(batch.proposals.map(({ finding }) => finding.groupId));
  const others = refused.filter((one) => groups.has(one.finding.groupId));
  return [...batch.refused, ...others].sort(byFinding);
}

function byBatch(targets: readonly Target[]): Map<string, Target[]> {
  const out = new Map<string, Target[]>();
  for (const target of targets) {
    const key = `${target.placed.declaration.language}:${rootOf(target.placed)}`;
    const list = out.get(key);
    if (list === undefined) out.set(key, [target]);
    else list.push(target);
  }
  return new Map([...out].sort(([a], [b]) => compare(a, b)));
}

interface Pending {
  target: Target;
  reasons: readonly SourceNote[];
}

/**
 * The targets of one root, and those `elsewhere` that one of its edits makes true as well (a module that several roots call). `taken`
 * holds the keys of all targets that have their edit, in this batch or in one before.
 */
async function planBatch(
  key: string,
  targets: readonly Target[],
  elsewhere: readonly Target[],
  taken: Set<string>,
  source: PlannedSource,
  step: () => void,
): Promise<Batch> {
  const { language, facts } = source;
  let index = source.index;
  let pending: Pending[] = targets
    .filter((target) => !taken.has(target.key))
    .sort(lastFirst)
    .map((target) => ({ target, reasons: [] }));
  const accepted: Target[] = [];
  const proposals: Proposal[] = [];

  // What is refused now may be possible once its neighbours are gone (the last element of a counted list, a literal that several
  // rules share), so passes go on while something was accepted.
  for (let progress = true; progress && pending.length > 0; ) {
    progress = false;
    const failed: Pending[] = [];
    for (const { target } of pending) {
      if (taken.has(target.key)) continue;
      const open = [...targets, ...elsewhere].filter((one) => !taken.has(one.key));
      const attempt = await tryEdit(target, index, open, language, facts);
      if (!attempt.ok) {
        failed.push({ target, reasons: attempt.reasons });
        continue;
      }
      index = attempt.after;
      progress = true;
      for (const member of attempt.members) {
        taken.add(member.key);
        accepted.push(member);
        proposals.push(...proposalsOf(member, attempt));
        step();
      }
    }
    pending = failed.filter(({ target }) => !taken.has(target.key));
  }
  for (const _ of pending) step();

  const refused: Refusal[] = [];
  for (const { target, reasons } of pending)
    refused.push(
      ...refusalsOf(
        target,
        accepted.length === 0 ? reasons : await reasonsAtBase(target, reasons, [...targets, ...elsewhere], source),
      ),
    );
  const whole = await verifyWhole(source, index, accepted);
  if (whole.length > 0) {
    const all = accepted.flatMap((target) => refusalsOf(target, whole));
    return assemble(key, source, source.index, [], [...refused, ...all]);
  }
  return assemble(key, source, index, proposals, refused);
}

type Attempt =
  | {
      ok: true;
      after: SourceIndex;
      before: SourceTree;
      edits: readonly TextEdit[];
      warnings: readonly SourceNote[];
      members: readonly Target[];
    }
  | { ok: false; reasons: readonly SourceNote[] };

async function tryEdit(
  target: Target,
  index: SourceIndex,
  open: readonly Target[],
  language: SourceLanguage,
  facts: SourceFacts,
): Promise<Attempt> {
  // Ids count tuples in source order and so move with each edit: the rule is found again by address and values.
  const ids = new Map(placedRules(index).map((one) => [identityKey(one), one.rule.id]));
  const ruleId = ids.get(target.key);
  if (ruleId === undefined) return failed(target, 'declaration-lost', 'an earlier edit of this batch moved it');
  const treatment = treatmentKey(target);
  const alsoRuleIds = open
    .filter((one) => one.key !== target.key && treatmentKey(one) === treatment)
    .map((one) => ids.get(one.key))
    .filter((id) => id !== undefined)
    .sort();
  const { live } = target.wishes[0]!;
  const result = language.edit(index, { ruleId, alsoRuleIds, replacements: target.replacements, live });
  if (!result.ok) return { ok: false, reasons: result.refusals };
  if (result.edits.length === 0) return failed(target, 'edit-empty', 'the editor found nothing to change');

  let tree: SourceTree;
  try {
    tree = applyEdits(index.tree, result.edits);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return failed(target, 'edit-overlaps', `the edit cannot be applied: ${error.message}`);
  }
  const after = language.index(tree, facts);
  const gone = new Set(differenceOf(index, after).removed.map(identityKey));
  // One edit may realise several proposals: a literal that feeds them all, a module that is called more than once.
  const members = open.filter((one) => one.key === target.key || gone.has(one.key));
  const verdict = verify(index, after, members.map(expectedOf));
  if (!verdict.ok) return { ok: false, reasons: verdict.reasons };
  const second = await checkFiles(index.tree, tree, language);
  if (second.length > 0) return { ok: false, reasons: second };
  return { ok: true, after, before: index.tree, edits: sortEdits(result.edits), warnings: result.warnings, members };
}

/** Reasons with the lines that a reader sees: those of the source as it is, not as the edits before had left it. */
async function reasonsAtBase(
  target: Target,
  reasons: readonly SourceNote[],
  targets: readonly Target[],
  { index, language, facts }: PlannedSource,
): Promise<readonly SourceNote[]> {
  const again = await tryEdit(target, index, targets, language, facts);
  if (!again.ok) return again.reasons;
  return reasons.map((one) => ({ ...one, place: target.placed.declaration.place }));
}

function expectedOf(target: Target): ExpectedChange {
  return { placed: target.placed, live: target.wishes[0]!.live, replacements: target.replacements };
}

async function verifyWhole(
  source: PlannedSource,
  after: SourceIndex,
  accepted: readonly Target[],
): Promise<readonly SourceNote[]> {
  if (accepted.length === 0) return [];
  const verdict = verify(source.index, after, accepted.map(expectedOf));
  if (!verdict.ok) return verdict.reasons;
  return checkFiles(source.index.tree, after.tree, source.language);
}

/** The second parser's opinion on every changed file. */
async function checkFiles(before: SourceTree, after: SourceTree, language: SourceLanguage): Promise<SourceNote[]> {
  const notes: SourceNote[] = [];
  for (const { path, after: text } of changesBetween(before, after))
    notes.push(...(await language.check({ path, text })));
  return notes;
}

function changesBetween(before: SourceTree, after: SourceTree): FileChange[] {
  const out: FileChange[] = [];
  for (const file of after.files) {
    const was = before.get(file.path);
    if (was === file || was?.text === file.text) continue;
    out.push({ path: file.path, before: was?.text ?? '', after: file.text });
  }
  return out;
}

function proposalsOf(target: Target, attempt: Extract<Attempt, { ok: true }>): Proposal[] {
  const together = attempt.members.flatMap((member) => member.wishes.map(({ finding }) => finding.findingId)).sort();
  return target.wishes.map((wish) => ({
    finding: wish.finding,
    candidate: wish.candidate,
    declaration: target.placed.declaration,
    address: target.placed.rule.address,
    context: target.placed.rule.context,
    replacements: target.replacements,
    edits: attempt.edits.map(({ range, text }) => ({
      file: range.file,
      removed: attempt.before.get(range.file)?.text.slice(range.start, range.end) ?? '',
      inserted: text,
    })),
    togetherWith: together.filter((id) => id !== wish.finding.findingId),
    warnings: attempt.warnings,
  }));
}

function refusalsOf(target: Target, reasons: readonly SourceNote[]): Refusal[] {
  return target.wishes.map(({ finding, candidate }) => ({ finding, reasons, candidates: [candidate] }));
}

function failed(target: Target, code: string, message: string): { ok: false; reasons: readonly SourceNote[] } {
  return { ok: false, reasons: [{ code, message, place: target.placed.declaration.place }] };
}

function assemble(
  key: string,
  source: PlannedSource,
  after: SourceIndex,
  proposals: readonly Proposal[],
  refused: readonly Refusal[],
): Batch {
  const [language, ...rest] = key.split(':');
  const root = rest.join(':');
  const changes = changesBetween(source.index.tree, after.tree);
  const { removed, added } = differenceOf(source.index, after);
  const rulesBefore = placedRules(source.index);
  const sorted = [...proposals].sort(byPlace);
  return {
    key,
    language: language as Batch['language'],
    root,
    branch: branchName(key, root),
    title: titleOf(sorted, root),
    proposals: sorted,
    changes,
    refused: [...refused].sort(byFinding),
    proof: {
      rulesBefore: rulesBefore.length,
      rulesAfter: placedRules(after).length,
      removed: removed.length,
      added: added.length,
      contexts: [...new Set(rulesBefore.filter((one) => rootOf(one) === root).map((one) => one.rule.context))].sort(),
      filesChecked: changes.map((change) => change.path),
    },
  };
}

/** From the end of the source backwards, so that counted lists lose their last elements first. */
function lastFirst(a: Target, b: Target): number {
  const ra = a.placed.rule.origins.peer[0] ?? a.placed.declaration.range;
  const rb = b.placed.rule.origins.peer[0] ?? b.placed.declaration.range;
  return compare(ra.file, rb.file) || rb.start - ra.start || compare(b.key, a.key);
}

/** As a reader goes through the files. */
function byPlace(a: Proposal, b: Proposal): number {
  const [pa, pb] = [a.declaration.place, b.declaration.place];
  return compare(pa.file, pb.file) || pa.line - pb.line || byFinding(a, b);
}

function byFinding(a: { finding: { findingId: string } }, b: { finding: { findingId: string } }): number {
  return compare(a.finding.findingId, b.finding.findingId);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
