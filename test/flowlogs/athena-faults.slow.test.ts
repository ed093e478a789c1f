import type { ChildProcess } from 'node:child_process';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openDuckDbStore } from '../../analyzer/flowlogs/index.ts';
import { writeInventory } from '../cli/inputs.ts';
import { type Outcome, pare } from '../cli/pare.ts';
import type { Fault } from '../trino/athena.ts';
import { call, DAY, ENI, openStage, rowsOf, type Stage, type StageOptions, smallLogs } from './athena-stage.ts';

const open: Stage[] = [];
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

const TWO_DAYS = { [DAY]: call(DAY), [DAY + 86400]: call(DAY + 86400, 40001) };
const WINDOW = { from: DAY, to: DAY + 2 * 86400 };
const KNOWN = { interfaces: [ENI], window: WINDOW };

async function staged(some: Partial<StageOptions> = {}, lines = TWO_DAYS): Promise<Stage> {
  const stage = await openStage({ ...smallLogs(lines), ...some });
  open.push(stage);
  return stage;
}

const directRows = (stage: Stage, some = KNOWN) =>
  rowsOf(openDuckDbStore({ paths: [stage.flowLogs], tempDir: stage.dir, memoryLimit: '500MB' }), some);

async function expectNothingLeft(stage: Stage): Promise<void> {
  expect(await stage.results()).toEqual([]);
  expect(await stage.schemas()).toEqual([]);
}

describe('when Athena fails', () => {
  it.each([
    ['FAILED', 'GENERIC_INTERNAL_ERROR', 'athena-query-failed'],
    ['FAILED', 'Query exhausted resources at this scale factor', 'athena-out-of-resources'],
    ['CANCELLED', 'Bytes scanned limit was exceeded', 'athena-scan-limit'],
    ['CANCELLED', 'cancelled by a user', 'athena-cancelled'],
  ] as const)('a scan whose query ends as %s (%s) says %s and leaves nothing behind', async (state, reason, code) => {
    const stage = await staged({ fault: (_, n) => (n === 9 ? { state, reason } : null) });
    await expect(rowsOf(stage.store(), KNOWN)).rejects.toMatchObject({ problem: { code } });
    await expectNothingLeft(stage);
  });

  it('a scan without capacity for any query says that it is throttled', async () => {
    const stage = await staged({ fault: () => ({ start: 'TooManyRequestsException' }) });
    await expect(rowsOf(stage.store({ attempts: 3 }), KNOWN)).rejects.toMatchObject({
      problem: { code: 'athena-throttled' },
    });
    expect(stage.athena.statements).toEqual([]);
  });

  it('a scan that is throttled at every start and at every look gives the same rows', async () => {
    const fault = (_: string, n: number): Fault =>
      n % 2 === 0 ? { start: 'TooManyRequestsException' } : { look: 'ThrottlingException' };
    const stage = await staged({ fault });
    expect(await rowsOf(stage.store(), KNOWN)).toEqual(await directRows(stage));
  });

  it('a scan whose every query fails once, after it has written, gives the same rows: nothing is read twice', async () => {
    const fault = (_: string, n: number): Fault | null =>
      n % 2 === 0 ? { state: 'FAILED', reason: 'INTERNAL_ERROR', retryable: true, after: true } : null;
    const stage = await staged({ fault });
    expect(await rowsOf(stage.store(), KNOWN)).toEqual(await directRows(stage));
    await expectNothingLeft(stage);
  });

  it('an interrupted scan stops its query, removes what it made and gives the reason', async () => {
    const controller = new AbortController();
    const fault = (_: string, n: number): Fault | null => {
      if (n !== 12) return null;
      setTimeout(() => controller.abort(new Error('interrupted by SIGINT')), 5);
      return { state: 'RUNNING' };
    };
    const stage = await staged({ fault });
    await expect(rowsOf(stage.store(), { ...KNOWN, signal: controller.signal })).rejects.toThrow(
      'interrupted by SIGINT',
    );
    expect(stage.athena.stopped).toEqual(['query-12']);
    await expectNothingLeft(stage);
  });

  it('what a run that was killed has left is removed by the next one, two days later and not before', async () => {
    const stage = await staged();
    const now = Date.UTC(2026, 10, 21) / 1000;
    for (const [run, age] of [
      ['0123456789ab', 3],
      ['ba9876543210', 1],
    ] as const) {
      const folder = join(stage.dir, 's3', 'results', 'pare', 'scratch', run, 'record_0-1');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'part'), 'x');
      await utimes(join(folder, 'part'), now, now - age * 86400);
    }
    await rowsOf(stage.store({ now }), KNOWN);
    expect(await stage.results()).toEqual(['/results/pare/scratch/ba9876543210/record_0-1/part']);
    expect(stage.athena.statements[0]).toBe('DROP SCHEMA IF EXISTS pare_0123456789ab CASCADE');
  });

  it('runs one after the other in one workgroup are never taken for one another', async () => {
    const stage = await staged();
    const first = await rowsOf(stage.store(), KNOWN);
    expect(await rowsOf(stage.store(), KNOWN)).toEqual(first);
  });
});

