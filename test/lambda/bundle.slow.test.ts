import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FindingsDocument } from '../../analyzer/model/finding.ts';
import { bundle } from '../../infra/bundle.ts';
import { STEP_PREFIXES } from '../../infra/step-prefixes.ts';
import { generateWorld, writeWorld } from '../generator/index.ts';
import { startS3 } from '../trino/s3.ts';

const run = promisify(execFile);
let dir: string;
let server: Server;
let env: Record<string, string>;
let log: string[];
let end: string;

/** The bundle in a folder without any of ours above it, and buckets with one generated day. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-bundle-'));
  await bundle(join(dir, 'code'));
  const world = generateWorld(31, { days: 1 });
  const written = await writeWorld(world, join(dir, 'world'), { formats: ['v5'], layout: 'hourly' });
  end = new Date(world.window.to * 1000).toISOString();
  const root = join(dir, 's3');
  const data = join(root, 'pare-data', 'inventory');
  await cp(written.inventory, join(data, 'snapshots', 'x'), { recursive: true });
  const files = (await readdir(join(data, 'snapshots', 'x'), { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  );
  await writeFile(
    join(data, 'current.json'),
    JSON.stringify({ prefix: 'inventory/snapshots/x/', files: files.length }),
  );
  await cp(written.flowLogs, join(root, 'logs'), { recursive: true });
  const [folder = ''] = await readdir(join(root, 'logs'));
  const prefix = folder === 'AWSLogs' ? '' : `${folder}/`;
  const s3 = await startS3(root);
  server = s3.server;
  log = s3.log;
  env = {
    PATH: process.env.PATH ?? '',
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-west-1',
    PARE_BUCKET: 'pare-data',
    PARE_SETTINGS: 'config/steps.json',
  };
  const location = `s3://logs/${prefix}AWSLogs/${world.accountId}/vpcflowlogs/${world.region}/{yyyy}/{MM}/{dd}/`;
  await mkdir(join(root, 'pare-data', 'config'), { recursive: true });
  await writeFile(
    join(root, 'pare-data', 'config', 'steps.json'),
    JSON.stringify({ PARE_WINDOW: '7d', PARE_FLOW_LOGS: JSON.stringify([location]) }),
  );
  await mkdir(join(dir, 'elsewhere'));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true, force: true });
});

/** Requests to the bucket of data that the step's role does not grant; a container may write its result besides. */
function beyond(step: keyof typeof STEP_PREFIXES, requests: readonly string[]): string[] {
  const read: readonly string[] = STEP_PREFIXES[step].read;
  const write: readonly string[] = [...STEP_PREFIXES[step].write, 'runs/'];
  return requests.filter((request) => {
    const [, method, bucket, key = ''] = /^(\w+) ([^/]+)\/([^?]*)/.exec(request) ?? [];
    if (bucket !== 'pare-data' || key === '') return false;
    return !(method === 'PUT' ? write : read).some((prefix) => key.startsWith(prefix));
  });
}

const node = (args: readonly string[], more: Record<string, string> = {}) =>
  run(process.execPath, args, { cwd: join(dir, 'elsewhere'), env: { ...env, ...more } });

