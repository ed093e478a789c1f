import { VENDORED } from '../eval/project.ts';
import type { ParsedFile } from '../syntax/ast.ts';
import { quote } from '../syntax/escape.ts';
import { type Candidate, editableChain, inBlock, type Parts, type Wanted } from './candidate.ts';
import { cutMember } from './cut.ts';
import { literalAt, membersAt } from './locate.ts';

/*
 * Ways that the inputs of some modules need: a string that holds several blocks, joined by commas, loses one of them; and, of a module from
 * elsewhere, a whole object of a list of rules goes, of which only single fields are seen in the rule.
 */

/** A rule's object lies in a list, the list in an input: not further out than that. */
const LEVELS = 2;

export function inputRemovals(parts: Parts): Candidate[] {
  const ours = !VENDORED.test(parts.found.site.range.file);
  return [...joinedBlocks(parts, []), ...(ours ? [] : enclosing(parts))];
}

export function inputNarrowings(parts: Parts, wanted: readonly Wanted[]): Candidate[] {
  const blocks = wanted.map(({ shape: { peer } }) => ('cidr' in peer ? peer.cidr : null));
  const plain = wanted.every((one) => one.protocolKept && one.fromKept && one.toKept);
  return plain && blocks.every((block) => block !== null) ? joinedBlocks(parts, blocks) : [];
}

/** `"10.0.0.0/8,10.1.0.0/16"` without the rule's own block, or with others in its place. */
function joinedBlocks(parts: Parts, instead: readonly string[]): Candidate[] {
  const { rule } = parts;
  return editableChain(parts.details, rule.origins.peer).flatMap(({ parsed, range }): Candidate[] => {
    const value = literalAt(parsed, range)?.value;
    if (typeof value !== 'string' || !value.includes(',')) return [];
    const kept = value.split(',').flatMap((part) => (part.trim() === rule.peer ? instead : [part]));
    if (kept.length === 0 || kept.join(',') === value) return [];
    const text = quote(kept.map((part, i) => (i === 0 ? part.trimStart() : part)).join(','));
    return [{ what: 'value', edits: [{ range, text }], warnings: [] }];
  });
}

function enclosing(parts: Parts): Candidate[] {
  const { rule, found, details } = parts;
  const { peer, fromPort, toPort, protocol } = rule.origins;
  const out: Candidate[] = [];
  for (const { parsed, range } of editableChain(details, peer, fromPort, toPort, protocol, found.because))
    out.push(...outwards(parsed, range, LEVELS));
  return out;
}

function outwards(parsed: ParsedFile, range: { file: string; start: number; end: number }, left: number): Candidate[] {
  if (left === 0) return [];
  return membersAt(parsed, range).flatMap(({ container }) => [
    ...membersAt(parsed, container).flatMap((outer): Candidate[] => {
      const edits = cutMember(parsed, outer.container, outer.index);
      if (edits.length === 0) return [];
      const what = outer.container.kind === 'list' ? 'element' : 'entry';
      return [{ what, edits: inBlock(parsed, outer.container, edits), warnings: [] }];
    }),
    ...outwards(parsed, container, left - 1),
  ]);
}
