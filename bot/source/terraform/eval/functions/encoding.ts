import { createHash } from 'node:crypto';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type ScalarTag,
  visit,
} from 'yaml';
import { numberText, toText } from '../convert.ts';
import { bool, failure, list, type MapEntry, map, nil, num, str, type Value } from '../value.ts';
import { known, ofStrings, partial, type Registered } from './helpers.ts';
import { toJson } from './string.ts';

/** Plain data as Terraform's tuples and objects. */
export function fromJson(data: unknown): Value {
  if (data === null || data === undefined) return nil();
  if (typeof data === 'string') return str(data);
  if (typeof data === 'number') return num(data);
  if (typeof data === 'boolean') return bool(data);
  if (Array.isArray(data)) return list(data.map(fromJson));
  const entries = Object.entries(data as Record<string, unknown>);
  return map(entries.map(([key, value]): [string, MapEntry] => [key, { key: str(key), value: fromJson(value) }]));
}

/** Go's encoder escapes <, > and &, and writes keys in order. */
export function jsonText(value: Value): string {
  const write = (v: Value): string => {
    if (v.t === 'list') return `[${v.items.map(write).join(',')}]`;
    if (v.t === 'map')
      return `{${[...v.entries].map(([key, e]) => `${JSON.stringify(key)}:${write(e.value)}`).join(',')}}`;
    if (v.t === 'number') return numberText(v.v);
    return JSON.stringify(toJson(v));
  };
  return write(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const MAX_ALIASES = 100;

/** Terraform's decoder keeps these words of YAML 1.1. */
const TRUTHS: readonly ScalarTag[] = [
  [/^(?:y|Y|yes|Yes|YES|on|On|ON)$/, true] as const,
  [/^(?:n|N|no|No|NO|off|Off|OFF)$/, false] as const,
].map(([test, truth]) => ({
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  identify: (value) => value === truth,
  test,
  resolve: () => truth,
}));

function yamlValue(text: string): Value {
  const document: Document = parseDocument(text, {
    version: '1.2',
    merge: true,
    customTags: (tags) => [...TRUTHS, ...tags],
    lineCounter: new LineCounter(),
    logLevel: 'silent',
  });
  if (document.errors.length > 0) return failure('yamldecode of invalid YAML');
  let aliases = 0;
  visit(document, {
    Alias: () => {
      aliases += 1;
    },
  });
  if (aliases > MAX_ALIASES) return failure('yamldecode of YAML with too many aliases');
  try {
    return yamlNode(document.contents, document);
  } catch {
    return failure('yamldecode of invalid YAML');
  }
}

function yamlNode(node: unknown, document: Document): Value {
  if (isAlias(node)) return yamlNode(node.resolve(document), document);
  if (isSeq(node)) return list(node.items.map((item) => yamlNode(item, document)));
  if (isMap(node)) return fromJson(node.toJS(document));
  if (isScalar(node)) return fromJson(node.value instanceof Date ? String(node.source) : node.value);
  return nil();
}

function yamlText(value: Value, indent = ''): string {
  if (value.t === 'list') {
    if (value.items.length === 0) return `${indent}[]\n`;
    return value.items.map((item) => nested(`${indent}-`, item, `${indent}  `, true)).join('');
  }
  if (value.t === 'map') {
    if (value.entries.size === 0) return `${indent}{}\n`;
    return [...value.entries]
      .map(([key, entry]) => nested(`${indent}${JSON.stringify(key)}:`, entry.value, `${indent}  `, false))
      .join('');
  }
  return `${indent}${JSON.stringify(toJson(value)).replace(/[\u{10000}-\u{10ffff}]/gu, yamlEscape)}\n`;
}

function yamlEscape(c: string): string {
  return `\\U${c.codePointAt(0)!.toString(16).toUpperCase().padStart(8, '0')}`;
}

function nested(head: string, value: Value, indent: string, item: boolean): string {
  const empty = (value.t === 'list' && value.items.length === 0) || (value.t === 'map' && value.entries.size === 0);
  if (empty || (value.t !== 'list' && value.t !== 'map')) return `${head} ${yamlText(value).trim()}\n`;
  if (item) return `${head} ${yamlText(value, indent).slice(indent.length)}`;
  return value.t === 'list' ? `${head}\n${yamlText(value, indent.slice(2))}` : `${head}\n${yamlText(value, indent)}`;
}

/** RFC 4180 as Go's csv reader takes it; the first line names the columns. */
function csvValue(text: string): Value {
  const rows: string[][] = [[]];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i]!;
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') {
        field += '"';
        i += 1;
      } else if (c === '"') quoted = false;
      else field += c;
    } else if (c === '"' && field === '') quoted = true;
    else if (c === ',') {
      rows.at(-1)!.push(field);
      field = '';
    } else if (c === '\n') {
      rows.at(-1)!.push(field.replace(/\r$/, ''));
      field = '';
      rows.push([]);
    } else field += c;
  }
  if (field !== '' || rows.at(-1)!.length > 0) rows.at(-1)!.push(field);
  const [header, ...body] = rows.filter((row) => row.length > 1 || (row.length === 1 && row[0] !== ''));
  if (header === undefined || quoted || body.some((row) => row.length !== header.length))
    return failure('csvdecode of invalid CSV');
  return list(
    body.map((row) => fromJson(Object.fromEntries(header.map((name, i) => [name, row[i]])))),
    'list',
  );
}

const hash = (algorithm: string, encoding: 'hex' | 'base64') => (text: string | undefined) =>
  createHash(algorithm)
    .update(text ?? '', 'utf8')
    .digest(encoding);

export const encodingFunctions: readonly Registered[] = [
  known('jsonencode', [1, 1], ([value]) => str(jsonText(value!))),
  known('jsondecode', [1, 1], ([value]) => {
    try {
      return fromJson(JSON.parse(toText(value!) ?? '!'));
    } catch {
      return failure('jsondecode of invalid JSON');
    }
  }),
  known('yamldecode', [1, 1], ([value]) => yamlValue(toText(value!) ?? '')),
  known('yamlencode', [1, 1], ([value]) => {
    const open = value!.t === 'number' || value!.t === 'bool' || value!.t === 'null';
    return str(open ? `${yamlText(value!)}...\n` : yamlText(value!));
  }),
  known('csvdecode', [1, 1], ([value]) => csvValue(toText(value!) ?? '')),
  ofStrings('base64encode', 1, (s) => Buffer.from(s!, 'utf8').toString('base64')),
  ofStrings('base64decode', 1, (s) =>
    /^[A-Za-z0-9+/]*={0,2}$/.test(s!) ? Buffer.from(s!, 'base64').toString('utf8') : null,
  ),
  ofStrings('urlencode', 1, (s) =>
    encodeURIComponent(s!)
      .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%20', '+'),
  ),
  ofStrings('urldecode', 1, (s) => {
    try {
      return decodeURIComponent(s!.replaceAll('+', ' '));
    } catch {
      return null;
    }
  }),
  ofStrings('md5', 1, hash('md5', 'hex')),
  ofStrings('sha1', 1, hash('sha1', 'hex')),
  ofStrings('sha256', 1, hash('sha256', 'hex')),
  ofStrings('sha512', 1, hash('sha512', 'hex')),
  ofStrings('base64sha256', 1, hash('sha256', 'base64')),
  ofStrings('base64sha512', 1, hash('sha512', 'base64')),
  partial('base64gzip', [1, 1], (_, { open }) => open()),
];
