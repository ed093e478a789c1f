import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { PareError, type Problem } from '../../model/problem.ts';

/** Athena's limit of a query's text. Source: Amazon Athena User Guide, "Service Quotas". */
export const LONGEST_QUERY = 262_144;

export interface QueryOptions {
  client: AthenaClient;
  workgroup: string;
  /** s3:// prefix for Athena's own result files. */
  output: string;
  signal: AbortSignal;
  /** Milliseconds before the first and at most between later looks at a query. */
  poll: { first: number; most: number };
  /** How often a throttled or retryable start is tried. */
  attempts: number;
  /** Told each query's id as soon as there is one. */
  started?(id: string): void;
}

const THROTTLED = new Set(['TooManyRequestsException', 'ThrottlingException', 'RequestLimitExceeded']);

export interface QueryResult {
  /** Of the successful query. */
  id: string;
  /** Which attempt that was, from 1. */
  attempt: number;
  /** Bytes that all attempts read: what is billed. */
  scanned: number;
}

/**
 * Runs one statement to its end. Backs off where Athena is busy, stops the query when the signal is aborted, and throws a PareError that
 * says what became of it otherwise. A statement that writes takes the attempt into its place: a failed CTAS or UNLOAD may leave data
 * there, and the next would be refused, or read as its own. Source: Amazon Athena User Guide, "Considerations and limitations for CTAS queries".
 */
export async function runQuery(
  statement: string | ((attempt: number) => string),
  database: string | null,
  options: QueryOptions,
): Promise<QueryResult> {
  let scanned = 0;
  for (let attempt = 1; ; attempt++) {
    const sql = typeof statement === 'string' ? statement : statement(attempt);
    if (Buffer.byteLength(sql) > LONGEST_QUERY) {
      throw failed('athena-query-too-long', 'a query is longer than Athena takes', 'report this as a bug', 'bug');
    }
    const id = await start(sql, database, attempt, options);
    options.started?.(id);
    const end = await finish(id, options);
    const status = end.Status;
    scanned += end.Statistics?.DataScannedInBytes ?? 0;
    if (status?.State === 'SUCCEEDED') return { id, attempt, scanned };
    const reason = oneLine(status?.StateChangeReason ?? 'no reason is given');
    if (status?.State === 'FAILED' && status.AthenaError?.Retryable === true && attempt < options.attempts) {
      await pause(options, attempt);
      continue;
    }
    throw outcome(status?.State ?? 'unknown', reason, id);
  }
}

async function start(sql: string, database: string | null, round: number, options: QueryOptions): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    options.signal.throwIfAborted();
    try {
      const { QueryExecutionId: id } = await options.client.send(
        new StartQueryExecutionCommand({
          QueryString: sql,
          // A start that is sent again after a lost answer must not run twice; one of another run or database is another query.
          ClientRequestToken: createHash('sha256')
            .update(JSON.stringify([options.output, database, round, sql]))
            .digest('hex'),
          ...(database === null ? {} : { QueryExecutionContext: { Database: database } }),
          ResultConfiguration: { OutputLocation: options.output },
          // A stale result would be old evidence.
          ResultReuseConfiguration: { ResultReuseByAgeConfiguration: { Enabled: false } },
          WorkGroup: options.workgroup,
        }),
      );
      if (id === undefined) throw failed('athena-without-id', 'Athena gave the query no id', 'run again');
      return id;
    } catch (cause) {
      const name = (cause as Error).name;
      if (!THROTTLED.has(name)) throw cause instanceof PareError ? cause : refused(cause as Error);
      if (attempt >= options.attempts) {
        throw new PareError(
          {
            code: 'athena-throttled',
            message: `Athena runs too many queries of this account already (${name}, ${attempt} attempts)`,
            next: 'run again later, give the workgroup capacity of its own, or raise the quota of active DML queries',
            fault: 'environment',
          },
          { cause },
        );
      }
      await pause(options, attempt);
    }
  }
}

async function finish(id: string, options: QueryOptions): Promise<QueryExecution> {
  let wait = options.poll.first;
  for (;;) {
    try {
      const { QueryExecution: execution } = await options.client.send(
        new GetQueryExecutionCommand({ QueryExecutionId: id }),
      );
      const state = execution?.Status?.State;
      if (execution !== undefined && state !== 'QUEUED' && state !== 'RUNNING') return execution;
    } catch (cause) {
      if (!THROTTLED.has((cause as Error).name)) {
        await stop(id, options);
        throw refused(cause as Error);
      }
    }
    try {
      await sleep(wait, undefined, { signal: options.signal });
    } catch {
      await stop(id, options);
      options.signal.throwIfAborted();
    }
    wait = Math.min(options.poll.most, wait * 2);
  }
}

/** What a cancelled query has read is billed; the less the better. */
async function stop(id: string, options: QueryOptions): Promise<void> {
  await options.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })).catch(() => undefined);
}

async function pause(options: QueryOptions, attempt: number): Promise<void> {
  const wait = Math.min(options.poll.most * 4, options.poll.first * 2 ** attempt);
  await sleep(wait, undefined, { signal: options.signal }).catch(() => undefined);
  options.signal.throwIfAborted();
}

function outcome(state: string, reason: string, id: string): PareError {
  if (/bytes scanned limit/i.test(reason)) {
    return failed(
      'athena-scan-limit',
      `the query read more than the workgroup allows (${reason}; query ${id})`,
      "raise the workgroup's limit of bytes scanned, or judge a shorter window",
    );
  }
  if (state === 'CANCELLED') {
    return failed('athena-cancelled', `the query was cancelled (${reason}; query ${id})`, 'run again');
  }
  if (/exhausted resources|exceeded .*limit|quota/i.test(reason)) {
    return failed(
      'athena-out-of-resources',
      `Athena had too little for the query (${reason}; query ${id})`,
      'run again later, judge a shorter window, or give the workgroup capacity of its own',
    );
  }
  return failed(
    'athena-query-failed',
    `the query ended as ${state} (${reason}; query ${id})`,
    'look at the query in the Athena console, then run again',
  );
}

export function refused(cause: Error): PareError {
  return new PareError(
    {
      code: 'athena-refused',
      message: `Athena refused the request (${cause.name}: ${oneLine(cause.message)})`,
      next: 'check the workgroup, its results place and the permissions',
      fault: 'environment',
    },
    { cause },
  );
}

function failed(code: string, message: string, next: string, fault: Problem['fault'] = 'environment'): PareError {
  return new PareError({ code, message, next, fault });
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 500);
}
