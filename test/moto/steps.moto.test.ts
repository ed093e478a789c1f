import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FindingsDocument } from '../../analyzer/model/finding.ts';
import { openBucket } from '../../bot/lambda/bucket.ts';
import { pullLedger } from '../../bot/lambda/ledger.ts';
import { pare } from '../cli/pare.ts';
import { generateWorld, type WrittenWorld, writeWorld } from '../generator/index.ts';
import { DATA, invoke, keysOf, LOGS, makeBucket, s3Of, stepEnv, uploadFolder } from './deployed.ts';
import { useBench } from './harness.ts';
import { ec2Of, seedNetwork, seedOrganization } from './seed.ts';

const bench = useBench();
let dir: string;
let s3: S3Client;
let written: WrittenWorld;
let location: string;
let end: string;
/** The day before the last: its files come late. */
let late: string;
/** Two days are judged, so that there are proposals. */
const POLICY = 'thresholds:\n  minWindowDays: 1\n  minWornDays: 0.1\n';
const env = (more: Record<string, string> = {}) =>
  stepEnv(location, {
    AWS_ENDPOINT_URL_S3: bench.moto,
    PARE_REPOSITORIES: '["acme/infra"]',
    PARE_WINDOW: '2d',
    ...more,
  });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-steps-'));
  const world = generateWorld(31, { days: 2 });
  written = await writeWorld(world, dir, { formats: ['v5'], layout: 'hourly', nestedInventory: true });
  location = `s3://${LOGS}/AWSLogs/${world.accountId}/vpcflowlogs/${world.region}/{yyyy}/{MM}/{dd}/`;
  end = new Date(world.window.to * 1000).toISOString();
  late = new Date((world.window.to - 86_400 - 1) * 1000).toISOString().slice(0, 10).replaceAll('-', '/');
  s3 = s3Of(bench.moto);
  await makeBucket(s3, DATA);
  await makeBucket(s3, LOGS);
  // Where the inventory step leaves what AWS Config told it.
  const scope = join(written.inventory, world.accountId, world.region);
  await cp(written.configHistory, join(scope, 'config-history'), { recursive: true });
  await putInventory();
  await put('config/policy.yml', POLICY);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** The inventory of the generated network, as the inventory step leaves one. */
async function putInventory(): Promise<void> {
  const prefix = 'inventory/snapshots/generated/';
  const files = (await uploadFolder(s3, DATA, written.inventory, prefix)).length;
  await put('inventory/current.json', JSON.stringify({ prefix, files }));
}

async function put(key: string, body: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: DATA, Key: key, Body: body }));
}

async function text(key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: DATA, Key: key }));
  return (await Body?.transformToString()) ?? '';
}

function logFiles(wanted: (name: string) => boolean): Promise<string[]> {
  // The generator has a folder for each flow log above what AWS writes.
  return uploadFolder(s3, LOGS, written.flowLogs, '', wanted).then(async (keys) => {
    for (const key of keys) {
      const at = key.indexOf('AWSLogs/');
      if (at <= 0) continue;
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: LOGS, Key: key }));
      await s3.send(
        new PutObjectCommand({ Bucket: LOGS, Key: key.slice(at), Body: await Body!.transformToByteArray() }),
      );
    }
    return keys;
  });
}

const ledger = () => invoke({ step: 'ledger', at: end, lateDays: 10 }, env());

