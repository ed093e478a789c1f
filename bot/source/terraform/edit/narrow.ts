import { canonicalShape, peerText, type RuleShape, shapeKey } from '@pare/analyzer/model/rule.ts';
import type { DeclaredRule, SourceNote, SourceRange, TextEdit } from '../../contract.ts';
import { directoryOf } from '../eval/definition.ts';
import { VENDORED } from '../eval/project.ts';
import { attributeOf, type Expression, type ParsedFile } from '../syntax/ast.ts';
import { quote } from '../syntax/escape.ts';
import { align } from './align.ts';
import { type Candidate, editableChain, type Parts, parsedAt, type Wanted } from './candidate.ts';
import { entrySplits } from './entry.ts';
import { inlined } from './inline.ts';
import { inputNarrowings } from './inputs.ts';
import { expressionAt, literalAt, membersAt } from './locate.ts';
import { removals } from './remove.ts';
import {
  copyBelow,
  needsPorts,
  peerArgument,
  portTexts,
  protocolText,
  reformatted,
  type Settings,
  settingEdits,
} from './render.ts';
import { elsewhere, refusal } from './touched.ts';
import { filters, keyFilters, keyIn, swaps } from './wrap.ts';

export function wantedOf(rule: DeclaredRule, replacement: RuleShape, live: RuleShape | null): Wanted {
  const shape = canonicalShape(replacement);
  const now = rule.shape ?? live;
  const samePeer = now !== null && shapeKey({ ...now, peer: shape.peer }) === shapeKey(now);
  const unknownGroup =
    rule.shape === null &&
    live === null &&
    /^(ref|unknown):/.test(rule.peer) &&
    shape.peer.kind === 'group' &&
    (rule.peerKind === 'group' || rule.peerKind === 'self');
  // All ports may be written as -1 to -1, of which neither can stay where one changes.
  const whole = rule.fromPort === '0' && rule.toPort === '65535';
  const toKept = rule.toPort === String(shape.toPort ?? '');
  return {
    shape,
    peerKept: samePeer || unknownGroup || rule.peer === peerText(shape.peer),
    protocolKept: rule.protocol === protocolText(shape),
    fromKept: rule.fromPort === String(shape.fromPort ?? '') && (toKept || !whole),
    toKept,
  };
}

/** All ways to make one rule into others, smallest first. */
export function narrowings(parts: Parts, wanted: readonly Wanted[], refusals: SourceNote[]): Candidate[] {
  const [first] = wanted;
  if (first === undefined) return [];
  const out: Candidate[] = [];
  if (wanted.length === 1) out.push(...inPlace(parts, first, literalOptions));
  out.push(...inList(parts, wanted), ...entrySplits(parts, wanted));
  out.push(...inputNarrowings(parts, wanted));
  const parsed = VENDORED.test(parts.found.site.range.file)
    ? null
    : parsedAt(parts.details, parts.found.site.range.file);
  if (parsed === null || parsed.syntax === 'json') return out;
  const other = elsewhere(parts);
  if (other !== null) refusals.push(refusal(parts, other));
  else out.push(...rewritten(parts, parsed, wanted));
  const open = wanted.length === 1 ? inPlace(parts, first, openOptions) : [];
  out.push(...open);
  if (portsKept(wanted))
    out.push(
      ...swaps(
        parts,
        wanted.map((w) => w.shape),
      ),
    );
  if (other === null) out.push(...apart(parts, parsed, wanted, refusals));
  if (portsKept(wanted)) out.push(...inlined(parts, open));
  return out;
}

type Option = { edit: TextEdit; parsed: ParsedFile };

/** What may stand for a value that is not known here; a literal of text with `${…}` in it is a part of something greater. */
const OPEN: ReadonlySet<Expression['kind']> = new Set(['variable', 'attribute', 'index', 'splat', 'call', 'for']);

interface Field {
  chain: readonly SourceRange[];
  now: string;
  text: (old: string | number, isList: boolean) => string | null;
}

/** Places where a literal of the chain can be written anew, innermost first. */
function literalOptions(parts: Parts, { chain, text }: Field): Option[] {
  return editableChain(parts.details, chain).flatMap(({ parsed, range }): Option[] => {
    const literal = literalAt(parsed, range);
    if (literal === null || (typeof literal.value !== 'string' && typeof literal.value !== 'number')) return [];
    const next = text(literal.value, false);
    return next === null ? [] : [{ parsed, edit: { range, text: next } }];
  });
}

