import { formatCidr, parseCidr } from '@pare/analyzer/model/address.ts';
import type { RuleShape } from '@pare/analyzer/model/rule.ts';
import type { DeclaredRule, SourceRange, TextEdit } from '../../contract.ts';
import { directoryOf } from '../eval/definition.ts';
import { attributeOf, type Block, type Expression, type ParsedFile } from '../syntax/ast.ts';
import { quote } from '../syntax/escape.ts';
import { type Candidate, editableChain, type Parts, parsedAt } from './candidate.ts';
import { cutMember } from './cut.ts';
import { type Container, expressionsOf, literalAt } from './locate.ts';
import { peerArgument } from './render.ts';

/*
 * What a list feeds besides this rule stays: the list is left as it is, and the one place that takes it for this rule takes all of it
 * but one element. Any place on the value's way may be that: the argument of the rule, an argument of the module's call, a part of a
 * concat. Which of them changes this rule alone is for the evaluation to say.
 */

/** `[for source in X : source if source != "…"]` at each place that hands the list on, innermost first. */
export function filters(parts: Parts): Candidate[] {
  const known = elementText(parts);
  if (known === null) return [];
  return handedOn(parts).map(({ edit, source }) => ({
    what: 'filter',
    edits: [edit(`[for source in ${source} : source if source != ${quote(known)}]`)],
    warnings: [],
  }));
}

/** One element of a shared list becomes others for this rule only. */
export function swaps(parts: Parts, shapes: readonly RuleShape[]): Candidate[] {
  const known = elementText(parts);
  const blocks = shapes.map(({ peer }) => ('cidr' in peer ? quote(peer.cidr) : null));
  if (known === null || blocks.length === 0 || blocks.includes(null)) return [];
  const test = `source == ${quote(known)}`;
  return handedOn(parts).map(({ edit, source }) => ({
    what: 'value',
    edits: [
      edit(
        blocks.length === 1
          ? `[for source in ${source} : ${test} ? ${blocks[0]} : source]`
          : `flatten([for source in ${source} : ${test} ? [${blocks.join(', ')}] : [source]])`,
      ),
    ],
    warnings: [],
  }));
}

/** Instances of `for_each` that others use too: this block goes over all of it but one key. */
export function keyFilters(parts: Parts): Candidate[] {
  const { details, rule, found } = parts;
  const blocks: { block: Block; name: string }[] = [{ block: found.site.resource, name: found.site.resourceName }];
  for (const { parsed, range } of editableChain(details, found.because)) {
    const caller = details.project.definition(directoryOf(range.file));
    const call = [...(caller?.calls ?? [])].find(([, b]) => b.file === parsed.file.path && b.start === range.start);
    if (call !== undefined) blocks.push({ block: call[1], name: `module.${call[0]}` });
  }
  return blocks.flatMap(({ block, name }): Candidate[] => {
    const forEach = attributeOf(block.body, 'for_each')?.value;
    const key = keyIn(rule.address, name);
    const parsed = parsedAt(details, block.file);
    if (forEach === undefined || key === null || parsed === null || parsed.syntax === 'json') return [];
    const source = parsed.file.text.slice(forEach.start, forEach.end);
    if (source.includes('\n') || forEach.kind === 'object' || forEach.kind === 'tuple') return [];
    const range = { file: block.file, start: forEach.start, end: forEach.end };
    const other = `if key != ${quote(key)}`;
    return [
      `{ for key, value in ${source} : key => value ${other} }`,
      `toset([for key in ${source} : key ${other}])`,
    ].map((text) => ({ what: 'filter', edits: [{ range, text }], warnings: [] }));
  });
}

/** The key of a resource or module instance within an address; null where it has none or its name stands there twice. */
export function keyIn(address: string, name: string): string | null {
  const parts = address.split(`${name}[`);
  const match = parts.length === 2 ? /^("(?:[^"\\]|\\.)*")\]/.exec(parts[1]!) : null;
  if (match === null) return null;
  try {
    return JSON.parse(match[1]!) as string;
  } catch {
    return null;
  }
}

interface Handed {
  source: string;
  edit: (text: string) => TextEdit;
}