describe('law 1: no data is not no traffic', () => {
  it('files that the table does not show end the run and name their folder', async () => {
    const stage = await staged({ lastDay: '2024/10/04' });
    await expect(rowsOf(stage.store(), KNOWN)).rejects.toMatchObject({
      problem: { code: 'athena-files-without-records', message: expect.stringContaining('2024/10/05/') },
    });
    await expectNothingLeft(stage);
  });

  it('with --skip-unreadable their time counts as not covered, and the summary says so', async () => {
    const quiet = `5 123456789012 eni-0a - - - - - - - ${DAY + 86400 * 2 + 60} ${DAY + 86400 * 2 + 119} - NODATA - - - -`;
    const lines = { ...TWO_DAYS, [DAY + 2 * 86400]: [quiet] };
    const window = { from: DAY, to: DAY + 3 * 86400 };
    const all = await staged({}, lines);
    const whole = await rowsOf(all.store(), { ...KNOWN, window });
    const stage = await staged({ lastDay: '2024/10/05' }, lines);
    const read = await rowsOf(stage.store(), { ...KNOWN, window, skipUnreadable: true });
    // A day of NODATA is watched and silent; a day whose file is not shown is not watched.
    const lastDay = (rows: typeof read) => rows.coverage.filter(({ hour }) => hour >= DAY + 2 * 86400);
    expect(lastDay(whole)).toMatchObject([{ records: 1 }]);
    expect(lastDay(whole)[0]!.observedSeconds).toBeGreaterThan(59);
    expect(lastDay(read)).toEqual([]);
    expect(read.summary.skipped).toEqual([
      { reason: 'file-that-cannot-be-read', count: 1, example: expect.stringContaining('2024/10/06/') },
    ]);
    expect(whole.summary.skipped).toEqual([]);
  });

  it('a late file is found by the next run', async () => {
    const stage = await staged({}, { [DAY]: call(DAY) });
    const before = await rowsOf(stage.store(), KNOWN);
    await smallLogs({ [DAY + 86400]: call(DAY + 86400, 40001) }).write(stage.flowLogs);
    const after = await rowsOf(stage.store(), KNOWN);
    expect(before.summary).toMatchObject({ files: 1, records: 2 });
    expect(after.summary).toMatchObject({ files: 2, records: 4 });
    expect(after).toEqual(await directRows(stage));
  });

  it('no file at all is an error, and so is a window whose end Athena would have to look for', async () => {
    const stage = await staged();
    const empty = { ...KNOWN, window: { from: DAY + 90 * 86400, to: DAY + 91 * 86400 } };
    await expect(rowsOf(stage.store(), empty)).rejects.toMatchObject({ problem: { code: 'no-flow-log-records' } });
    const openEnd = { ...KNOWN, window: { lastDays: 30, to: null } };
    await expect(rowsOf(stage.store(), openEnd)).rejects.toMatchObject({
      problem: { code: 'athena-window-without-end' },
    });
    await expect(rowsOf(stage.store({ now: DAY + 9 * 86400 }), openEnd)).rejects.toThrow(
      'newest files are of 2024-10-05',
    );
    expect(stage.athena.statements).toEqual([]);
    const read = await rowsOf(stage.store({ now: DAY + 2 * 86400 }), openEnd);
    expect(read.window.to).toBe(DAY + 86400 + 151);
  });
});