/** Where a value is not known there may be no literal: the expressions that hand it on, the nearest to the rule first. */
function openOptions(parts: Parts, field: Field): Option[] {
  if (!isOpen(field.now)) return literalOptions(parts, field);
  const options = editableChain(parts.details, field.chain).flatMap(({ parsed, range }): Option[] => {
    const e = expressionAt(parsed, range);
    // What another module tells about itself is not this rule's to change.
    const block = parsed.body.items.find((item) => item.start <= range.start && item.end >= range.end);
    if (e === null || !OPEN.has(e.kind) || parsed.syntax === 'json') return [];
    if (block?.kind === 'block' && block.type === 'output') return [];
    const inList = membersAt(parsed, range).some(({ container }) => container.kind === 'list');
    const next = field.text(field.now, !inList);
    return next === null ? [] : [{ parsed, edit: { range, text: next } }];
  });
  return options.reverse();
}

function isOpen(text: string): boolean {
  return /^(ref|unknown):/.test(text);
}

/** Literals changed where they stand: in the block, in a local, a map entry, a variables file. */
function inPlace(parts: Parts, wanted: Wanted, optionsOf: typeof literalOptions): Candidate[] {
  const { rule } = parts;
  const { origins } = rule;
  const number = (value: number | null) => (old: string | number) =>
    value === null ? null : typeof old === 'string' && !isOpen(old) ? `"${value}"` : String(value);
  const given: Field[] = [];
  if (!wanted.protocolKept)
    given.push({ chain: origins.protocol, now: rule.protocol, text: () => `"${protocolText(wanted.shape)}"` });
  if (needsPorts(wanted.shape)) {
    if (!wanted.fromKept)
      given.push({ chain: origins.fromPort, now: rule.fromPort, text: number(wanted.shape.fromPort) });
    if (!wanted.toKept) given.push({ chain: origins.toPort, now: rule.toPort, text: number(wanted.shape.toPort) });
  }
  if (!wanted.peerKept) {
    const cidr = cidrOf(wanted.shape);
    if (cidr === null) return [];
    const text = (old: string | number, isList: boolean) =>
      typeof old !== 'string' ? null : isList && listed(parts) ? `[${quote(cidr)}]` : quote(cidr);
    given.push({ chain: origins.peer, now: rule.peer, text });
  }
  const fields = given.map((field) => optionsOf(parts, field));
  if (fields.some((options) => options.length === 0) || fields.length === 0) return [];
  const depth = Math.max(...fields.map((options) => options.length));
  return Array.from({ length: depth }, (_, level): Candidate[] => {
    const chosen = fields.map((options) => options[Math.min(level, options.length - 1)]!);
    const unique = new Map(chosen.map((o) => [`${o.edit.range.file}:${o.edit.range.start}`, o] as const));
    if (
      unique.size < chosen.length &&
      chosen.some((o) => unique.get(`${o.edit.range.file}:${o.edit.range.start}`)!.edit.text !== o.edit.text)
    )
      return [];
    const touches = [...unique.values()].map(({ edit }) => ({ range: edit.range, goes: false }));
    return [{ what: 'value', edits: alignedTogether([...unique.values()]), warnings: [], touches }];
  }).flat();
}

/** Whether the argument that names the rule's source is a list, as all but those of the newest resources are. */
function listed({ found, rule }: Parts): boolean {
  return peerArgument(found.site, rule.peerKind)?.list === true;
}

function alignedTogether(options: readonly Option[]): TextEdit[] {
  const byBlock = new Map<SourceRange, { parsed: ParsedFile; edits: TextEdit[] }>();
  const loose: TextEdit[] = [];
  for (const { parsed, edit } of options) {
    const block =
      parsed.syntax === 'json'
        ? undefined
        : parsed.body.items.find((i) => i.start <= edit.range.start && i.end >= edit.range.end);
    if (block === undefined) loose.push(edit);
    else {
      const group = byBlock.get(block) ?? { parsed, edits: [] };
      group.edits.push(edit);
      byBlock.set(block, group);
    }
  }
  return [...loose, ...[...byBlock].flatMap(([block, group]) => reformatted(group.parsed, block, group.edits))];
}

