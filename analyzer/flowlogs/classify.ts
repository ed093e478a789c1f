import { DEFAULT_FIELDS, isHeader, isTransitGateway, missingFields } from './fields.ts';

/** What the first line of a text file says the file is. */
export type TextKind =
  | {
      kind: 'flow-log';
      fields: readonly string[];
      /** The first line is the header and no record. */
      header: boolean;
      /** CloudWatch Logs exports put the time of ingestion before each record. */
      leadingTime: boolean;
    }
  | { kind: 'transit-gateway' }
  | { kind: 'foreign'; looksLike: string }
  /** A flow log, but one that cannot be read; the sentence says why. */
  | { kind: 'refused'; code: string; why: string; next: string };

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** Decides by content alone, never by name; `inLogFolder` only makes an unknown line an error where flow logs were promised. */
export function classifyFirstLine(line: string, inLogFolder: boolean): TextKind {
  const text = line.replace(/^\uFEFF/, '').replace(/\r$/, '');
  const words = text.split(' ');
  if (isHeader(words)) return classifyHeader(words);
  if (isDefaultRecord(words)) return { kind: 'flow-log', fields: DEFAULT_FIELDS, header: false, leadingTime: false };
  if (ISO_TIME.test(words[0] ?? '') && isDefaultRecord(words.slice(1))) {
    return { kind: 'flow-log', fields: DEFAULT_FIELDS, header: false, leadingTime: true };
  }
  if (words.includes('TransitGateway') || words.some((word) => /^tgw-(attach-)?[0-9a-z]+$/.test(word)))
    return { kind: 'transit-gateway' };
  if (/^\s*[{[]/.test(text)) return { kind: 'foreign', looksLike: 'JSON' };
  if (inLogFolder || looksLikeRecord(words)) {
    return {
      kind: 'refused',
      code: 'flow-log-without-header',
      why: `the file has no header line and is not in the default format of ${DEFAULT_FIELDS.length} fields`,
      next: 'put the flow log format as the first line, its field names separated by spaces',
    };
  }
  return { kind: 'foreign', looksLike: 'other text' };
}

function classifyHeader(words: readonly string[]): TextKind {
  if (isTransitGateway(words)) return { kind: 'transit-gateway' };
  const twice = words.find((word, i) => words.indexOf(word) !== i);
  if (twice !== undefined) {
    return {
      kind: 'refused',
      code: 'flow-log-header-with-duplicate-field',
      why: `the header names ${twice} twice`,
      next: 'give each field once',
    };
  }
  const missing = missingFields(words);
  if (missing.length > 0) {
    return {
      kind: 'refused',
      code: `flow-log-header-without-${missing[0]}`,
      why: `the header lacks ${missing.join(', ')}`,
      next: 'leave this file out, or create a flow log whose format has these fields',
    };
  }
  return { kind: 'flow-log', fields: words, header: true, leadingTime: false };
}

/** `2 account eni-… …14 fields… ACCEPT OK`: the default format, which is fixed. Version 2 alone would not prove it. */
function isDefaultRecord(words: readonly string[]): boolean {
  return (
    words.length === DEFAULT_FIELDS.length &&
    words[0] === '2' &&
    words[2]?.startsWith('eni-') === true &&
    /^(ACCEPT|REJECT|-)$/.test(words[12] ?? '') &&
    /^(OK|NODATA|SKIPDATA)$/.test(words[13] ?? '')
  );
}

function looksLikeRecord(words: readonly string[]): boolean {
  if (words.length < 3) return false;
  const status = words.some((word) => /^(OK|NODATA|SKIPDATA)$/.test(word));
  return (
    words.some((word) => /^eni-[0-9a-z]+$/.test(word)) ||
    (status && words.some((word) => /^(ACCEPT|REJECT|-)$/.test(word)))
  );
}