describe('what a scan may cost', () => {
  it('is estimated before anything runs, told, and held to the limit', async () => {
    const stage = await staged();
    await expect(rowsOf(stage.store({ maxScanBytes: 10 }), KNOWN)).rejects.toMatchObject({
      problem: { code: 'athena-estimate-above-limit' },
    });
    expect(stage.athena.statements).toEqual([]);
    const told: string[] = [];
    const progress = ({ phase, total }: { phase: string; total: number }) => void told.push(`${phase} ${total > 0}`);
    await rowsOf(stage.store({ maxScanBytes: 1e6 }), { ...KNOWN, progress });
    expect(told[0]).toBe('estimating what Athena will read true');
    expect(told).toContain('read by Athena true');
  });
});

describe('pare analyze --athena', () => {
  async function run(stage: Stage, started?: (child: ChildProcess) => void): Promise<Outcome & { document: string }> {
    const path = (...parts: string[]) => join(stage.dir, ...parts);
    writeInventory(path);
    const { table } = smallLogs({});
    const settings = {
      region: 'eu-west-1',
      workgroup: 'pare',
      output: 's3://results/pare/',
      tables: [
        {
          database: 'main',
          name: 'flow_logs',
          format: 'text',
          columns: table.columns,
          extraColumn: 'extra',
          partition: { by: 'date', column: 'date', format: 'yyyy/MM/dd' },
          locations: [`s3://logs/${table.folder}/{yyyy}/{MM}/{dd}/`],
        },
      ],
    };
    await writeFile(path('athena.json'), JSON.stringify(settings));
    await writeFile(path('findings.json'), 'of last week');
    const outcome = await pare(
      [
        ...[
          'analyze',
          '--inventory',
          path('inventory'),
          '--athena',
          path('athena.json'),
          '--out',
          path('findings.json'),
        ],
        ...['--from', '2024-10-04', '--to', '2024-10-06'],
      ],
      { env: { ...process.env, ...stage.env }, ...(started === undefined ? {} : { started }) },
    );
    return { ...outcome, document: await readFile(path('findings.json'), 'utf8') };
  }

  it('writes the findings document', async () => {
    const stage = await staged();
    const outcome = await run(stage);
    expect(outcome).toMatchObject({ code: 0 });
    expect(JSON.parse(outcome.document)).toMatchObject({ flowLogs: { records: 4, files: 2 } });
    await expectNothingLeft(stage);
  });

  it('gives one clear line when a query fails, and leaves the last document as it is', async () => {
    const stage = await staged({
      fault: (_, n) =>
        n === 15 ? { state: 'FAILED', reason: 'Query exhausted resources at this scale factor' } : null,
    });
    const outcome = await run(stage);
    expect(outcome).toMatchObject({ code: 1, stdout: '', document: 'of last week' });
    expect(outcome.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^pare: Athena had too little for the query .*; run again later/),
    ]);
    await expectNothingLeft(stage);
  });

  it('stops the running query on Ctrl-C, and leaves the last document as it is', async () => {
    let child: ChildProcess | undefined;
    const stage = await staged({
      fault: (_, n) => {
        if (n !== 10) return null;
        setTimeout(() => child?.kill('SIGINT'), 100);
        return { state: 'RUNNING' };
      },
    });
    const outcome = await run(stage, (started) => {
      child = started;
    });
    expect(outcome).toMatchObject({ code: 130, document: 'of last week' });
    expect(stage.athena.stopped).toEqual(['query-10']);
    await expectNothingLeft(stage);
  });

  it('refuses settings that are no settings, with the place of the mistake', async () => {
    const stage = await staged();
    await writeFile(
      join(stage.dir, 'bad.json'),
      JSON.stringify({ region: 'eu-west-1', workgroup: 'pare', output: 's3://bucket/' }),
    );
    writeInventory((...parts) => join(stage.dir, ...parts));
    const inventory = join(stage.dir, 'inventory');
    const outcome = await pare(['analyze', '--inventory', inventory, '--athena', join(stage.dir, 'bad.json')]);
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toMatch(/bad\.json.*tables/);
    const both = await pare(['analyze', '--inventory', inventory, '--athena', 'x', '--ledger', 'y']);
    expect(both).toMatchObject({ code: 3 });
    expect(both.stderr).toContain('--ledger excludes --athena');
  });
});