function cidrOf(shape: RuleShape): string | null {
  return shape.peer.kind === 'cidrIpv4' || shape.peer.kind === 'cidrIpv6' ? shape.peer.cidr : null;
}

/** Only peers change. */
export function portsKept(wanted: readonly Wanted[]): boolean {
  return wanted.every((w) => w.protocolKept && ((w.fromKept && w.toKept) || !needsPorts(w.shape)));
}

/** One CIDR of a list becomes several, ports and protocol as they are. */
function inList(parts: Parts, wanted: readonly Wanted[]): Candidate[] {
  if (!portsKept(wanted)) return [];
  const cidrs = wanted.map((w) => cidrOf(w.shape));
  const kinds = new Set(wanted.map((w) => w.shape.peer.kind));
  if (kinds.size !== 1 || cidrs.some((c) => c === null) || !kinds.has(parts.rule.peerKind as never)) return [];
  return editableChain(parts.details, parts.rule.origins.peer).flatMap(({ parsed, range }): Candidate[] =>
    membersAt(parsed, range).flatMap(({ container, index }): Candidate[] => {
      if (container.kind !== 'list') return [];
      const item = container.items[index]!;
      const { text } = parsed.file;
      const start = text.lastIndexOf('\n', item.start - 1) + 1;
      const alone = start > container.start && text.slice(start, item.start).trim() === '';
      const separator = alone ? `,\n${text.slice(start, item.start)}` : ', ';
      const edit = {
        range: { file: range.file, start: item.start, end: item.end },
        text: (cidrs as string[]).map(quote).join(separator),
      };
      const touches = [{ range: edit.range, goes: true }];
      return [{ what: 'value', edits: [edit], warnings: [], touches }];
    }),
  );
}

function settingsFor(
  parts: Parts,
  parsed: ParsedFile,
  wanted: Wanted,
  label: string | null,
  pinPeer: boolean,
): Settings | null {
  const { found } = parts;
  const ports = needsPorts(wanted.shape) ? portTexts(wanted.shape) : null;
  const plain = found.site.form === 'vpc-rule' ? null : '0';
  let peer: Settings['peer'] = null;
  const cidr = cidrOf(wanted.shape);
  if (!wanted.peerKept && cidr !== null) {
    const argument = peerArgument(found.site, wanted.shape.peer.kind === 'cidrIpv6' ? 'cidrIpv6' : 'cidrIpv4')!;
    peer = { name: argument.name, text: argument.list ? `[${quote(cidr)}]` : quote(cidr) };
  } else if (!wanted.peerKept && wanted.shape.peer.kind !== 'cidrIpv4' && wanted.shape.peer.kind !== 'cidrIpv6') {
    const argument = peerArgument(found.site, wanted.shape.peer.kind);
    const text = wanted.shape.peer.kind === 'group' ? wanted.shape.peer.groupId : wanted.shape.peer.prefixListId;
    if (argument === null) return null;
    peer = { name: argument.name, text: argument.list ? `[${quote(text)}]` : quote(text) };
  } else if (pinPeer) {
    const kept = keptPeer(parts, parsed);
    if (kept === null) return null;
    peer = kept;
  }
  return {
    protocol: wanted.protocolKept ? null : protocolText(wanted.shape),
    fromPort: wanted.fromKept ? null : (ports?.from ?? plain),
    toPort: wanted.toKept ? null : (ports?.to ?? plain),
    peer,
    label,
  };
}

/** The rule's own peer as the block writes it: the element's text where it stands in the block, else its known value. */
function keptPeer(parts: Parts, parsed: ParsedFile): { name: string; text: string } | null {
  const { rule, found } = parts;
  const argument = peerArgument(found.site, rule.peerKind);
  if (argument === null) return null;
  if (rule.peerKind === 'self') return { name: 'self', text: 'true' };
  const body = found.site.body;
  const inside = rule.origins.peer.filter(
    (r) => body !== null && r.file === body.file && r.start >= body.start && r.end <= body.end,
  );
  const element = inside.find((range) => membersAt(parsed, range).length > 0);
  const known = /^(ref|unknown):/.test(rule.peer) ? null : quote(rule.peer);
  const source = element === undefined ? null : parsed.file.text.slice(element.start, element.end);
  const text = source ?? known;
  if (text === null) return null;
  return { name: argument.name, text: argument.list ? `[${text}]` : text };
}

