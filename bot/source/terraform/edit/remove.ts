import type { SourceNote } from '../../contract.ts';
import { directoryOf, joinPath } from '../eval/definition.ts';
import { VENDORED } from '../eval/project.ts';
import { SOURCE_ARGUMENTS } from '../rules/arguments.ts';
import { attributeOf, type ParsedFile } from '../syntax/ast.ts';
import { type Candidate, editableChain, inBlock, type Parts, parsedAt } from './candidate.ts';
import { cutLines, cutMember } from './cut.ts';
import { inputRemovals } from './inputs.ts';
import { membersAt } from './locate.ts';
import { danglingReferences } from './references.ts';
import { peerArgument, reformatted } from './render.ts';
import { elsewhere, refusal } from './touched.ts';

/** Ways that leave a shared list as it is; see wrap.ts. */
export type SharedWays = (parts: Parts) => Candidate[];

/** All ways to drop a rule, smallest first. `refusals` collects why a way is closed. */
export function removals(parts: Parts, refusals: SourceNote[], sharedWays: SharedWays): Candidate[] {
  const { details, rule, found } = parts;
  const elements: Candidate[] = [];
  const chain = editableChain(
    details,
    rule.origins.peer,
    found.because,
    rule.origins.fromPort,
    rule.origins.toPort,
    rule.origins.protocol,
    [found.site.range, found.site.resource],
  );
  for (const { parsed, range } of chain)
    for (const { container, index } of membersAt(parsed, range)) {
      const edits = cutMember(parsed, container, index);
      if (edits.length === 0) continue;
      elements.push({
        what: container.kind === 'list' ? 'element' : 'entry',
        edits: inBlock(parsed, container, edits),
        warnings: [],
        touches: [{ range: { file: container.file, ...span(container.items[index]!) }, goes: true }],
      });
    }
  elements.push(...inputRemovals(parts), ...callRemovals(parts));
  const parsed = VENDORED.test(found.site.range.file) ? null : parsedAt(details, found.site.range.file);
  if (parsed === null || parsed.syntax === 'json') return elements;
  const kept = parts.siblings.find((one) => !parts.targets.has(one.id)) ?? null;
  const whole = kept === null ? blockRemoval(parts, parsed, refusals) : [];
  if (kept !== null) refusals.push(refusal(parts, kept));
  // A block that makes nothing else goes whole: emptying its list would be a trap, and a list elsewhere may be shared.
  const alone = parts.siblings.length === 1;
  const rest = [
    ...(elsewhere(parts) === null ? argumentRemoval(parts, parsed) : []),
    ...(alone ? [] : whole),
    ...sharedWays(parts),
  ];
  return alone ? [...whole, ...elements, ...rest] : [...elements, ...rest];
}

function span({ start, end }: { start: number; end: number }): { start: number; end: number } {
  return { start, end };
}

/** `self = true`, or the only list of its kind, where the block has other sources too. */
function argumentRemoval(parts: Parts, parsed: ParsedFile): Candidate[] {
  const { rule, found } = parts;
  const body = found.site.body;
  if (body === null) return [];
  const given = body.body.items.filter((item) => item.kind === 'attribute' && SOURCE_ARGUMENTS.has(item.name));
  if (given.length < 2) return [];
  const wanted = peerArgument(found.site, rule.peerKind)?.name ?? null;
  return given.flatMap((item): Candidate[] => {
    if (item.kind !== 'attribute' || (wanted !== null && item.name !== wanted)) return [];
    return [
      { what: 'argument', edits: reformatted(parsed, found.site.block ?? item, cutLines(parsed, item)), warnings: [] },
    ];
  });
}

function blockRemoval(parts: Parts, parsed: ParsedFile, refusals: SourceNote[]): Candidate[] {
  const { details, found } = parts;
  const { site } = found;
  if (site.form === 'legacy-rule' || site.form === 'vpc-rule') {
    const definition = details.project.definition(directoryOf(site.range.file));
    if (definition === null) return [];
    const dangling = danglingReferences(definition, site.resource, site.resourceName);
    if (dangling.refusals.length > 0) {
      refusals.push(...dangling.refusals);
      return [];
    }
    return [{ what: 'block', edits: [...cutLines(parsed, site.resource), ...dangling.edits], warnings: [] }];
  }
  if (site.block === null) return [];
  const gone: Candidate = {
    what: 'block',
    edits: reformatted(parsed, site.resource, cutLines(parsed, site.block)),
    warnings: [],
  };
  // Trap 1: the argument is optional and computed, so the last block must leave an explicit empty list behind.
  const cleared: Candidate = {
    what: 'block',
    edits: [
      {
        range: { file: site.block.file, start: site.block.start, end: site.block.end },
        text: `${site.direction} = []`,
      },
    ],
    warnings: [],
  };
  return [gone, cleared];
}

/** A call of a module that holds nothing but rules goes as a whole, where nobody uses its outputs. */
function callRemovals(parts: Parts): Candidate[] {
  const { details, found } = parts;
  return editableChain(details, found.because).flatMap(({ parsed, range }): Candidate[] => {
    if (parsed.syntax === 'json') return [];
    const caller = details.project.definition(directoryOf(range.file));
    const call = [...(caller?.calls ?? [])].find(
      ([, block]) => block.file === range.file && block.start === range.start,
    );
    if (caller === null || call === undefined) return [];
    const source = attributeOf(call[1].body, 'source')?.value;
    const location = source?.kind === 'literal' && typeof source.value === 'string' ? source.value : '';
    const directory = location.startsWith('.') ? joinPath(caller.directory, location) : null;
    const called = directory === null ? null : details.project.definition(directory);
    if (called === null || called.calls.size > 0 || ![...called.resources.keys()].every((name) => RULES.test(name)))
      return [];
    const dangling = danglingReferences(caller, call[1], `module.${call[0]}`);
    if (dangling.refusals.length > 0) return [];
    return [{ what: 'block', edits: [...cutLines(parsed, call[1]), ...dangling.edits], warnings: [] }];
  });
}

const RULES = /^(aws_security_group_rule|aws_vpc_security_group_(ingress|egress)_rule)\./;
