import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { terminalSafe } from '@pare/analyzer/model/text.ts';
import { Probot } from 'probot';
import { createInstallations, PlainOctokit } from '../../github/app/installations.ts';
import type { LogEvent } from '../../github/app/ports.ts';
import { scheduledJobs } from '../../github/app/schedule.ts';
import { environmentSecrets, readSecrets } from '../../github/app/secrets.ts';
import { serveApp } from '../../github/app/server.ts';
import { runWorkers } from '../../github/app/worker.ts';
import { systemClock } from '../../github/platform/clock.ts';
import { withLimit } from '../../github/platform/octokit.ts';
import { openLocalQueue } from '../../github/queue/local.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import { folderEvidence, folderSource } from './serve-evidence.ts';
import { reportPages } from './serve-report.ts';

export interface ServeOptions {
  findings: string;
  state: string;
  port: string;
  host: string;
  githubUrl?: string;
  url?: string;
  refreshWith?: string;
  parallel: string;
}

const TICK_SECONDS = 900;

/** Secrets are read before anything is opened, so that a server with a weak one never listens. */
export async function serve(options: ServeOptions, runtime: Runtime, environment = process.env): Promise<ExitCode> {
  const secretOf = environmentSecrets(environment, (path) => readFile(path, 'utf8'));
  const secrets = await readSecrets(secretOf);
  const listen = { host: options.host, port: numberOf(options.port, '--port', 0, 65535) };
  const parallel = numberOf(options.parallel, '--parallel', 1, 64);
  await mkdir(options.state, { recursive: true, mode: 0o700 });
  const clock = systemClock;
  const log = ({ level, what, repository, job, detail }: LogEvent) =>
    runtime.note(
      level === 'info' ? 'info' : 'warning',
      terminalSafe(
        [repository, what, detail, job === undefined ? undefined : `(${job})`]
          .filter((one) => one !== undefined && one !== '')
          .join(' '),
      ),
    );
  const queue = openLocalQueue({ file: join(options.state, 'queue.sqlite'), clock });
  const baseUrl = options.githubUrl ?? environment.GITHUB_API_URL;
  const probot = new Probot({
    appId: secrets.appId,
    privateKey: secrets.privateKey,
    secret: secrets.webhookSecret,
    Octokit: PlainOctokit,
    request: { fetch: withLimit(fetch) },
    logLevel: 'error',
    ...(baseUrl === undefined || baseUrl === '' ? {} : { baseUrl: baseUrl.replace(/\/+$/, '') }),
  });
  let ready = false;
  const installations = createInstallations(probot, clock, runtime.signal);
  const ports = {
    clock,
    queue,
    log,
    platform: installations.platform,
    source: async (job: Parameters<typeof folderSource>[0]) =>
      folderSource(job, { folder: options.findings, state: options.state, installations, clock, runtime }),
    evidence: folderEvidence({ folder: options.findings, refreshWith: options.refreshWith ?? null }, runtime.signal),
  };
  const pages = reportPages({
    url: options.url,
    clientId: await secretOf('CLIENT_ID'),
    clientSecret: await secretOf('CLIENT_SECRET'),
    webhookSecret: secrets.webhookSecret,
    findings: options.findings,
    installations,
    ports,
    ...(baseUrl === undefined || baseUrl === '' ? {} : { baseUrl }),
  });
  const serving = await serveApp(
    probot,
    { inbox: queue, clock, ready: () => ready && !runtime.signal.aborted, log },
    listen,
    ...(pages === null ? [] : [pages]),
  );
  const schedule = async () => {
    while (!runtime.signal.aborted) {
      try {
        for (const one of await installations.all())
          for (const job of await scheduledJobs(one, await installations.platform(one), clock.now()))
            await queue.put(job);
      } catch (error) {
        log({
          level: 'error',
          what: 'the schedule could not be read',
          detail: error instanceof Error ? error.message : '',
        });
      }
      await clock.wait(TICK_SECONDS, runtime.signal).catch(() => undefined);
    }
  };
  ready = true;
  runtime.note('info', `listening on ${options.host}:${serving.port}`);
  await Promise.all([runWorkers({ queue, ports, parallel, signal: runtime.signal, pause: 1 }), schedule()]);
  await serving.stop();
  await queue.close();
  return EXIT.clean;
}

function numberOf(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d{1,6}$/.test(text) && value >= least && value <= most) return value;
  throw new PareError({
    code: 'option-invalid',
    message: `${option} ${terminalSafe(text)} is not a number from ${least} to ${most}`,
    next: `give ${option} such a number`,
    fault: 'configuration',
  });
}