/** The block itself takes the first replacement, copies below it the others. */
function rewritten(parts: Parts, parsed: ParsedFile, wanted: readonly Wanted[]): Candidate[] {
  const { site } = parts.found;
  const block = site.block;
  if (block === null) return [];
  const [first, ...others] = wanted;
  const labels = labelsFor(parts, others);
  const here = settingsFor(parts, parsed, first!, null, false);
  const copies = others.map((w, i) => settingsFor(parts, parsed, w, labels[i]!, false));
  if (here === null || copies.some((c) => c === null)) return [];
  const edits = reformatted(parsed, block, settingEdits(parsed, site, here));
  const copy = copyBelow(parsed, site, copies as Settings[]);
  if (others.length > 0 && copy === null) return [];
  return [{ what: copy === null ? 'value' : 'split', edits: copy === null ? edits : [...edits, copy], warnings: [] }];
}

/** The tuple leaves the block it shares with others; copies of the block hold what it becomes. */
function apart(parts: Parts, parsed: ParsedFile, wanted: readonly Wanted[], refusals: SourceNote[]): Candidate[] {
  const { site } = parts.found;
  if (site.block === null) return [];
  const labels = labelsFor(parts, wanted);
  const copies = wanted.map((w, i) => settingsFor(parts, parsed, w, labels[i]!, true));
  if (copies.some((c) => c === null)) return [];
  const copy = copyBelow(parsed, site, copies as Settings[]);
  const single = copy === null ? null : singled(parts, copy);
  if (copy === null) return [];
  return removals(parts, refusals, (shared) => [...filters(shared), ...keyFilters(shared)])
    .filter(({ what }) => what !== 'block' && what !== 'value')
    .flatMap((candidate): Candidate[] => {
      const beside = candidate.what === 'entry' || single !== null ? [single, copy] : [copy];
      return beside.flatMap((one) =>
        one === null ? [] : [{ ...candidate, what: 'split' as const, edits: [...candidate.edits, one], warnings: [] }],
      );
    });
}

/** The copy without `for_each`, for the one key that leaves it; null where it needs more of the instance than its key. */
function singled(parts: Parts, copy: TextEdit): TextEdit | null {
  const { rule, found } = parts;
  const { site } = found;
  const key = site.form.endsWith('-rule') ? keyIn(rule.address, site.resourceName) : null;
  const forEach = attributeOf(site.resource.body, 'for_each')?.value;
  if (key === null || forEach === undefined) return null;
  const isSet = forEach.kind === 'call' && forEach.name === 'toset';
  if (!isSet && /\beach\.value\b/.test(copy.text)) return null;
  const text = copy.text
    .replace(/^[ \t]*for_each[ \t]*=.*\r?\n(?:[ \t]*\r?\n)?/m, '')
    .replaceAll(/\$\{each\.(?:key|value)\}/g, () => quote(key).slice(1, -1))
    .replaceAll(/\beach\.(?:key|value)\b/g, () => quote(key));
  if (/\beach\b|\bfor_each\b/.test(text)) return null;
  return { ...copy, text: align(text) };
}

/** `web` becomes `web_8090`, `web_8090_2` where that is taken. */
function labelsFor(parts: Parts, wanted: readonly Wanted[]): (string | null)[] {
  const { site } = parts.found;
  const [type, label] = site.resourceName.split('.') as [string, string];
  const definition = parts.details.project.definition(directoryOf(site.range.file));
  const taken = new Set([...(definition?.resources.keys() ?? [])]);
  return wanted.map(({ shape }) => {
    const ports =
      shape.fromPort === null || shape.fromPort < 0
        ? ''
        : shape.fromPort === shape.toPort
          ? `_${shape.fromPort}`
          : `_${shape.fromPort}_${shape.toPort}`;
    const base = `${label}${ports === '' ? '_part' : ports}`;
    let name = base;
    for (let n = 2; taken.has(`${type}.${name}`); n += 1) name = `${base}_${n}`;
    taken.add(`${type}.${name}`);
    return name;
  });
}
