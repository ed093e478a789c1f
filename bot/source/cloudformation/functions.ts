import { formatCidr, parseCidr } from '@pare/analyzer/model/address.ts';
import type { SourceRange } from '../contract.ts';
import { joinOrigins, text, unknown, type Value } from './value.ts';

/** Joins of joins may double at every step; nothing that a rule needs is longer. */
const MAX_TEXT = 10_000;

/** `Fn::Join`: a text only when the separator and all parts are. */
export function joinTexts(separator: Value | undefined, parts: Value | undefined, own: SourceRange): Value {
  if (separator?.kind !== 'text' || parts === undefined) return unknown('Fn::Join of something unknown', [own]);
  if (parts.kind !== 'list') return carryUnknown('Fn::Join', parts, own);
  const kept = parts.items.filter((part) => part.kind !== 'none');
  const odd = kept.find((part) => part.kind !== 'text');
  if (odd !== undefined) return carryUnknown('Fn::Join', odd, own);
  const length = kept.reduce(
    (sum, part) => sum + separator.text.length + (part.kind === 'text' ? part.text.length : 0),
    0,
  );
  if (length > MAX_TEXT) return unknown('a text too long to be part of a rule', [own]);
  return text(kept.map((part) => (part.kind === 'text' ? part.text : '')).join(separator.text), joinOrigins(own, kept));
}

export function splitText(separator: Value | undefined, source: Value | undefined, own: SourceRange): Value {
  if (separator?.kind !== 'text' || source === undefined) return unknown('Fn::Split of something unknown', [own]);
  if (source.kind !== 'text') return carryUnknown('Fn::Split', source, own);
  const origins = joinOrigins(own, [source]);
  return { kind: 'list', items: source.text.split(separator.text).map((part) => text(part, origins)), origins };
}

export function selectItem(index: Value | undefined, list: Value | undefined, own: SourceRange): Value {
  if (index?.kind !== 'text' || !/^\d+$/.test(index.text) || list === undefined)
    return unknown('Fn::Select with an unknown index', [own]);
  if (list.kind !== 'list') return carryUnknown('Fn::Select', list, own);
  const item = list.items.filter((i) => i.kind !== 'none')[Number(index.text)];
  if (item === undefined) return unknown(`Fn::Select finds no item ${index.text}`, [own]);
  return { ...item, origins: joinOrigins(own, [item]) };
}

/** CloudFormation allows 1 to 256 blocks. */
const MAX_CIDR_COUNT = 256;

/** `Fn::Cidr: [block, count, cidrBits]`; cidrBits is the number of host bits. IPv4 only: IPv6 blocks come from AWS and are unknown anyway. */
export function cidrBlocks(args: readonly Value[], own: SourceRange): Value {
  const [block, count, bits] = args.map((arg) => (arg.kind === 'text' ? arg.text : null));
  const parsed = typeof block === 'string' ? parseCidr(block) : null;
  const n = Number(count);
  const hostBits = Number(bits ?? '8');
  if (parsed?.family !== 4 || !Number.isInteger(n) || n < 1 || n > MAX_CIDR_COUNT || !Number.isInteger(hostBits))
    return unknown('Fn::Cidr of something unknown', [own]);
  const length = 32 - hostBits;
  const step = 2 ** hostBits;
  if (length < parsed.length || length > 32 || parsed.value + n * step > parsed.value + 2 ** (32 - parsed.length))
    return unknown('Fn::Cidr outside its block', [own]);
  const origins = joinOrigins(own, args);
  const items = Array.from({ length: n }, (_, i) =>
    text(formatCidr({ family: 4, value: parsed.value + i * step, length }), origins),
  );
  return { kind: 'list', items, origins };
}

/** What a function makes of a part it does not know: still unknown, by the same name, so equal unknowns stay equal. */
export function carryUnknown(name: string, part: Value, own: SourceRange): Value {
  if (part.kind === 'unknown') {
    const why = part.text.replace(/^(unknown|ref):/, '');
    return unknown(`${name} of ${why}`, joinOrigins(own, [part]));
  }
  return unknown(`${name} of a ${part.kind}`, [own]);
}

/** The pieces of a `Fn::Sub` text: literals and `${names}`; `${!x}` is the literal `${x}`. */
export function subParts(template: string): readonly ({ literal: string } | { name: string })[] {
  const out: ({ literal: string } | { name: string })[] = [];
  let at = 0;
  for (const match of template.matchAll(/\$\{(!?)([^}]*)\}/g)) {
    if (match.index > at) out.push({ literal: template.slice(at, match.index) });
    out.push(match[1] === '!' ? { literal: `\${${match[2]}}` } : { name: match[2]!.trim() });
    at = match.index + match[0].length;
  }
  if (at < template.length) out.push({ literal: template.slice(at) });
  return out;
}
