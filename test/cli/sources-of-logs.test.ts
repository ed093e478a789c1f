import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PareError } from '../../analyzer/model/problem.ts';
import type { Runtime } from '../../bot/cli/runtime.ts';
import { runAnalysis } from '../../bot/cli/work/analysis.ts';
import { ingest } from '../../bot/cli/work/ingest.ts';
import type { LogGroupOptions } from '../../bot/cli/work/log-groups.ts';
import { runAll } from '../../bot/cli/work/run.ts';
import { startInsights } from '../flowlogs/insights-stage.ts';
import { FROM, writeInventory } from './inputs.ts';
import { pare, scratch } from './pare.ts';

const runtime: Runtime = {
  write: async () => {},
  note: () => {},
  progress: { report: () => {}, clear: () => {} },
  signal: new AbortController().signal,
  color: false,
  width: 80,
};

let dir: ReturnType<typeof scratch>;
beforeEach(() => {
  dir = scratch();
});
afterEach(() => {
  dir.remove();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** Nothing is read before the options are judged: none of these paths is there. */
const nowhere = () => ({ inventory: dir.path('inventory'), flowLogs: [dir.path('logs')] });
const ONLY: readonly (readonly [string, LogGroupOptions])[] = [
  ['--region', { region: 'eu-west-1' }],
  ['--log-format', { logFormat: ['${version}'] }],
  ['--max-scan-bytes', { maxScanBytes: '1000' }],
];

async function problemOf(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(PareError);
  return (error as PareError).problem;
}

describe('options that say how log groups are read', () => {
  it.each(ONLY)('%s without --log-group is refused by analyze, run and ingest', async (name, option) => {
    const refused = { code: 'bad-option', message: `${name} is for --log-group`, fault: 'configuration' };
    const options = { ...nowhere(), ...option };
    expect(await problemOf(runAnalysis(options, runtime))).toMatchObject(refused);
    expect(await problemOf(runAll({ ...options, source: '.', out: dir.path('out') }, runtime))).toMatchObject(refused);
    expect(await problemOf(ingest({ ...options, ledger: dir.path('ledger') }, runtime))).toMatchObject(refused);
    const stored = { inventory: dir.path('inventory'), ledger: dir.path('ledger'), ...option };
    expect(await problemOf(runAnalysis(stored, runtime))).toMatchObject(refused);
  });

  it('several are named in one line, with exit code 3', async () => {
    const given = ['--region', 'eu-west-1', '--max-scan-bytes', '5'];
    const { inventory, flowLogs } = nowhere();
    const { code, stdout, stderr } = await pare([
      'analyze',
      '--inventory',
      inventory,
      '--flow-logs',
      ...flowLogs,
      ...given,
    ]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^pare: [^\n]*--region and --max-scan-bytes are for --log-group; [^\n]*\n$/);
  });
});

describe('--memory-limit', () => {
  it('is refused with --athena, which runs in AWS', async () => {
    const options = { inventory: dir.path('inventory'), athena: dir.path('athena.json'), memoryLimit: '4GB' };
    expect(await problemOf(runAnalysis(options, runtime))).toMatchObject({
      code: 'bad-option',
      message: '--memory-limit is not for --athena, whose queries run in AWS',
      fault: 'configuration',
    });
  });

  it('holds for the database that log groups are read into', async () => {
    writeInventory(dir.path);
    const line = `2 123456789010 eni-00000000000000001 172.31.16.139 172.31.16.21 20641 22 6 20 4249 ${FROM} ${FROM + 59} ACCEPT OK`;
    const event = { timestamp: FROM * 1000, ingestionTime: FROM * 1000, message: line };
    const endpoint = await startInsights([{ name: 'logs', creationTime: 0, storedBytes: 100, events: [event] }]);
    try {
      vi.stubEnv('AWS_ENDPOINT_URL', endpoint.url);
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
      vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
      vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
      const opened = vi.spyOn(DuckDBInstance, 'create');
      const time = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000', '');
      const window = { from: time(FROM), to: time(FROM + 3600) };
      const options = {
        inventory: dir.path('inventory'),
        logGroup: ['logs'],
        region: 'eu-west-1',
        memoryLimit: '300MB',
      };
      await runAnalysis({ ...options, ...window }, runtime);
      expect(opened.mock.calls.map(([, settings]) => settings?.memory_limit)).toEqual(['300MB']);
    } finally {
      await endpoint.close();
    }
  });
});
