import { PareError } from '../../model/problem.ts';
import { inTurn } from './in-turn.ts';
import { type InsightsQueryOptions, type InsightsResult, MOST_ROWS, QueryTimeout, runInsights } from './query.ts';

/** What is asked for: events of `group` whose time lies in [from, to) and that CloudWatch Logs received in [since, before). Seconds. */
export interface Slice {
  group: string;
  from: number;
  to: number;
  since: number;
  before: number;
}

export interface MessagesOptions extends InsightsQueryOptions {
  /** Queries of ours that may run at once. */
  atOnce: number;
  /** Told the bytes of each query as it ends; may throw. */
  scanned(bytes: number): void;
}

interface Span {
  /** Seconds, closed-open. */
  from: number;
  to: number;
  expected: number;
}

/** Rows that are planned for one query: below the limit, so that a full page is never met by plan. */
const PLANNED = 9_000;

/**
 * Every message of the slice, exactly once. Events are counted by the minute first, then asked for in spans that fit one answer. A full answer
 * is never taken for all there is: its span is halved, down to one second; what does not fit then is an error. In the end the messages
 * must be as many as were counted.
 */
export async function messagesOf(slice: Slice, options: MessagesOptions): Promise<string[]> {
  const spans = await plan(slice, options);
  const parts = await inTurn(spans, options.atOnce, (span) => read(slice, span, options));
  for (const [i, { from, expected }] of spans.entries()) {
    const got = parts[i]!.length;
    if (got !== expected) throw unsteady(slice.group, from, expected, got);
  }
  return parts.flat();
}

async function plan(slice: Slice, options: MessagesOptions): Promise<Span[]> {
  const minutes = await counts(slice, slice, 60, options);
  const fine: Span[] = [];
  for (const minute of minutes) {
    if (minute.expected <= PLANNED) fine.push(minute);
    else fine.push(...(await counts(slice, minute, 1, options)));
  }
  const out: Span[] = [];
  for (const span of fine) {
    const last = out.at(-1);
    if (last !== undefined && last.expected + span.expected <= PLANNED) {
      last.to = span.to;
      last.expected += span.expected;
    } else out.push({ ...span });
  }
  return out;
}

/** Events by `seconds`, in order; stretches without any are left out. */
async function counts(
  slice: Slice,
  { from, to }: Pick<Span, 'from' | 'to'>,
  seconds: 1 | 60,
  options: MessagesOptions,
): Promise<Span[]> {
  // 10,000 rows are enough for six days of minutes: a slice is a day.
  const bin = seconds === 60 ? 'bin(1m)' : 'bin(1s)';
  const text = `${filterOf(slice)} | stats count(*) as events by ${bin} | limit ${MOST_ROWS}`;
  const { rows } = await ask(slice.group, from, to, text, options);
  if (rows.length >= MOST_ROWS) throw tooMany(slice.group, from);
  const spans = rows.map((row): Span => {
    const at = Date.parse(`${row[bin]?.replace(' ', 'T')}Z`) / 1000;
    const expected = Number(row.events);
    if (!Number.isInteger(at) || !Number.isSafeInteger(expected)) throw notUnderstood(slice.group, JSON.stringify(row));
    return { from: Math.max(from, at), to: Math.min(to, at + seconds), expected };
  });
  return spans.sort((a, b) => a.from - b.from);
}

async function read(slice: Slice, span: Pick<Span, 'from' | 'to'>, options: MessagesOptions): Promise<string[]> {
  const { from, to } = span;
  const half = Math.floor((from + to) / 2);
  let result: InsightsResult | null = null;
  try {
    result = await ask(slice.group, from, to, `fields @message | ${filterOf(slice)} | limit ${MOST_ROWS}`, options);
  } catch (error) {
    if (!(error instanceof QueryTimeout)) throw error;
    if (to - from <= 1) throw tooLong(slice.group, from, error);
  }
  if (result !== null && result.rows.length < MOST_ROWS && result.matched <= result.rows.length)
    return result.rows.map((row) => row['@message'] ?? '');
  if (to - from <= 1) throw tooMany(slice.group, from);
  return [...(await read(slice, { from, to: half }, options)), ...(await read(slice, { from: half, to }, options))];
}

/** @ingestionTime is in milliseconds. What came later is another slice: each event is in one. */
function filterOf({ since, before }: Slice): string {
  return `filter @ingestionTime >= ${since * 1000} and @ingestionTime < ${before * 1000}`;
}

async function ask(
  group: string,
  from: number,
  to: number,
  text: string,
  options: MessagesOptions,
): Promise<InsightsResult> {
  try {
    const result = await runInsights({ group, first: from, last: to - 1, text }, options);
    options.scanned(result.scanned);
    return result;
  } catch (error) {
    if (error instanceof QueryTimeout) options.scanned(error.scanned);
    throw error;
  }
}

function timeOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

const INSTEAD = 'let the flow logs go to S3, which has no such limit, and use pare ingest --flow-logs';

function tooMany(group: string, at: number): PareError {
  return failed(
    'insights-too-many',
    group,
    `more than ${MOST_ROWS} records begin in the second of ${timeOf(at)}`,
    INSTEAD,
  );
}

function tooLong(group: string, at: number, cause: Error): PareError {
  return failed('insights-timeout', group, `a query of one second (${timeOf(at)}) runs out of time`, INSTEAD, cause);
}

function unsteady(group: string, at: number, counted: number, read: number): PareError {
  const what = `${counted} records were counted around ${timeOf(at)}, but ${read} were read`;
  return failed('insights-unsteady', group, what, 'run again: nothing of that day was kept');
}

function notUnderstood(group: string, row: string): PareError {
  return failed('insights-not-understood', group, `the answer ${row} is not understood`, 'report this as a bug');
}

function failed(code: string, file: string, message: string, next: string, cause?: unknown): PareError {
  return new PareError({ code, message, next, fault: 'environment', file }, { cause });
}
