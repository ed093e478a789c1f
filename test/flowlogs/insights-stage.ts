import { createServer } from 'node:http';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { Exchange } from '../trino/athena.ts';

/** An event of a log group; times in milliseconds, as CloudWatch Logs has them. */
export interface LogEvent {
  timestamp: number;
  ingestionTime: number;
  message: string;
}

export interface Group {
  name: string;
  creationTime: number;
  retentionInDays?: number;
  storedBytes: number;
  events: LogEvent[];
}

/** What happens to a query instead of what should. */
export interface InsightsFault {
  /** An exception of StartQuery. */
  start?: { type: string; message?: string };
  /** An exception of the first GetQueryResults. */
  look?: string;
  status?: 'Failed' | 'Cancelled' | 'Timeout' | 'Running';
  /** Answers as if this many events were not there. */
  lose?: number;
}

export interface InsightsEndpoint {
  url: string;
  client: CloudWatchLogsClient;
  exchanges: Exchange[];
  queries: { group: string; first: number; last: number; text: string }[];
  stopped: string[];
  /** Queries under way at once, at most. */
  most(): number;
  close(): Promise<void>;
}

interface Query {
  status: string;
  rows: Record<string, string>[];
  matched: number;
  bytes: number;
  looks: number;
  look?: string;
}

type Input = Record<string, unknown>;

const COUNT = /^filter (.*) \| stats count\(\*\) as events by (bin\(1([ms])\)) \| limit (\d+)$/;
const FETCH = /^fields @message \| filter (.*) \| limit (\d+)$/;
const RECEIVED = /^@ingestionTime >= (\d+) and @ingestionTime < (\d+)$/;

/**
 * CloudWatch Logs as far as the store speaks to it (AWS JSON 1.1): DescribeLogGroups, StartQuery, GetQueryResults, StopQuery, with the limit of
 * rows that a query gives set to `limit`, pages of `page` rows, and bytes as many as the messages of the span have.
 */
export async function startInsights(
  groups: readonly Group[],
  {
    fault = () => null,
    limit = 10_000,
    page = 10_000,
  }: {
    fault?: (text: string, n: number) => InsightsFault | null;
    limit?: number;
    page?: number;
  } = {},
): Promise<InsightsEndpoint> {
  const all = new Map<string, Query>();
  const exchanges: Exchange[] = [];
  const queries: InsightsEndpoint['queries'] = [];
  const stopped: string[] = [];
  let running = 0;
  let most = 0;

  function run(group: Group, first: number, last: number, text: string): Omit<Query, 'status' | 'looks'> | null {
    const count = COUNT.exec(text);
    const fetch = FETCH.exec(text);
    const received = RECEIVED.exec(count?.[1] ?? fetch?.[1] ?? '');
    if (received === null) return null;
    const spanned = group.events.filter(({ timestamp: at }) => at >= first * 1000 && at <= last * 1000);
    const events = spanned.filter(({ ingestionTime: at }) => at >= Number(received[1]) && at < Number(received[2]));
    const bytes = spanned.reduce((sum, { message }) => sum + message.length, 0);
    if (count === null) {
      const cut = Math.min(limit, Number(fetch![2]));
      const rows = events.map(({ message }, i) => ({ '@message': message, '@ptr': `ptr-${i}` })).slice(0, cut);
      return { rows, matched: events.length, bytes };
    }
    const width = count[3] === 'm' ? 60_000 : 1_000;
    const bins = new Map<number, number>();
    for (const { timestamp: at } of events) bins.set(at - (at % width), (bins.get(at - (at % width)) ?? 0) + 1);
    const rows = [...bins].map(([at, n]) => ({
      [count[2]!]: new Date(at).toISOString().replace('T', ' ').replace('Z', ''),
      events: String(n),
    }));
    // No order is asked for, so none is given.
    return { rows: rows.reverse().slice(0, Number(count[4])), matched: events.length, bytes };
  }

  function begin(input: Input): [number, unknown] {
    const { logGroupName, startTime, endTime, queryString } = input as Record<string, string & number>;
    const group = groups.find(({ name }) => name === logGroupName);
    if (group === undefined) return refused('ResourceNotFoundException', 'the log group does not exist');
    const planned = fault(queryString!, queries.length);
    queries.push({ group: group.name, first: startTime!, last: endTime!, text: queryString! });
    if (planned?.start !== undefined) return refused(planned.start.type, planned.start.message ?? 'slow down');
    if (endTime! < startTime!) return refused('InvalidParameterException', 'the end is before the start');
    const answer = run(group, startTime!, endTime!, queryString!);
    if (answer === null) return refused('MalformedQueryException', `unexpected symbol in ${queryString}`);
    const id = `query-${all.size}`;
    const query: Query = { ...answer, status: planned?.status ?? 'Complete', looks: 0 };
    if (planned?.lose !== undefined) {
      query.rows = query.rows.slice(planned.lose);
      query.matched -= planned.lose;
    }
    if (planned?.look !== undefined) query.look = planned.look;
    all.set(id, query);
    running += 1;
    most = Math.max(most, running);
    return [200, { queryId: id }];
  }

  function look(input: Input): [number, unknown] {
    const query = all.get(String(input.queryId));
    if (query === undefined) return refused('ResourceNotFoundException', 'no such query');
    if (query.look !== undefined) {
      const type = query.look;
      delete query.look;
      return refused(type, 'slow down');
    }
    query.looks += 1;
    // The first look finds it at work, with some of the rows.
    const ended = query.looks > 1 && query.status !== 'Running';
    if (query.looks === 2) running -= 1;
    const from = Number(input.nextToken ?? 0);
    const rows = query.rows.slice(from, from + page);
    return [
      200,
      {
        queryLanguage: 'CWLI',
        results: (ended ? rows : rows.slice(0, 1)).map((row) =>
          Object.entries(row).map(([field, value]) => ({ field, value })),
        ),
        statistics: {
          recordsMatched: query.matched,
          recordsScanned: query.matched,
          bytesScanned: ended ? query.bytes : 0,
        },
        status: ended ? query.status : 'Running',
        ...(ended && from + page < query.rows.length ? { nextToken: String(from + page) } : {}),
      },
    ];
  }

  function answer(operation: string, input: Input): [number, unknown] {
    switch (operation) {
      case 'DescribeLogGroups': {
        const found = groups.filter(({ name }) => name.startsWith(String(input.logGroupNamePrefix)));
        const at = Number(input.nextToken ?? 0);
        const one = found.slice(at, at + 1).map(({ name, creationTime, retentionInDays, storedBytes }) => ({
          ...{ logGroupName: name, creationTime, storedBytes, metricFilterCount: 0 },
          ...(retentionInDays === undefined ? {} : { retentionInDays }),
        }));
        return [200, { logGroups: one, ...(at + 1 < found.length ? { nextToken: String(at + 1) } : {}) }];
      }
      case 'StartQuery':
        return begin(input);
      case 'GetQueryResults':
        return look(input);
      case 'StopQuery':
        stopped.push(String(input.queryId));
        return [200, { success: true }];
      default:
        return refused('InvalidOperationException', operation);
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).replace('Logs_20140328.', '');
      const input = JSON.parse(Buffer.concat(chunks).toString()) as Input;
      const [status, output] = answer(operation, input);
      exchanges.push({ operation, input, status, output });
      response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(output));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new CloudWatchLogsClient({ endpoint: url, region: 'eu-west-1', credentials, maxAttempts: 1 });
  return {
    ...{ url, client, exchanges, queries, stopped },
    most: () => most,
    close: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function refused(type: string, message: string): [number, unknown] {
  return [400, { __type: type, message }];
}
