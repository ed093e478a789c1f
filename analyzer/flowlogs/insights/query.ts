import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CloudWatchLogsClient,
  GetQueryResultsCommand,
  type GetQueryResultsResponse,
  StartQueryCommand,
  StopQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { PareError } from '../../model/problem.ts';

/** Most rows that a query gives. Source: CloudWatch Logs User Guide, "CloudWatch Logs quotas". */
export const MOST_ROWS = 10_000;

export interface InsightsQueryOptions {
  client: CloudWatchLogsClient;
  signal: AbortSignal;
  /** Milliseconds before the first and at most between later looks at a query. */
  poll: { first: number; most: number };
  /** How often a start that was held back is tried: 30 queries may run at once in an account and Region, everybody's together. */
  attempts: number;
}

export interface InsightsQuery {
  group: string;
  /** Seconds since 1970; both are included, as StartQuery has it. */
  first: number;
  last: number;
  text: string;
}

export interface InsightsResult {
  /** Values by field. */
  rows: Readonly<Record<string, string>>[];
  /** Log events that matched; more than there are rows where the limit cut them off. */
  matched: number;
  /** Bytes read: what is billed. */
  scanned: number;
}

const BUSY = new Set([
  'LimitExceededException',
  'ThrottlingException',
  'TooManyRequestsException',
  'ServiceUnavailableException',
]);

/** The query ran longer than the 60 minutes that it may: shorter windows may do. */
export class QueryTimeout extends Error {
  readonly scanned: number;
  constructor(scanned: number) {
    super('the query ran out of time');
    this.name = 'QueryTimeout';
    this.scanned = scanned;
  }
}

/**
 * Runs one query to its end. Backs off where CloudWatch Logs is busy, and stops the query when the signal is aborted or it cannot be
 * followed. Throws QueryTimeout, or a PareError that says what became of it.
 */
export async function runInsights(query: InsightsQuery, options: InsightsQueryOptions): Promise<InsightsResult> {
  const id = await start(query, options);
  try {
    return await finish(id, query, options);
  } catch (error) {
    // A query that has ended refuses to be stopped, and that is as well.
    const stop = new StopQueryCommand({ queryId: id });
    if (!(error instanceof QueryTimeout)) await options.client.send(stop).catch(() => undefined);
    throw error;
  }
}

async function start({ group, first, last, text }: InsightsQuery, options: InsightsQueryOptions): Promise<string> {
  const input = { logGroupName: group, startTime: first, endTime: last, queryString: text, limit: MOST_ROWS };
  for (let attempt = 1; ; attempt++) {
    options.signal.throwIfAborted();
    try {
      // Not with the signal: a query whose id got lost could not be stopped.
      const { queryId } = await options.client.send(new StartQueryCommand(input));
      if (queryId !== undefined) return queryId;
      throw failed('insights-without-id', group, 'CloudWatch Logs gave the query no id', 'run again');
    } catch (cause) {
      if (cause instanceof PareError) throw cause;
      const error = cause as Error;
      if (!BUSY.has(error.name)) throw refused(group, error);
      if (attempt >= options.attempts) {
        const busy = `CloudWatch Logs was busy for ${attempt} attempts (${error.name})`;
        throw failed('insights-busy', group, busy, 'run again later: what is done stays done', cause);
      }
      await pause(Math.min(options.poll.most * 4, options.poll.first * 2 ** attempt), options.signal);
    }
  }
}

async function finish(id: string, { group }: InsightsQuery, options: InsightsQueryOptions): Promise<InsightsResult> {
  for (let wait = options.poll.first; ; wait = Math.min(options.poll.most, wait * 2)) {
    await pause(wait, options.signal);
    const page = await look(id, group, undefined, options);
    if (page === null) continue;
    const scanned = page.statistics?.bytesScanned ?? 0;
    switch (page.status) {
      case 'Complete':
        return {
          rows: await allRows(id, group, page, options),
          matched: page.statistics?.recordsMatched ?? 0,
          scanned,
        };
      case 'Timeout':
        throw new QueryTimeout(scanned);
      case 'Failed':
      case 'Cancelled':
        throw failed(
          page.status === 'Failed' ? 'insights-failed' : 'insights-cancelled',
          group,
          `the query ended as ${page.status} (query ${id})`,
          'run again: what is done stays done',
        );
      default:
    }
  }
}

/** The result may come in pages. */
async function allRows(
  id: string,
  group: string,
  first: GetQueryResultsResponse,
  options: InsightsQueryOptions,
): Promise<InsightsResult['rows']> {
  const rows: Record<string, string>[] = [];
  for (let page: GetQueryResultsResponse | null = first; ; ) {
    if (page !== null)
      for (const fields of page.results ?? [])
        rows.push(Object.fromEntries(fields.map(({ field, value }) => [field ?? '', value ?? ''])));
    const next: string | undefined = (page ?? first).nextToken;
    if (next === undefined) return rows;
    page = await look(id, group, next, options);
    while (page === null) {
      await pause(options.poll.most, options.signal);
      page = await look(id, group, next, options);
    }
  }
}

/** Null where CloudWatch Logs asks to come again later. */
async function look(
  id: string,
  group: string,
  token: string | undefined,
  { client, signal }: InsightsQueryOptions,
): Promise<GetQueryResultsResponse | null> {
  try {
    const input = { queryId: id, ...(token === undefined ? {} : { nextToken: token }) };
    return await client.send(new GetQueryResultsCommand(input), { abortSignal: signal });
  } catch (cause) {
    signal.throwIfAborted();
    if (BUSY.has((cause as Error).name)) return null;
    throw refused(group, cause as Error);
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}

/** `cause` as one line: what is not there, not allowed, or older than the log group keeps. */
export function refused(group: string, cause: Error): PareError {
  const what = `CloudWatch Logs refused the request (${cause.name}: ${cause.message.replace(/\s+/g, ' ').trim().slice(0, 500)})`;
  if (cause.name === 'ResourceNotFoundException')
    return failed(
      'log-group-unknown',
      group,
      what,
      'check the name of the log group, the Region and the account',
      cause,
    );
  if (cause.name === 'MalformedQueryException' && /retention|creation/i.test(cause.message))
    return failed('log-group-younger', group, what, 'begin later: the log group does not hold these days', cause);
  return failed('insights-refused', group, what, 'check the permissions (docs/permissions.md)', cause);
}

function failed(code: string, file: string, message: string, next: string, cause?: unknown): PareError {
  return new PareError({ code, message, next, fault: 'environment', file }, { cause });
}
