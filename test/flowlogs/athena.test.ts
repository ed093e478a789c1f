import { AthenaClient } from '@aws-sdk/client-athena';
import { TrinoSQL } from 'dt-sql-parser';
import { afterEach, describe, expect, it } from 'vitest';
import { runQuery } from '../../analyzer/flowlogs/athena/query.ts';
import { openDuckDbStore } from '../../analyzer/flowlogs/index.ts';
import { readInventory } from '../../analyzer/inventory/index.ts';
import { changeDays, interfaceAddresses } from '../../bot/cli/work/scan-input.ts';
import { fieldsOf, generateWorld, type LogFormat, type WrittenWorld, writeWorld } from '../generator/index.ts';
import { type AthenaEndpoint, type Fault, startAthena } from '../trino/athena.ts';
import { CREDENTIALS, openStage, rowsOf } from './athena-stage.ts';

const closing: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of closing.splice(0)) await each.close();
});

const athenaAt = (endpoint: string) =>
  new AthenaClient({ endpoint, region: 'eu-west-1', credentials: CREDENTIALS, maxAttempts: 1 });

describe('law 9: the Athena store', () => {
  it.each([
    ['v2', 21, null],
    ['v5', 22, null],
    ['parquet', 23, 's3://results/enforced/'],
  ] as [LogFormat, number, string | null][])(
    'gives the rows, coverage and counts of the DuckDB store on %s logs, and leaves nothing behind (seed %i, results enforced at %s)',
    async (format, seed, enforced) => {
      const world = generateWorld(seed, { days: 2 });
      let written: WrittenWorld | undefined;
      const stage = await openStage({
        write: async (flowLogs) => {
          written = await writeWorld(world, flowLogs, { formats: [format] });
        },
        table: {
          format: format === 'parquet' ? 'parquet' : 'text',
          columns: fieldsOf(format).map((field) => field.replaceAll('-', '_')),
          folder: `flow-logs/flow-logs-${format}/AWSLogs/${world.accountId}/vpcflowlogs/${world.region}`,
        },
        ...(enforced === null ? {} : { enforced }),
      });
      closing.push(stage);
      const inventory = await readInventory(written!.inventory, { configHistory: [written!.configHistory] });
      const some = {
        window: world.window,
        interfaces: interfaceAddresses(inventory.interfaces),
        changes: changeDays(inventory.interfaces),
      };
      const paths = [written!.flowLogs];
      const direct = await rowsOf(openDuckDbStore({ paths, tempDir: stage.dir, memoryLimit: '500MB' }), some);
      const bySql = await rowsOf(stage.store(), some);
      expect(bySql).toEqual(direct);
      expect(bySql.ledger.length).toBeGreaterThan(50);
      // The raw table is read once; results never come by pages of a thousand rows.
      expect(stage.athena.statements.filter((sql) => sql.includes('flow_logs'))).toHaveLength(1);
      expect(await stage.results()).toEqual([]);
      expect(await stage.schemas()).toEqual([]);
      const parser = new TrinoSQL();
      for (const sql of stage.athena.statements) {
        const query = /^CREATE TABLE[^\n]*AS\n([\s\S]*)$/.exec(sql)?.[1] ?? /^UNLOAD \(([\s\S]*)\)\nTO /.exec(sql)?.[1];
        if (query !== undefined) expect(parser.validate(query)).toEqual([]);
      }
    },
  );
});

describe('a query of Athena', () => {
  const poll = { first: 2, most: 10 };
  async function endpoint(fault: (sql: string, n: number) => Fault | null): Promise<AthenaEndpoint> {
    const athena = await startAthena(async () => ({ scanned: 42 }), fault);
    closing.push(athena.server);
    return athena;
  }
  const ask = (athena: AthenaEndpoint, signal = new AbortController().signal) =>
    runQuery('SELECT 1', 'db', {
      client: athenaAt(athena.endpoint),
      workgroup: 'pare',
      output: 's3://results/',
      signal,
      poll,
      attempts: 4,
    });

  it('waits out throttling, and gives up with a clear word', async () => {
    const twice = await endpoint((_, n) => (n < 2 ? { start: 'TooManyRequestsException' } : null));
    expect(await ask(twice)).toMatchObject({ attempt: 1, scanned: 42 });
    const always = await endpoint(() => ({ start: 'TooManyRequestsException' }));
    await expect(ask(always)).rejects.toMatchObject({ problem: { code: 'athena-throttled' } });
  });

  it.each([
    ['FAILED', 'TABLE_NOT_FOUND: line 1', 'athena-query-failed'],
    ['FAILED', 'Query exhausted resources at this scale factor', 'athena-out-of-resources'],
    ['CANCELLED', 'Bytes scanned limit was exceeded', 'athena-scan-limit'],
    ['CANCELLED', 'Query cancelled by user', 'athena-cancelled'],
  ] as const)('that ended as %s (%s) is %s', async (state, reason, code) => {
    const athena = await endpoint(() => ({ state, reason }));
    await expect(ask(athena)).rejects.toMatchObject({ problem: { code } });
  });

  it('that Athena may repeat is repeated', async () => {
    const athena = await endpoint((_, n) =>
      n === 0 ? { state: 'FAILED', reason: 'internal', retryable: true } : null,
    );
    expect(await ask(athena)).toMatchObject({ attempt: 2, scanned: 42 });
    expect(athena.statements).toHaveLength(2);
  });

  it('is stopped when the command is interrupted: it would be billed on', async () => {
    const athena = await endpoint(() => ({ state: 'RUNNING' }));
    const controller = new AbortController();
    const asked = ask(athena, controller.signal);
    const seen = setInterval(() => athena.statements.length > 0 && controller.abort(new Error('interrupted')), 5);
    await expect(asked).rejects.toThrow('interrupted');
    clearInterval(seen);
    expect(athena.stopped).toHaveLength(1);
  });
});
