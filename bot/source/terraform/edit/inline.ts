import type { TextEdit } from '../../contract.ts';
import { splice } from '../../text.ts';
import { directoryOf } from '../eval/definition.ts';
import type { Attribute } from '../syntax/ast.ts';
import { type Candidate, editableChain, type Parts, parsedAt } from './candidate.ts';
import { expressionsOf } from './locate.ts';

/** Locals may be made of locals; further in, nobody would know the list again. */
const LEVELS = 2;
/** In UTF-16 code units: a longer list is no longer one that a reviewer compares at a glance. */
const MAX_LIST = 2_000;

/*
 * The list that a local holds feeds this rule and others, and the element to change is one that only state knows, so that no filter could
 * name it: the place that takes the list for this rule gets a list of its own, written as the local's is but for the change.
 */
export function inlined(parts: Parts, candidates: readonly Candidate[]): Candidate[] {
  const { rule, found, details } = parts;
  const places = editableChain(details, rule.origins.peer, found.because, ownPeers(parts));
  const out: Candidate[] = [];
  let level: readonly Candidate[] = candidates;
  for (let n = 0; n < LEVELS; n += 1) {
    level = level.flatMap((candidate): Candidate[] => {
      const local = localAround(parts, candidate.edits);
      if (local === null) return [];
      const { file, value, name } = local;
      const text = details.project.tree.get(file)?.text.slice(value.start, value.end) ?? '';
      if (text.length > MAX_LIST || text.includes('<<')) return [];
      const shifted = candidate.edits.map((edit) => ({
        range: { ...edit.range, start: edit.range.start - value.start, end: edit.range.end - value.start },
        text: edit.text,
      }));
      const changed = splice(text, shifted);
      return places.flatMap(({ parsed, range }): Candidate[] => {
        if (parsed.syntax === 'json' || directoryOf(range.file) !== directoryOf(file)) return [];
        // A place that hands on a part of its value, as concat does, may hold the reference within.
        return expressionsOf(parsed).flatMap((e): Candidate[] => {
          if (e.start < range.start || e.end > range.end || e.kind !== 'attribute' || e.name !== name) return [];
          if (e.of.kind !== 'variable' || e.of.name !== 'local') return [];
          const edit = { range: { file: e.file, start: e.start, end: e.end }, text: changed };
          return [{ what: candidate.what === 'element' ? 'filter' : candidate.what, edits: [edit], warnings: [] }];
        });
      });
    });
    out.push(...level);
  }
  return out;
}

/** The arguments that name sources, for what is unknown may have no chain that leads there. */
function ownPeers({ found }: Parts) {
  const items = found.site.body?.body.items ?? [];
  return items.flatMap((item) =>
    item.kind === 'attribute' ? [{ file: item.file, start: item.value.start, end: item.value.end }] : [],
  );
}

/** The local that all the edits lie in. */
function localAround({ details }: Parts, edits: readonly TextEdit[]): Attribute | null {
  const [first] = edits;
  const parsed = first === undefined ? null : parsedAt(details, first.range.file);
  if (first === undefined || parsed === null || parsed.syntax === 'json') return null;
  for (const block of parsed.body.items) {
    if (block.kind !== 'block' || block.type !== 'locals') continue;
    for (const item of block.body.items)
      if (item.kind === 'attribute' && edits.every(({ range }) => inside(range, item))) return item;
  }
  return null;
}

function inside(range: TextEdit['range'], { file, value }: Attribute): boolean {
  return range.file === file && range.start >= value.start && range.end <= value.end;
}
