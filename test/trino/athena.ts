import { createServer, type Server } from 'node:http';

/** What runs a statement behind the endpoint; throws with the engine's message. */
export type Execute = (sql: string, database: string | null) => Promise<{ scanned: number }>;

export interface AthenaEndpoint {
  endpoint: string;
  server: Server;
  /** Statements in the order they were started. */
  statements: string[];
  stopped: string[];
}

/** What the endpoint answers to a start or a look instead of running the statement. */
export interface Fault {
  /** An exception of StartQueryExecution. */
  start?: string;
  state?: 'FAILED' | 'CANCELLED' | 'RUNNING';
  reason?: string;
  retryable?: boolean;
}

const ID = /^\S{1,128}$/;

/** Athena's protocol (AWS JSON 1.1) as the unmodified SDK speaks it: StartQueryExecution, GetQueryExecution, StopQueryExecution. */
export async function startAthena(
  execute: Execute,
  fault: (sql: string, n: number) => Fault | null,
): Promise<AthenaEndpoint> {
  const queries = new Map<string, { state: string; reason?: string; scanned: number; retryable: boolean }>();
  const tokens = new Map<string, string>();
  const statements: string[] = [];
  const stopped: string[] = [];
  let starts = 0;

  async function answer(target: string, input: Record<string, unknown>): Promise<[number, unknown]> {
    if (target === 'StartQueryExecution') {
      const sql = input.QueryString;
      const token = input.ClientRequestToken;
      if (typeof sql !== 'string' || sql.length < 1 || Buffer.byteLength(sql) > 262_144) return refused('QueryString');
      if (typeof token !== 'string' || token.length < 32 || token.length > 128) return refused('ClientRequestToken');
      const known = tokens.get(token);
      if (known !== undefined) return [200, { QueryExecutionId: known }];
      const planned = fault(sql, starts++);
      if (planned?.start !== undefined) return [400, { __type: planned.start, Message: 'slow down' }];
      const id = `query-${queries.size}`;
      tokens.set(token, id);
      const query = { state: 'RUNNING', scanned: 0, retryable: planned?.retryable === true } as ReturnType<
        typeof queries.get
      > &
        object;
      queries.set(id, query);
      statements.push(sql);
      if (planned?.state !== undefined) {
        query.state = planned.state;
        if (planned.reason !== undefined) query.reason = planned.reason;
        return [200, { QueryExecutionId: id }];
      }
      const context = input.QueryExecutionContext as { Database?: string } | undefined;
      execute(sql, context?.Database ?? null).then(
        ({ scanned }) => Object.assign(query, { state: 'SUCCEEDED', scanned }),
        (error: Error) => Object.assign(query, { state: 'FAILED', reason: error.message }),
      );
      return [200, { QueryExecutionId: id }];
    }
    const id = input.QueryExecutionId;
    const query = typeof id === 'string' && ID.test(id) ? queries.get(id) : undefined;
    if (query === undefined) return refused('QueryExecutionId');
    if (target === 'StopQueryExecution') {
      stopped.push(String(id));
      query.state = 'CANCELLED';
      return [200, {}];
    }
    if (target !== 'GetQueryExecution') return refused(target);
    const error = query.state === 'FAILED' ? { AthenaError: { ErrorCategory: 1, Retryable: query.retryable } } : {};
    return [
      200,
      {
        QueryExecution: {
          QueryExecutionId: id,
          Status: {
            State: query.state,
            ...(query.reason === undefined ? {} : { StateChangeReason: query.reason }),
            ...error,
          },
          Statistics: { DataScannedInBytes: query.scanned },
        },
      },
    ];
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const target = String(request.headers['x-amz-target']).replace('AmazonAthena.', '');
      void answer(target, JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>).then(
        ([status, body]) => {
          response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' });
          response.end(JSON.stringify(body));
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { endpoint: `http://127.0.0.1:${address.port}`, server, statements, stopped };
}

function refused(member: string): [number, unknown] {
  return [400, { __type: 'InvalidRequestException', Message: `${member} is not valid` }];
}
