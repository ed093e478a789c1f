import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  type ScalarTag,
  visit,
  type YAMLMap,
} from 'yaml';
import { toText } from '../convert.ts';
import {
  bool,
  failure,
  list,
  type MapEntry,
  map,
  nameOf,
  nil,
  num,
  numberText,
  str,
  unknown,
  type Value,
} from '../value.ts';
import { known, ofStrings, partial, type Registered } from './helpers.ts';
import { decodedNumber } from './numeric.ts';
import { jsonText } from './string.ts';

/** Plain data as Terraform's tuples and objects. */
export function fromJson(data: unknown): Value {
  if (data === null || data === undefined) return nil();
  if (typeof data === 'string') return str(data);
  if (data instanceof Written) return decodedNumber(data.text);
  if (typeof data === 'number') return Number.isFinite(data) ? num(data) : unknown(`unknown:${data}`);
  if (typeof data === 'boolean') return bool(data);
  if (Array.isArray(data)) return list(data.map(fromJson));
  const entries = Object.entries(data as Record<string, unknown>);
  return map(entries.map(([key, value]): [string, MapEntry] => [key, { key: str(key), value: fromJson(value) }]));
}

/** A number as it is written, which may be more than a double holds. */
class Written {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function parseJson(text: string): unknown {
  return JSON.parse(text, (_, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? new Written(context.source) : value,
  );
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
  // Several documents are an error there, unless all but one are empty.
  if ((text.match(/^---(?=\s|$)/gm)?.length ?? 0) > 1) return unknown(`unknown:yamldecode(${nameOf(str(text))})`);
  const document: Document = parseDocument(text, {
    version: '1.2',
    merge: true,
    uniqueKeys: false,
    customTags: (tags) => [...TRUTHS, ...tags],
    lineCounter: new LineCounter(),
    logLevel: 'silent',
  });
  if (document.errors.length > 0 || document.contents === null) return failure('yamldecode of invalid YAML');
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
  if (isMap(node)) return yamlMap(node, document);
  // A date becomes a time there.
  if (isScalar(node) && node.type === 'PLAIN' && /^\d{4}-\d\d?-\d\d?/.test(node.source ?? ''))
    return unknown(`unknown:yamldecode(${node.source})`);
  if (isScalar(node)) return fromJson(scalarOf(node));
  return nil();
}

/** Later keys win, as in Terraform; what a merge key brings stays with the library. */
function yamlMap(node: YAMLMap, document: Document): Value {
  const merges = node.items.some((pair) => isScalar(pair.key) && typeof pair.key.value !== 'string');
  if (merges) return fromJson(node.toJS(document));
  const entries = node.items.flatMap((pair): [string, MapEntry][] => {
    const key = isScalar(pair.key) ? String(pair.key.value) : null;
    return key === null ? [] : [[key, { key: str(key), value: yamlNode(pair.value, document) }]];
  });
  return entries.length === node.items.length ? map(entries) : fromJson(node.toJS(document));
}

function scalarOf(node: Scalar): unknown {
  const written = typeof node.value === 'number' && /^[-+]?\d+(\.\d*)?([eE][-+]?\d+)?$/.test(node.source ?? '');
  return written ? new Written(node.source!.replace(/\.$/, '')) : node.value;
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
  if (value.t === 'number') return `${indent}${numberText(value)}\n`;
  return `${indent}${value.t === 'string' || value.t === 'bool' ? JSON.stringify(value.v).replace(/[\u{10000}-\u{10ffff}]/gu, yamlEscape) : 'null'}\n`;
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
    else if (c === '"') return failure('csvdecode of invalid CSV');
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
  if (
    header === undefined ||
    quoted ||
    new Set(header).size < header.length ||
    body.some((row) => row.length !== header.length)
  )
    return failure('csvdecode of invalid CSV');
  return list(
    body.map((row) => fromJson(Object.fromEntries(header.map((name, i) => [name, row[i]])))),
    'list',
  );
}

function decodeBase64(text: string): string | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}

const hash = (algorithm: string, encoding: 'hex' | 'base64') => (text: string | undefined) =>
  createHash(algorithm)
    .update(text ?? '', 'utf8')
    .digest(encoding);

export const encodingFunctions: readonly Registered[] = [
  known('jsonencode', [1, 1], ([value]) => str(jsonText(value!))),
  known('jsondecode', [1, 1], ([value]) => {
    try {
      return fromJson(parseJson(toText(value!) ?? '!'));
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
  ofStrings('base64decode', 1, (s) => decodeBase64(s!.replace(/[\r\n]/g, ''))),
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
