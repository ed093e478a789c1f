import { formatProtocol, hasPorts, hasTypes } from '@pare/analyzer/model/protocol.ts';
import type { RuleShape } from '@pare/analyzer/model/rule.ts';
import type { DeclaredRule, SourceRange, TextEdit } from '../../contract.ts';
import { lineBreakOf, splice } from '../../text.ts';
import { SOURCE_ARGUMENTS } from '../rules/arguments.ts';
import type { Site } from '../rules/extract.ts';
import { attributeOf, type Block, type ParsedFile } from '../syntax/ast.ts';
import { align } from './align.ts';
import { cutLines, lineEnd, lineStart } from './cut.ts';

/** What a block shall say; null keeps what it says. */
export interface Settings {
  protocol: string | null;
  fromPort: string | null;
  toPort: string | null;
  /** The one source argument the block shall have, as HCL text; null keeps the sources. */
  peer: { name: string; text: string } | null;
  label: string | null;
}

export function protocolArgument(site: Site): 'protocol' | 'ip_protocol' {
  return site.form === 'vpc-rule' ? 'ip_protocol' : 'protocol';
}

/** The argument that holds a source of one kind, and whether it is a list. */
export function peerArgument(site: Site, kind: DeclaredRule['peerKind']): { name: string; list: boolean } | null {
  const vpc = site.form === 'vpc-rule';
  switch (kind) {
    case 'cidrIpv4':
      return vpc ? { name: 'cidr_ipv4', list: false } : { name: 'cidr_blocks', list: true };
    case 'cidrIpv6':
      return vpc ? { name: 'cidr_ipv6', list: false } : { name: 'ipv6_cidr_blocks', list: true };
    case 'prefixList':
      return vpc ? { name: 'prefix_list_id', list: false } : { name: 'prefix_list_ids', list: true };
    case 'group':
      if (vpc) return { name: 'referenced_security_group_id', list: false };
      return site.form === 'legacy-rule'
        ? { name: 'source_security_group_id', list: false }
        : { name: 'security_groups', list: true };
    case 'self':
      return vpc ? null : { name: 'self', list: false };
    case 'unknown':
      return null;
  }
}

/** Ports of a shape as HCL numbers; null where the protocol has none and nothing need be written. */
export function portTexts(shape: RuleShape): { from: string; to: string } | null {
  if (shape.fromPort === null || shape.toPort === null) return null;
  return { from: String(shape.fromPort), to: String(shape.toPort) };
}

export function protocolText(shape: RuleShape): string {
  return formatProtocol(shape.protocol);
}

export function needsPorts(shape: RuleShape): boolean {
  return hasPorts(shape.protocol) || hasTypes(shape.protocol);
}

/** Edits that make a block say the settings, within the block's own text. */
export function settingEdits(parsed: ParsedFile, site: Site, settings: Settings): TextEdit[] {
  const body = site.body;
  if (body === null) return [];
  const edits: TextEdit[] = [];
  const missing: string[] = [];
  const set = (name: string, text: string | null) => {
    if (text === null) return;
    const attribute = attributeOf(body.body, name);
    if (attribute === undefined) missing.push(`${name} = ${text}`);
    else edits.push({ range: rangeOf(attribute.value), text });
  };
  set(protocolArgument(site), settings.protocol === null ? null : `"${settings.protocol}"`);
  set('from_port', settings.fromPort);
  set('to_port', settings.toPort);
  if (settings.peer !== null) {
    for (const item of body.body.items) {
      if (item.kind !== 'attribute' || !SOURCE_ARGUMENTS.has(item.name) || item.name === settings.peer.name) continue;
      edits.push(...cutLines(parsed, item));
    }
    set(settings.peer.name, settings.peer.text);
  }
  if (settings.label !== null && site.form.endsWith('-rule')) {
    const label = site.resource.labels[1];
    if (label !== undefined) {
      const quoted = parsed.file.text[label.start] === '"';
      edits.push({ range: rangeOf(label), text: quoted ? `"${settings.label}"` : settings.label });
    }
  }
  if (missing.length > 0) edits.push(insertion(parsed, body, missing));
  return edits;
}

