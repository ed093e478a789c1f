import type { Body } from './pages.ts';
import { readLength } from './values.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Where the texts of a dictionary of ASCII stand: text `i` ends at `ends[i]` and begins four bytes after the one before. */
export interface AsciiTexts {
  bytes: Uint8Array;
  /** Of the first text. */
  from: number;
  ends: Int32Array;
}

export interface Texts {
  texts: string[];
  /** Null where a text is not ASCII. */
  ascii: AsciiTexts | null;
}

/** A dictionary's `n` texts, each with its length before it. Throws for text that is no UTF-8. */
export function readTexts(body: Body, n: number): Texts {
  const { view } = body;
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  const base = body.at;
  const ends = new Int32Array(n);
  let seen = 0;
  for (let i = 0; i < n; i += 1) {
    const length = readLength(body);
    const end = body.at + length;
    for (let at = body.at; at < end; at += 1) seen |= bytes[at]!;
    body.at = end;
    ends[i] = end;
  }
  const out = new Array<string>(n);
  let from = base + 4;
  if (seen < 128) {
    // Asking for each text by itself takes longer than all the rest of this reader: the page becomes one text, which is cut.
    const whole = bytes.toString('latin1', base, body.at);
    for (let i = 0; i < n; i += 1) {
      const end = ends[i]!;
      out[i] = whole.slice(from - base, end - base);
      from = end + 4;
    }
    return { texts: out, ascii: { bytes, from: base + 4, ends } };
  }
  for (let i = 0; i < n; i += 1) {
    const end = ends[i]!;
    out[i] = UTF8.decode(bytes.subarray(from, end));
    from = end + 4;
  }
  return { texts: out, ascii: null };
}

/** `n` texts that stand one by one, as codes of `texts`, which gets those it has not. */
export function readPlainTexts(
  body: Body,
  n: number,
  texts: string[],
  codes: Map<string, number>,
  out: Int32Array,
  from: number,
): void {
  readTexts(body, n).texts.forEach((text, i) => {
    let code = codes.get(text);
    if (code === undefined) {
      code = texts.push(text) - 1;
      codes.set(text, code);
    }
    out[from + i] = code;
  });
}
