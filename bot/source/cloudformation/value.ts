import type { SourceRange } from '../contract.ts';

/**
 * A value of a template, once evaluated in one context. Every value carries the ranges that made it (law 6): first the place inside the
 * rule, then what it drew on (a parameter, a mapping's leaf).
 */
export type Value = TextValue | UnknownValue | ListValue | MapValue | NoneValue;

export interface TextValue {
  kind: 'text';
  text: string;
  origins: readonly SourceRange[];
}

/** `text` is a ValueText: `ref:Group` for what deployment decides, `unknown:<why>` for the rest. */
export interface UnknownValue {
  kind: 'unknown';
  text: string;
  origins: readonly SourceRange[];
}

export interface ListValue {
  kind: 'list';
  items: readonly Value[];
  origins: readonly SourceRange[];
}

export interface MapValue {
  kind: 'map';
  entries: ReadonlyMap<string, Value>;
  origins: readonly SourceRange[];
}

/** AWS::NoValue: the property or element is as if it were not written. */
export interface NoneValue {
  kind: 'none';
  origins: readonly SourceRange[];
}

export function text(value: string, origins: readonly SourceRange[]): TextValue {
  return { kind: 'text', text: value, origins };
}

export function unknown(why: string, origins: readonly SourceRange[]): UnknownValue {
  return { kind: 'unknown', text: `unknown:${why}`, origins };
}

export function reference(name: string, origins: readonly SourceRange[]): UnknownValue {
  return { kind: 'unknown', text: `ref:${name}`, origins };
}

/** Origins of several values after an own one, each once, in order. */
export function joinOrigins(own: SourceRange, others: readonly Value[]): SourceRange[] {
  const out = [own];
  for (const other of others)
    for (const range of other.origins)
      if (!out.some((o) => o.file === range.file && o.start === range.start && o.end === range.end)) out.push(range);
  return out;
}