describe('the ledger step', () => {
  test('reads what is there once, a day at a time, and a late file when it comes', async () => {
    const first = await logFiles((name) => !name.includes(late));
    const before = await ledger();
    expect(before).toMatchObject({ files: first.length, refused: 0, next: null });
    expect(await ledger()).toEqual({ files: 0, records: 0, refused: 0, next: null });
    const second = await logFiles((name) => name.includes(late));
    expect(second.length).toBeGreaterThan(0);
    expect(await ledger()).toMatchObject({ files: second.length });
    const { manifest, sources } = await pulled('whole');
    expect(sources).toHaveLength(first.length + second.length);
    for (const { path } of manifest.segments.flatMap(({ data }) => data))
      expect(await keysOf(s3, DATA, `ledger/${path}`)).toHaveLength(1);
  });

  test('of two that write at the same moment one says so and has changed nothing', async () => {
    const copy = await emptyCopy('twice');
    const event = { step: 'ledger' as const, at: end, lateDays: 10 };
    const both = await Promise.allSettled([1, 2].map(() => invoke(event, env({ PARE_BUCKET: copy }))));
    const [lost] = both.filter((one) => one.status === 'rejected');
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(lost!.reason).toMatchObject({
      name: 'PareTransient',
      message: expect.stringContaining('another run has written to the ledger meanwhile'),
    });
    const names = (await pulled('twice', copy)).sources.map(({ name }) => name);
    expect(names.sort()).toEqual((await pulled('once')).sources.map(({ name }) => name).sort());
  });

  test('stops between days when its time is up, and says where to go on', async () => {
    const { step } = await import('../../bot/lambda/functions.ts');
    const own = env();
    Object.assign(process.env, own);
    try {
      // Less than the five minutes that a day may take.
      const short = { getRemainingTimeInMillis: () => 200_000 };
      const result = (await step({ step: 'ledger', at: end, lateDays: 2 }, short)) as { next: string };
      const wanted = new Date(Date.parse(end) - 86_400_000).toISOString().slice(0, 10);
      expect(result.next).toBe(wanted);
    } finally {
      for (const name of Object.keys(own)) delete process.env[name];
    }
  });

  test('more than the machine takes ends it before anything is fetched, and says what to do', async () => {
    await expect(
      invoke(
        { step: 'ledger', at: end, lateDays: 10 },
        { ...env({ PARE_MOST_BYTES: '10' }), PARE_BUCKET: await emptyCopy('small') },
      ),
    ).rejects.toMatchObject({ name: 'PareFinal', message: expect.stringContaining('deploy with compute: fargate') });
  });
});

describe('law 1: the analysis step judges from the ledger what a scan of the files says', () => {
  test('rules, actions, reasons, usage and replacements are those of pare analyze on the same files', async () => {
    const result = await invoke({ step: 'analysis', at: end, failed: [] }, env());
    const document = JSON.parse(await text('findings/current.json')) as FindingsDocument;
    const out = join(dir, 'scan.json');
    const { from, to } = document.window;
    const policy = join(dir, 'policy.yml');
    await writeFile(policy, POLICY);
    const scan = await pare([
      'analyze',
      '--policy',
      policy,
      '--inventory',
      written.inventory,
      '--flow-logs',
      written.flowLogs,
      '--from',
      from,
      '--to',
      to,
      '--out',
      out,
    ]);
    expect(scan.code).toBe(0);
    const { readFileSync } = await import('node:fs');
    const direct = JSON.parse(readFileSync(out, 'utf8')) as FindingsDocument;
    expect(document.rules).toEqual(direct.rules);
    expect(document.replay).toEqual(direct.replay);
    expect(document.rules.filter(({ action }) => action === 'remove' || action === 'narrow').length).toBeGreaterThan(5);
    expect(result).toMatchObject({ rules: document.rules.length, repositories: ['acme/infra'] });
    // The App's evidence, the tables, and the digest say the same.
    expect(await text('evidence/acme/infra/findings.json')).toBe(await text('findings/current.json'));
    const names = ['findings', 'rule_usage', 'rules', 'runs'];
    expect(await keysOf(s3, DATA, 'tables/')).toEqual(
      names.map((name) => `tables/${name}/day=${to.slice(0, 10)}/${name}.json.gz`),
    );
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: DATA, Key: `tables/findings/day=${to.slice(0, 10)}/findings.json.gz` }),
    );
    const lines = gunzipSync((await Body?.transformToByteArray()) ?? '').toString();
    expect(lines.trim().split('\n')).toHaveLength(document.rules.length);
    expect(await text('findings/digest.txt')).toContain(`${document.rules.length} rules judged`);
  });

  test('a second analysis of the same evidence finds nothing new and writes the same', async () => {
    const before = await text('findings/current.json');
    const result = (await invoke({ step: 'analysis', at: end }, env())) as { digest: { text: string } };
    expect(await text('findings/current.json')).toBe(before);
    expect(result.digest.text).toContain('0 of these proposals are new since the last analysis');
  });

  test('a data file that is gone ends it: its traffic would pass for none', async () => {
    const copy = await emptyCopy('torn');
    for (const key of await keysOf(s3, DATA)) {
      if (/^ledger\/flow\/.*ACCEPT/.test(key)) continue;
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: DATA, Key: key }));
      await s3.send(new PutObjectCommand({ Bucket: copy, Key: key, Body: await Body!.transformToByteArray() }));
    }
    await expect(invoke({ step: 'analysis', at: end }, { ...env(), PARE_BUCKET: copy })).rejects.toMatchObject({
      name: 'PareFinal',
      message: expect.stringContaining('its traffic would pass for none'),
    });
  });
});

