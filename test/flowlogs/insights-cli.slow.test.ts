import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pare } from '../cli/pare.ts';
import { generateWorld, writeWorld } from '../generator/index.ts';
import { type InsightsEndpoint, type LogEvent, startInsights } from './insights-stage.ts';

const NAME = '/vpc/flow-logs';
let dir: string;
let endpoint: InsightsEndpoint;
let events: LogEvent[];
let paths: { inventory: string; flowLogs: string };
let span: { since: string; until: string; from: string };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-insights-cli-'));
  const world = generateWorld(21, { days: 2 });
  const written = await writeWorld(world, dir, { formats: ['v5'], layout: 'hourly' });
  paths = { inventory: written.inventory, flowLogs: written.flowLogs };
  const texts = readdirSync(written.flowLogs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => gunzipSync(readFileSync(join(entry.parentPath, entry.name))).toString('utf8'));
  const fields = texts[0]!.split('\n')[0]!.split(' ');
  const start = fields.indexOf('start');
  const lines = texts.flatMap((text) => text.trimEnd().split('\n').slice(1));
  events = lines.map((message) => {
    const at = Number(message.split(' ')[start]) * 1000;
    return { timestamp: at, ingestionTime: at + 300_000, message };
  });
  const format = fields.map((field) => `\${${field}}`).join(' ');
  // As aws ec2 describe-flow-logs prints it: the format comes from there.
  const log = { FlowLogId: 'fl-0a', LogDestinationType: 'cloud-watch-logs', LogGroupName: NAME, LogFormat: format };
  await writeFile(join(paths.inventory, 'flow-logs.json'), JSON.stringify({ FlowLogs: [log] }));
  endpoint = await startInsights([{ name: NAME, creationTime: 0, storedBytes: 1_000_000, events }]);
  const day = (seconds: number) => new Date(Math.floor(seconds / 86_400) * 86_400_000).toISOString().slice(0, 10);
  span = {
    since: day(world.window.from - 86_400),
    until: day(world.window.to + 86_400),
    from: new Date(world.window.from * 1000).toISOString().replace('.000', ''),
  };
});
afterAll(async () => {
  await endpoint.close();
  await rm(dir, { recursive: true, force: true });
});

function run(...args: string[]) {
  const env = {
    ...{ AWS_ENDPOINT_URL: endpoint.url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    ...{ AWS_REGION: 'eu-west-1', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' },
  };
  return pare([...args, '--inventory', paths.inventory], { env });
}

async function findings(name: string, ...source: string[]) {
  const out = join(dir, `${name}.json`);
  const window = ['--from', span.from, '--to', span.until];
  const done = await run('analyze', ...source, ...window, '--out', out, '--min-coverage', '10');
  expect(done.stderr).not.toContain('error');
  expect(done.code).toBe(0);
  const { rules, replay, flowLogs } = JSON.parse(await readFile(out, 'utf8'));
  return { rules, replay, counts: { ...flowLogs, files: 0, bytes: 0, formats: 0 } };
}

describe('law 9: pare with log groups says what it says with the same records in files', () => {
  it('analyze at once, and ingest day by day, where a second run asks for nothing', async () => {
    const files = await findings('files', '--flow-logs', paths.flowLogs);
    expect(files.rules.length).toBeGreaterThan(5);
    expect(await findings('groups', '--log-group', NAME)).toEqual(files);

    const ledger = join(dir, 'ledger');
    const ingest = () =>
      run('ingest', '--log-group', NAME, '--ledger', ledger, '--since', span.since, '--until', span.until);
    const first = await ingest();
    expect(first.stderr).toMatch(/CloudWatch Logs will read about .* a guess from what the log groups hold/);
    expect(first.stdout).toBe(`${events.length} new records of ${first.stdout.match(/of (\d+)/)?.[1]} day(s)\n`);
    const asked = endpoint.queries.length;
    const again = await ingest();
    expect(again.stdout).toBe('0 new records of 0 day(s)\n');
    expect(endpoint.queries.length).toBe(asked);
    const other = join(dir, 'ledger-of-files');
    await run('ingest', '--flow-logs', paths.flowLogs, '--ledger', other);
    expect(await findings('from-groups', '--ledger', ledger)).toEqual(await findings('from-files', '--ledger', other));
  });
});
