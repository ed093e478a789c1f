import { closest } from '@pare/analyzer/model/closest.ts';
import type { Problem } from '@pare/analyzer/model/problem.ts';
import { stripControls } from '@pare/analyzer/model/text.ts';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { CONFIG_PATH, configJsonSchema, configSchema, type PareConfig } from './schema.ts';

export type ConfigResult = { ok: true; config: PareConfig } | { ok: false; problems: readonly Problem[] };

const SIZE_LIMIT = 200_000;
const SHOWN = 5;

/** The configuration, or what is wrong with it: with line, and the key that was probably meant. Nothing runs on half a configuration. */
export function readConfig(text: string): ConfigResult {
  if (text.length > SIZE_LIMIT)
    return { ok: false, problems: [problem('is larger than 200,000 characters', 'shorten it', null)] };
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: 'error',
  });
  if (document.errors.length > 0) {
    const problems = document.errors
      .slice(0, SHOWN)
      .map((error) =>
        problem(`is no YAML: ${stripControls(error.message)}`, 'mend this line', lines.linePos(error.pos[0]).line),
      );
    return { ok: false, problems };
  }
  const value = toValue(document);
  if (!value.ok)
    return { ok: false, problems: [problem(value.why, 'write the values out instead of using aliases', null)] };
  const parsed = configSchema.safeParse(value.value ?? {});
  if (parsed.success) return { ok: true, config: parsed.data };
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, document, lines)).slice(0, SHOWN);
  return { ok: false, problems };
}

function toValue(document: Document): { ok: true; value: unknown } | { ok: false; why: string } {
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? stripControls(error.message) : 'cannot be read' };
  }
}

function problemsOf(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): Problem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const known = keysAt(issue.path);
      const guess = closest(key, known);
      const next = guess === null ? `the keys here are ${known.join(', ')}` : `did you mean ${guess}?`;
      return problem(
        `unknown key ${named([...issue.path, key])}`,
        next,
        lineOf([...issue.path, key], document, lines, true),
      );
    });
  const next = issue.code === 'invalid_value' ? valueHint(issue) : 'docs/schema/pare.schema.json describes the values';
  return [
    problem(`${named(issue.path)}: ${stripControls(issue.message)}`, next, lineOf(issue.path, document, lines, false)),
  ];
}

function valueHint(issue: z.core.$ZodIssueInvalidValue): string {
  return `use one of ${issue.values.map(String).join(', ')}`;
}

function problem(message: string, next: string, line: number | null): Problem {
  return {
    code: 'config-invalid',
    message,
    next,
    fault: 'configuration',
    file: CONFIG_PATH,
    ...(line === null ? {} : { at: line }),
  };
}

function named(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the file';
  return stripControls(path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join(''))
    .replace(/^\./, '')
    .slice(0, 120);
}

/** Line of the key, or of the value, or of the nearest thing around it. */
function lineOf(path: readonly PropertyKey[], document: Document, lines: LineCounter, isKey: boolean): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isKey || length < path.length || typeof last === 'string') {
      const pair = pairOf(parent, last);
      if (pair !== null) return lines.linePos(pair).line;
    }
    const node = document.getIn(path.slice(0, length), true);
    const at = rangeOf(node);
    if (at !== null) return lines.linePos(at).line;
  }
  return rangeOf(document.contents) === null ? null : 1;
}

function pairOf(parent: unknown, key: PropertyKey | undefined): number | null {
  if (typeof parent !== 'object' || parent === null || !('items' in parent) || !Array.isArray(parent.items))
    return null;
  for (const item of parent.items as unknown[]) {
    if (typeof item !== 'object' || item === null || !('key' in item)) continue;
    const name = item.key;
    if (typeof name !== 'object' || name === null || !('value' in name)) continue;
    if (String(name.value) === String(key)) return rangeOf(name);
  }
  return null;
}

function rangeOf(node: unknown): number | null {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return null;
  const [start] = node.range as unknown[];
  return typeof start === 'number' ? start : null;
}

/** The keys that the schema has at a place; the JSON Schema is a plain tree, so it is walked instead of zod's own. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let at: unknown = configJsonSchema();
  for (const part of path)
    at = typeof part === 'number' ? field(at, 'items') : field(field(at, 'properties'), String(part));
  const properties = field(at, 'properties');
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