describe('law 1: killed by SIGKILL at any of its writes and run again', () => {
  test('the ledger is that of one run without a disturbance, and so are the findings', async () => {
    const copy = await emptyCopy('killed');
    const task = {
      PARE_STEP: JSON.stringify({ step: 'ledger', at: end, lateDays: 10 }),
      PARE_RESULT: 'runs/x/ledger.json',
    };
    let killed = 0;
    for (const after of [1, 4, 9]) {
      const outcome = await runTask({ ...env({ PARE_BUCKET: copy }), ...task }, after);
      if (outcome.signal === 'SIGKILL') killed++;
      else expect(outcome.code).toBe(0);
    }
    expect(killed).toBe(3);
    const whole = await runTask({ ...env({ PARE_BUCKET: copy }), ...task }, Number.POSITIVE_INFINITY);
    expect([whole.code, whole.stderr]).toEqual([0, expect.any(String)]);
    expect(await keysOf(s3, copy, 'runs/')).toEqual(['runs/x/ledger.json']);
    const { sources } = await pulled('killed', copy);
    const names = sources.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.sort()).toEqual((await pulled('whole-again')).sources.map(({ name }) => name).sort());
    await invoke({ step: 'analysis', at: end }, env({ PARE_BUCKET: copy }));
    const again = await s3.send(new GetObjectCommand({ Bucket: copy, Key: 'findings/current.json' }));
    const document = JSON.parse((await again.Body?.transformToString())!) as FindingsDocument;
    expect(document.rules).toEqual((JSON.parse(await text('findings/current.json')) as FindingsDocument).rules);
  });
});

describe('the inventory step', () => {
  let members: string[];
  beforeAll(async () => {
    members = await seedOrganization(bench.moto, 2);
    for (const account of members) await seedNetwork(await ec2Of(bench.moto, 'eu-west-1', account), 2, 2);
  });
  const organization = () =>
    env({
      PARE_BUCKET: 'pare-org',
      PARE_INVENTORY: JSON.stringify({
        organization: true,
        roleName: 'PareInventory',
        externalId: 'pare-4711',
        regions: ['eu-west-1'],
      }),
    });

  test('a member that denies is named in the result, in the findings and in the digest, and no rule of it is judged', async () => {
    await makeBucket(s3, 'pare-org');
    const [denied, other] = members as [string, string];
    bench.proxy.faults = ({ operation, input }) =>
      operation === 'AssumeRole' && String(input.RoleArn).includes(denied)
        ? { status: 403, code: 'AccessDenied', message: 'not authorized to perform: sts:AssumeRole' }
        : null;
    const { failed } = (await invoke({ step: 'inventory', at: end }, organization())) as { failed: string[] };
    expect(failed).toEqual([expect.stringContaining(denied)]);
    // What the logs say of the other accounts is read all the same.
    await invoke({ step: 'ledger', at: end, lateDays: 10 }, organization());
    const result = (await invoke({ step: 'analysis', at: end, failed }, organization())) as {
      digest: { subject: string; text: string };
    };
    expect(result.digest.subject).toContain('(incomplete)');
    expect(result.digest.text).toContain(`Not read (1)`);
    expect(result.digest.text).toContain(denied);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'pare-org', Key: 'findings/current.json' }));
    const document = JSON.parse((await Body?.transformToString())!) as FindingsDocument;
    expect(document.rules.some(({ accountId }) => accountId === denied)).toBe(false);
    expect(document.rules.some(({ accountId }) => accountId === other)).toBe(true);
    expect(document.rules.filter(({ action }) => action === 'remove' || action === 'narrow')).toEqual([]);
    expect(document.warnings.map(({ message }) => message).join('\n')).toContain(denied);
  });

  test('where no account can be read the step fails, and the inventory before stays the current one', async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'pare-org', Key: 'inventory/current.json' }));
    const before = await Body?.transformToString();
    bench.proxy.faults = ({ service }) =>
      service === 'ec2' ? { status: 403, code: 'UnauthorizedOperation', message: 'You are not authorized' } : null;
    await expect(invoke({ step: 'inventory', at: end }, organization())).rejects.toMatchObject({
      name: 'PareTransient',
    });
    const after = await s3.send(new GetObjectCommand({ Bucket: 'pare-org', Key: 'inventory/current.json' }));
    expect(await after.Body?.transformToString()).toBe(before);
  });

  test('throttled calls are waited for and asked again', async () => {
    let n = 0;
    bench.proxy.faults = ({ operation }) =>
      operation === 'DescribeSecurityGroupRules' && n++ < 3
        ? { status: 503, code: 'RequestLimitExceeded', message: 'Request limit exceeded.' }
        : null;
    expect(await invoke({ step: 'inventory', at: end }, organization())).toMatchObject({ failed: [] });
    expect(n).toBeGreaterThan(3);
  });
});