describe('the bundle that is deployed', () => {
  it('has the handlers that the program names, and runs without the repository: parsers, DuckDB and all', async () => {
    const script = `const m = await import(${JSON.stringify(join(dir, 'code', 'functions.mjs'))}); console.log(Object.keys(m).sort().join(' '))`;
    const { stdout } = await node(['--input-type=module', '-e', script]);
    expect(stdout.trim()).toBe('step tick webhook worker');
  });

  it('has the files that its code asks for beside itself: the thread of the strict reader and its kernel', async () => {
    const code = join(dir, 'code');
    const chunks = (await readdir(join(code, 'chunks'))).map((name) => join('chunks', name));
    const asked: string[] = [];
    for (const file of ['functions.mjs', 'task.mjs', ...chunks].filter((name) => name.endsWith('.mjs'))) {
      const text = await readFile(join(code, file), 'utf8');
      for (const [, path] of text.matchAll(/new URL\(["'`]\.\/([^"'`]+)["'`], import\.meta\.url\)/g))
        asked.push(join(dirname(file), path!));
    }
    expect([...new Set(asked)].sort()).toEqual(['chunks/kernel/kernel.wasm', 'chunks/worker.mjs']);
    for (const path of asked) expect((await stat(join(code, path))).size).toBeGreaterThan(0);
    // The thread itself: it waits for batches and does not fail.
    const script = `const { Worker } = await import('node:worker_threads'); const { readFileSync } = await import('node:fs');
      const module = new WebAssembly.Module(readFileSync(${JSON.stringify(join(code, 'chunks/kernel/kernel.wasm'))}));
      const workerData = { settings: { interfaces: [], changes: [], mostRecords: 1000 }, dir: ${JSON.stringify(dir)}, module };
      const worker = new Worker(${JSON.stringify(join(code, 'chunks/worker.mjs'))}, { workerData, execArgv: [] });
      worker.on('error', (error) => { throw error; });
      worker.once('message', ({ rolled }) => { console.log(rolled.run, rolled.records); process.exit(0); });
      worker.postMessage({ run: '0123456789abcdef', inputs: [] }, []);`;
    const { stdout } = await node(['--input-type=module', '-e', script]);
    expect(stdout.trim()).toBe('0123456789abcdef 0');
  });

  it('holds no Pulumi', async () => {
    const names = await readdir(join(dir, 'code', 'node_modules'));
    expect(names).not.toContain('@pulumi');
    expect(names).toContain('@duckdb');
  });

  it('as a container: ledger and analysis, their results where the state machine reads them', async () => {
    const task = join(dir, 'code', 'task.mjs');
    const step = (input: object, name: string) =>
      node([task], { PARE_STEP: JSON.stringify(input), PARE_RESULT: `runs/r/${name}.json` });
    log.length = 0;
    await step({ step: 'ledger', at: end, lateDays: 3, from: null }, 'ledger');
    expect(beyond('ledger', log)).toEqual([]);
    log.length = 0;
    await step({ step: 'analysis', at: end, failed: [] }, 'analysis');
    expect(beyond('analysis', log)).toEqual([]);
    // The check would see it: the analysis reads what the ledger step may not.
    expect(beyond('inventory', log)).not.toEqual([]);
    const bucket = join(dir, 's3', 'pare-data');
    const result = async (name: string) =>
      JSON.parse(await readFile(join(bucket, 'runs', 'r', `${name}.json`), 'utf8')) as Record<string, unknown>;
    expect(await result('ledger')).toMatchObject({ refused: 0, next: null });
    expect((await result('ledger')).files).toBeGreaterThan(0);
    const document = JSON.parse(await readFile(join(bucket, 'findings', 'current.json'), 'utf8')) as FindingsDocument;
    expect(document.rules.length).toBeGreaterThan(10);
    expect((await result('analysis')).rules).toBe(document.rules.length);
  });

  it('as a function: the handler does the same, in an instance that may be used again', async () => {
    const script = `const { step } = await import(${JSON.stringify(join(dir, 'code', 'functions.mjs'))});
      const context = { getRemainingTimeInMillis: () => 900000 };
      for (let i = 0; i < 2; i++) console.log(JSON.stringify(await step(${JSON.stringify({ step: 'ledger', at: end, lateDays: 3 })}, context)));`;
    const { stdout } = await node(['--input-type=module', '-e', script]);
    const nothing = { files: 0, records: 0, refused: 0, next: null };
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toEqual([nothing, nothing]);
  });

  it('a step that fails says why in one line and ends with 1', async () => {
    const failed = node([join(dir, 'code', 'task.mjs')], {
      PARE_STEP: '{"step": "all"}',
      PARE_RESULT: 'runs/r/x.json',
    });
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^PareFinal: the step's input is not understood: .*\n$/),
    });
  });
});