/** New arguments go below the last of protocol and ports that is there, in its indentation. */
function insertion(parsed: ParsedFile, block: Block, lines: readonly string[]): TextEdit {
  const { text } = parsed.file;
  const anchors = ['to_port', 'from_port', 'ip_protocol', 'protocol', 'type', 'security_group_id'];
  const anchor = anchors.map((name) => attributeOf(block.body, name)).find((a) => a !== undefined);
  const br = lineBreakOf(text);
  if (anchor === undefined) {
    const indent = `${indentAt(text, block.start)}  `;
    return {
      range: { file: block.file, start: block.inner.start, end: block.inner.start },
      text: lines.map((l) => `${br}${indent}${l}`).join(''),
    };
  }
  const indent = indentAt(text, anchor.start);
  const at = Math.min(lineEnd(text, anchor.end), block.inner.end);
  const whole = text[at - 1] === '\n';
  return {
    range: { file: block.file, start: at, end: at },
    text: whole ? lines.map((l) => `${indent}${l}${br}`).join('') : lines.map((l) => `${br}${indent}${l}`).join(''),
  };
}

export function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset)).replace('\uFEFF', ''))?.[0] ?? '';
}

/**
 * A block after edits within it, with its `=` signs in one column again if they were so before. One edit that replaces the
 * smallest stretch that changed.
 */
export function reformatted(parsed: ParsedFile, block: SourceRange, edits: readonly TextEdit[]): TextEdit[] {
  const { text } = parsed.file;
  const start = lineStart(text, block.start);
  const end = lineEnd(text, block.end);
  const inside = edits.every((e) => e.range.file === block.file && e.range.start >= start && e.range.end <= end);
  if (!inside || edits.length === 0) return [...edits];
  const before = text.slice(start, end);
  if (align(before) !== before) return [...edits];
  const shifted = edits.map((e) => ({
    ...e,
    range: { ...e.range, start: e.range.start - start, end: e.range.end - start },
  }));
  const plain = splice(before, shifted);
  const after = align(plain);
  return after === plain ? [...edits] : [narrowest(block.file, start, before, after)];
}

/** The one edit from `before` to `after` that leaves their common beginning and end alone. */
export function narrowest(file: string, offset: number, before: string, after: string): TextEdit {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail += 1;
  return {
    range: { file, start: offset + head, end: offset + before.length - tail },
    text: after.slice(head, after.length - tail),
  };
}

/** A copy of a block with other settings, to stand right below it. */
export function copyBelow(parsed: ParsedFile, site: Site, settings: readonly Settings[]): TextEdit | null {
  const block = site.block;
  if (block === null || settings.length === 0) return null;
  const { text } = parsed.file;
  const start = lineStart(text, block.start);
  const end = lineEnd(text, block.end);
  if (text.slice(start, block.start).replace('\uFEFF', '').trim() !== '') return null;
  const br = lineBreakOf(text);
  const source = text.slice(start, end).replace('\uFEFF', '');
  const bom = text.slice(start, end).startsWith('\uFEFF') ? 1 : 0;
  const clean = align(source) === source;
  const copies = settings.map((one) => {
    const edits = settingEdits(parsed, site, one).map((e) => ({
      ...e,
      range: { ...e.range, start: e.range.start - start - bom, end: e.range.end - start - bom },
    }));
    const copy = splice(source, edits);
    const ended = copy.endsWith('\n') ? copy : copy + br;
    return clean ? align(ended) : ended;
  });
  const spaced =
    site.form.endsWith('-rule') || text.slice(end, lineEnd(text, end)).trim() === '' || blankAbove(text, start);
  const gap = spaced ? br : '';
  const lead = text[end - 1] === '\n' ? '' : br;
  return { range: { file: block.file, start: end, end }, text: lead + copies.map((copy) => gap + copy).join('') };
}

function blankAbove(text: string, start: number): boolean {
  return start > 0 && text.slice(lineStart(text, start - 1), start).trim() === '';
}

function rangeOf(range: SourceRange): SourceRange {
  return { file: range.file, start: range.start, end: range.end };
}