describe('what is wrong with a step', () => {
  test.each([
    ['an unknown step', { step: 'all', at: '2026-10-01T00:00:00Z' }, {}, /step/],
    ['a time without zone', { step: 'ledger', at: '2026-10-01' }, {}, /at/],
    ['no bucket', { step: 'ledger', at: '2026-10-01T00:00:00Z' }, { PARE_BUCKET: '' }, /PARE_BUCKET is not set/],
    [
      'a place without days',
      { step: 'ledger', at: '2026-10-01T00:00:00Z' },
      { PARE_FLOW_LOGS: '["s3://b/x/"]' },
      /PARE_FLOW_LOGS/,
    ],
  ])('%s is said in one line and never tried again', async (_, event, more, message) => {
    const given = { ...env(), ...more };
    await expect(invoke(event, given)).rejects.toMatchObject({
      name: 'PareFinal',
      message: expect.stringMatching(message),
    });
  });
});

/** A bucket with the inventory and no ledger. */
async function emptyCopy(what: string): Promise<string> {
  const name = `pare-data-${what}`;
  await makeBucket(s3, name);
  for (const key of [...(await keysOf(s3, DATA, 'inventory/')), 'config/policy.yml']) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: DATA, Key: key }));
    await s3.send(new PutObjectCommand({ Bucket: name, Key: key, Body: await Body!.transformToByteArray() }));
  }
  return name;
}

function pulled(folder: string, bucket = DATA): ReturnType<typeof pullLedger> {
  return pullLedger(openBucket(s3, bucket, new AbortController().signal), join(dir, `pulled-${folder}`));
}

/** The container's entry as a process whose S3 is behind a counter: it is killed when it begins its nth write. */
async function runTask(
  given: Record<string, string>,
  killAt: number,
): Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }> {
  let writes = 0;
  let kill = (): void => undefined;
  const server: Server = createServer((request, response) => {
    if (request.method === 'PUT' && ++writes >= killAt) kill();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(request.headers))
        if (
          typeof value === 'string' &&
          !['host', 'connection', 'content-length', 'expect', 'transfer-encoding'].includes(name)
        )
          headers.set(name, value);
      const body = request.method === 'GET' || request.method === 'HEAD' ? {} : { body: Buffer.concat(chunks) };
      void fetch(`${bench.moto}${request.url ?? '/'}`, { method: request.method!, headers, ...body }).then(
        async (answer) => {
          const kept = [...answer.headers].filter(
            ([name]) => !['content-encoding', 'transfer-encoding', 'connection'].includes(name),
          );
          response.writeHead(answer.status, Object.fromEntries(kept)).end(Buffer.from(await answer.arrayBuffer()));
        },
        () => response.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    return await new Promise((resolve, reject) => {
      const entry = fileURLToPath(new URL('../../bot/lambda/task.ts', import.meta.url));
      const child = spawn(process.execPath, [entry], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, ...given, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` },
      });
      kill = () => child.kill('SIGKILL');
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (part: string) => {
        stderr += part;
      });
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal, stderr }));
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
