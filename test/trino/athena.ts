import { createServer, type Server } from 'node:http';

/** What runs a statement behind the endpoint; throws with the engine's message. */
export type Execute = (sql: string, database: string | null) => Promise<{ scanned: number }>;

export interface AthenaEndpoint {
  endpoint: string;
  server: Server;
  /** Statements in the order they were started. */
  statements: string[];
  stopped: string[];
  exchanges: Exchange[];
}

/** A request and its reply as they went over the wire; `output` is the service's own only where the status is 200. */
export interface Exchange {
  operation: string;
  input: unknown;
  status: number;
  output: unknown;
}

/** What the endpoint answers to a start or a look instead of running the statement. */
export interface Fault {
  /** An exception of StartQueryExecution. */
  start?: string;
  /** An exception of the first GetQueryExecution; the statement runs. */
  look?: string;
  state?: 'FAILED' | 'CANCELLED' | 'RUNNING';
  reason?: string;
  retryable?: boolean;
  /** Runs the statement first: a failed CTAS or UNLOAD may leave its data behind. */
  after?: boolean;
}

interface Query {
  state: string;
  reason?: string;
  scanned: number;
  retryable: boolean;
  look?: string;
}

const ID = /^\S{1,128}$/;

/**
 * Athena's protocol (AWS JSON 1.1) as the unmodified SDK speaks it: GetWorkGroup, StartQueryExecution, GetQueryExecution, StopQueryExecution.
 * `enforced` is where the workgroup puts results when it overrides its clients.
 */
export async function startAthena(
  execute: Execute,
  fault: (sql: string, n: number) => Fault | null,
  enforced: string | null = null,
): Promise<AthenaEndpoint> {
  const queries = new Map<string, Query>();
  const tokens = new Map<string, { id: string; request: string }>();
  const statements: string[] = [];
  const stopped: string[] = [];
  const exchanges: Exchange[] = [];
  let starts = 0;

  function begin(input: Record<string, unknown>): [number, unknown] {
    const sql = input.QueryString;
    const token = input.ClientRequestToken;
    if (typeof sql !== 'string' || sql.length < 1 || Buffer.byteLength(sql) > 262_144) return refused('QueryString');
    if (typeof token !== 'string' || token.length < 32 || token.length > 128) return refused('ClientRequestToken');
    const request = JSON.stringify(input);
    const known = tokens.get(token);
    if (known !== undefined)
      return known.request === request
        ? [200, { QueryExecutionId: known.id }]
        : refused('ClientRequestToken of another query');
    const planned = fault(sql, starts++);
    if (planned?.start !== undefined) return [400, { __type: planned.start, Message: 'slow down' }];
    const id = `query-${queries.size}`;
    tokens.set(token, { id, request });
    const query: Query = { state: 'RUNNING', scanned: 0, retryable: planned?.retryable === true };
    if (planned?.look !== undefined) query.look = planned.look;
    queries.set(id, query);
    statements.push(sql);
    const end = (state: string, reason: string | undefined) => {
      if (query.state !== 'RUNNING') return;
      query.state = state;
      if (reason !== undefined) query.reason = reason;
    };
    if (planned?.state !== undefined && planned.after !== true) {
      end(planned.state, planned.reason);
      return [200, { QueryExecutionId: id }];
    }
    if (enforced !== null && sql.includes('external_location')) {
      end('FAILED', 'the workgroup enforces its results location, external_location may not be given');
      return [200, { QueryExecutionId: id }];
    }
    const database = (input.QueryExecutionContext as { Database?: string } | undefined)?.Database ?? null;
    execute(sql, database).then(
      ({ scanned }) => {
        query.scanned = scanned;
        end(planned?.state ?? 'SUCCEEDED', planned?.reason);
      },
      (error: Error) => end('FAILED', error.message),
    );
    return [200, { QueryExecutionId: id }];
  }

  function answer(target: string, input: Record<string, unknown>): [number, unknown] {
    if (target === 'GetWorkGroup') {
      if (typeof input.WorkGroup !== 'string') return refused('WorkGroup');
      const results = enforced === null ? {} : { ResultConfiguration: { OutputLocation: enforced } };
      const configuration = { EnforceWorkGroupConfiguration: enforced !== null, ...results };
      return [200, { WorkGroup: { Name: input.WorkGroup, State: 'ENABLED', Configuration: configuration } }];
    }
    if (target === 'StartQueryExecution') return begin(input);
    const id = input.QueryExecutionId;
    const query = typeof id === 'string' && ID.test(id) ? queries.get(id) : undefined;
    if (query === undefined) return refused('QueryExecutionId');
    if (target === 'StopQueryExecution') {
      stopped.push(String(id));
      query.state = 'CANCELLED';
      return [200, {}];
    }
    if (target !== 'GetQueryExecution') return refused(target);
    if (query.look !== undefined) {
      const type = query.look;
      delete query.look;
      return [400, { __type: type, Message: 'slow down' }];
    }
    const error = query.state === 'FAILED' ? { AthenaError: { ErrorCategory: 1, Retryable: query.retryable } } : {};
    const reason = query.reason === undefined ? {} : { StateChangeReason: query.reason };
    const execution = {
      QueryExecutionId: id,
      Status: { State: query.state, ...reason, ...error },
      Statistics: { DataScannedInBytes: query.scanned },
    };
    return [200, { QueryExecution: execution }];
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const target = String(request.headers['x-amz-target']).replace('AmazonAthena.', '');
      const input = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
      const [status, body] = answer(target, input);
      exchanges.push({ operation: target, input, status, output: body });
      response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { endpoint: `http://127.0.0.1:${address.port}`, server, statements, stopped, exchanges };
}

function refused(member: string): [number, unknown] {
  return [400, { __type: 'InvalidRequestException', Message: `${member} is not valid` }];
}
