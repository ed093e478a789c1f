import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { terminalSafe } from '@pare/analyzer/model/text.ts';
import { Probot } from 'probot';
import { z } from 'zod';
import { SILENT } from '../cli/progress.ts';
import type { Runtime } from '../cli/runtime.ts';
import { folderEvidence, folderSource } from '../cli/work/serve-evidence.ts';
import { createInstallations, type Installations, PlainOctokit } from '../github/app/installations.ts';
import { type FunctionRequest, type FunctionResponse, lambdaHandler } from '../github/app/lambda.ts';
import type { LogEvent, WorkerPorts } from '../github/app/ports.ts';
import { pareApp } from '../github/app/probot.ts';
import { scheduledJobs } from '../github/app/schedule.ts';
import { readSecrets, type SecretSource } from '../github/app/secrets.ts';
import { workOff } from '../github/app/worker.ts';
import type { Job, RepositoryRef } from '../github/contract.ts';
import { systemClock } from '../github/platform/clock.ts';
import { withLimit } from '../github/platform/octokit.ts';
import { downloadAll, openBucket } from './bucket.ts';
import { type Jobs, openJobs } from './jobs.ts';
import { keepPulls } from './pulls.ts';
import { type AppSettings, appSettings, type Environment } from './settings.ts';

/** What all three functions of the App share; made once for each instance of a function. */
export interface DeployedApp {
  settings: AppSettings;
  probot: Probot;
  jobs: Jobs;
  log(event: LogEvent): void;
}

const secret = z.record(z.string(), z.string());

export async function openApp(env: Environment): Promise<DeployedApp> {
  const settings = appSettings(env);
  const secrets = await readSecrets(secretSource(settings.secret));
  const probot = new Probot({
    appId: secrets.appId,
    privateKey: secrets.privateKey,
    secret: secrets.webhookSecret,
    Octokit: PlainOctokit,
    logLevel: 'error',
    request: { fetch: withLimit(fetch) },
    ...(settings.githubUrl === null ? {} : { baseUrl: settings.githubUrl }),
  });
  const jobs = openJobs({
    dynamo: new DynamoDBClient({}),
    sqs: new SQSClient({}),
    table: settings.table,
    queue: settings.queue,
    deadLetters: settings.deadLetters,
    clock: systemClock,
  });
  return { settings, probot, jobs, log };
}

/** The answer is given when what came is stored; nothing is done afterwards. */
export async function webhookHandler(app: DeployedApp): Promise<(event: FunctionRequest) => Promise<FunctionResponse>> {
  const options = { inbox: app.jobs, clock: systemClock, ready: () => true, log: app.log };
  await app.probot.ready();
  await app.probot.load(pareApp(options), { cwd: '.', addHandler: () => undefined });
  return lambdaHandler(app.probot);
}

/** Works off one repository until nothing is left or `left` says that the next job may not fit. How many jobs it took. */
export async function workRepository(app: DeployedApp, repository: string, left: () => number): Promise<number> {
  const control = new AbortController();
  const installations = createInstallations(app.probot, systemClock, control.signal);
  let last: Job | null = null;
  for (let done = 0; ; done++) {
    if (left() < ENOUGH_MS) {
      await app.jobs.wake(repository);
      return done;
    }
    const lease = await app.jobs.take(repository, systemClock.now());
    if (lease === null) {
      if (last !== null) await leaveWord(app, installations, last, control.signal);
      return done;
    }
    last = lease.job;
    const folder = await mkdtemp(join(tmpdir(), 'pare-job-'));
    try {
      await workOff(
        lease,
        await ports(app, installations, folder, lease.job.repository, control.signal),
        control.signal,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** For the digest. No job fails by it: the list then stays what it was, and says of when it is. */
async function leaveWord(app: DeployedApp, installations: Installations, job: Job, signal: AbortSignal): Promise<void> {
  const { repository } = job;
  try {
    const bucket = openBucket(new S3Client({}), app.settings.bucket, signal);
    await keepPulls(bucket, repository, await installations.platform(job), systemClock.now());
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const name = `${repository.owner}/${repository.name}`;
    app.log({
      level: 'warning',
      what: 'the open pull requests could not be listed for the digest',
      repository: name,
      detail,
    });
  }
}

/** Puts the jobs of the clock, and wakes whatever waits. */
export async function tick(app: DeployedApp): Promise<{ repositories: number; woken: number }> {
  const installations = createInstallations(app.probot, systemClock);
  const all = await installations.all();
  for (const one of all)
    for (const job of await scheduledJobs(one, await installations.platform(one), systemClock.now()))
      await app.jobs.put(job);
  return { repositories: all.length, woken: await app.jobs.wakeAll(systemClock.now()) };
}

const ENOUGH_MS = 5 * 60_000;

async function ports(
  app: DeployedApp,
  installations: Installations,
  folder: string,
  repository: RepositoryRef,
  signal: AbortSignal,
): Promise<WorkerPorts> {
  const bucket = openBucket(new S3Client({}), app.settings.bucket, signal);
  const evidence = join(folder, 'evidence');
  // By the job's own spelling: GitHub's names do not tell case apart, keys do.
  await downloadAll(
    bucket,
    `evidence/${repository.owner}/${repository.name}/`,
    join(evidence, repository.owner, repository.name),
  );
  return {
    clock: systemClock,
    queue: app.jobs,
    log: app.log,
    platform: installations.platform,
    source: async (job) =>
      folderSource(job, {
        folder: evidence,
        state: join(folder, 'state'),
        installations,
        clock: systemClock,
        runtime: runtimeOf(signal),
      }),
    // The scheduled analysis writes the findings; a job never starts one.
    evidence: folderEvidence({ folder: evidence, refreshWith: null }, signal),
  };
}

function secretSource(id: string): SecretSource {
  let values: Promise<Record<string, string>> | null = null;
  return async (name) => {
    values ??= fetchSecret(id);
    return (await values)[name] ?? null;
  };
}

async function fetchSecret(id: string): Promise<Record<string, string>> {
  const client = new SecretsManagerClient({});
  try {
    const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    const parsed = secret.safeParse(JSON.parse(text ?? 'null'));
    if (parsed.success) return parsed.data;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  } finally {
    client.destroy();
  }
  throw new PareError({
    code: 'secret-unreadable',
    message: 'the secret of the App is no JSON object of texts',
    next: 'store {"APP_ID": "…", "PRIVATE_KEY": "…", "WEBHOOK_SECRET": "…"} in it',
    fault: 'configuration',
  });
}

/** One JSON line for each event: CloudWatch Logs Insights finds the fields by themselves. */
function log(event: LogEvent): void {
  process.stderr.write(`${terminalSafe(JSON.stringify(event))}\n`);
}

function runtimeOf(signal: AbortSignal): Runtime {
  return {
    write: async () => undefined,
    note: (level, text) => log({ level, what: text }),
    progress: SILENT,
    signal,
    color: false,
    width: 120,
  };
}
