/** One JSON document, or several after each other (pages of a listing, JSON lines); or where it stops being JSON. */
export type JsonDocuments = { ok: true; documents: readonly unknown[] } | { ok: false; line: number; message: string };

/** Tokens of RFC 8259; the last alternative is a string that never ends. */
const TOKEN =
  /[ \t\r\n]+|[{}[\]:,]|"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y;

/** Parses text that may hold several documents. A byte order mark is allowed. */
export function parseJsonDocuments(source: string): JsonDocuments {
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  try {
    return { ok: true, documents: [JSON.parse(text)] };
  } catch {
    // Several documents, or not JSON: V8's message has no position for either, so the tokens are walked.
  }
  const spans = documentSpans(text);
  if ('at' in spans) return { ok: false, line: lineAt(text, spans.at), message: spans.message };
  try {
    return { ok: true, documents: spans.spans.map(([from, to]) => JSON.parse(text.slice(from, to)) as unknown) };
  } catch (error) {
    return { ok: false, line: 1, message: error instanceof Error ? error.message : 'not JSON' };
  }
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) line += 1;
  return line;
}

type Expectation = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end';
type Spans = { spans: [number, number][] } | { at: number; message: string };

function documentSpans(text: string): Spans {
  const spans: [number, number][] = [];
  const open: ('{' | '[')[] = [];
  let expect: Expectation = 'value';
  let start = 0;
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return { at, message: `unexpected ${shown(text, at)}` };
    if (/^\s/.test(token)) continue;
    if (open.length === 0) start = at;
    const next = step(token, expect, open);
    if (next === null) return { at, message: `unexpected ${shown(text, at)}` };
    expect = next;
    if (open.length === 0) {
      spans.push([start, at + token.length]);
      expect = 'value';
    }
  }
  if (open.length > 0) return { at: text.length, message: 'the text ends in the middle of a document' };
  return { spans };
}

/** What may come after `token`, or null when it may not stand here. Keeps `open` up to date. */
function step(token: string, expect: Expectation, open: ('{' | '[')[]): Expectation | null {
  const within = open.at(-1);
  if (token === ':') return expect === 'colon' ? 'value' : null;
  if (token === ',') return expect !== 'comma-or-end' ? null : within === '{' ? 'key' : 'value';
  if (token === '}' || token === ']') {
    const fits = token === '}' ? expect === 'key-or-end' : expect === 'value-or-end';
    if (within !== (token === '}' ? '{' : '[') || !(fits || expect === 'comma-or-end')) return null;
    open.pop();
    return 'comma-or-end';
  }
  if (expect === 'key' || expect === 'key-or-end') return token.startsWith('"') ? 'colon' : null;
  if (expect !== 'value' && expect !== 'value-or-end') return null;
  if (token === '{' || token === '[') {
    open.push(token);
    return token === '{' ? 'key-or-end' : 'value-or-end';
  }
  return 'comma-or-end';
}

function shown(text: string, at: number): string {
  const piece = text.slice(at, at + 12).split(/[\r\n]/)[0]!;
  return piece === '' ? 'line break' : JSON.stringify(piece);
}