const LISTS: ReadonlySet<Expression['kind']> = new Set(['variable', 'attribute', 'index', 'splat', 'call']);

/** References and calls on the way of the peer's value that may be its whole list. */
function handedOn(parts: Parts): Handed[] {
  const { details, rule, found } = parts;
  const argument = peerArgument(found.site, rule.peerKind);
  if (argument === null || !argument.list) return [];
  const attribute = found.site.body === null ? undefined : attributeOf(found.site.body.body, argument.name);
  const own = attribute === undefined ? [] : [attribute.value];
  const seen = new Set<string>();
  return editableChain(details, rule.origins.peer, found.because, own.map(rangeOf)).flatMap(({ parsed, range }) => {
    if (parsed.syntax === 'json') return [];
    // A place that hands on a part of its value, as concat does, may hold the list within.
    return within(parsed, range).flatMap((e): Handed[] => {
      const source = parsed.file.text.slice(e.start, e.end);
      const key = `${e.file}:${e.start}:${e.end}`;
      if (!LISTS.has(e.kind) || source.includes('\n') || seen.has(key)) return [];
      seen.add(key);
      return [{ source, edit: (text) => ({ range: rangeOf(e), text }) }];
    });
  });
}

function within(parsed: ParsedFile, range: SourceRange): Expression[] {
  const at = expressionsOf(parsed).find((e) => e.start === range.start && e.end === range.end);
  if (at === undefined) return [];
  return at.kind === 'call' && JOINING.has(at.name) ? [at, ...at.args.filter((one) => LISTS.has(one.kind))] : [at];
}

const JOINING: ReadonlySet<string> = new Set([
  'concat',
  'distinct',
  'flatten',
  'compact',
  'sort',
  'setunion',
  'toset',
  'tolist',
]);

/** The element as the source writes it, which is what `!=` compares with. What made it may be another block, as in cidrsubnet(). */
function elementText(parts: Parts): string | null {
  const { rule, details } = parts;
  if (/^(ref|unknown):/.test(rule.peer)) return null;
  const first = rule.origins.peer[0];
  const parsed = first === undefined ? null : parsedAt(details, first.file);
  const literal = parsed === null || first === undefined ? null : literalAt(parsed, first);
  if (typeof literal?.value !== 'string') return rule.peer;
  const cidr = parseCidr(literal.value.trim());
  return cidr !== null && formatCidr(cidr) === rule.peer ? literal.value : rule.peer;
}

/** One argument of a concat goes, where another stays. */
export function joinedParts(parts: Parts, rule: DeclaredRule): Candidate[] {
  return editableChain(parts.details, rule.origins.peer, parts.found.because).flatMap(({ parsed }): Candidate[] => {
    if (parsed.syntax === 'json') return [];
    const ranges = rule.origins.peer.filter((r) => r.file === parsed.file.path);
    return expressionsOf(parsed).flatMap((e): Candidate[] => {
      if (e.kind !== 'call' || (e.name !== 'concat' && e.name !== 'setunion') || e.args.length < 2) return [];
      if (!ranges.some((r) => r.start === e.start && r.end === e.end) && !holds(parts, e)) return [];
      const inner = { start: parsed.file.text.indexOf('(', e.start) + 1, end: e.end - 1 };
      const container: Container = { file: e.file, start: e.start, end: e.end, kind: 'list', inner, items: e.args };
      return e.args.flatMap((_, index): Candidate[] => {
        const edits = cutMember(parsed, container, index);
        const [left] = e.args.length === 2 ? e.args.filter((_one, i) => i !== index) : [];
        const plain =
          left === undefined ? edits : [{ range: rangeOf(e), text: parsed.file.text.slice(left.start, left.end) }];
        return [{ what: 'element', edits: plain, warnings: [] }];
      });
    });
  });
}

/** Within the declaration's own block. */
function holds({ found }: Parts, e: Expression): boolean {
  const { range } = found.site;
  return e.file === range.file && e.start >= range.start && e.end <= range.end;
}

function rangeOf(range: SourceRange): SourceRange {
  return { file: range.file, start: range.start, end: range.end };
}
