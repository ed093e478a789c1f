import { createHmac, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Probot } from 'probot';
import type { FindingsDocument } from '../../../analyzer/model/finding.ts';
import type { RefusedFlow } from '../../../analyzer/model/refused.ts';
import { SILENT } from '../../../bot/cli/progress.ts';
import type { Runtime } from '../../../bot/cli/runtime.ts';
import { folderEvidence, folderSource } from '../../../bot/cli/work/serve-evidence.ts';
import { EVENTS } from '../../../bot/github/app/events.ts';
import { createInstallations, PlainOctokit } from '../../../bot/github/app/installations.ts';
import { type Serving, serveApp, WEBHOOK_PATH } from '../../../bot/github/app/server.ts';
import { workOff } from '../../../bot/github/app/worker.ts';
import type { JobWork } from '../../../bot/github/contract.ts';
import { openLocalQueue } from '../../../bot/github/queue/local.ts';
import { type Emulated, emulated } from '../emulated.ts';
import { fakeClock } from '../fake-platform.ts';
import { type Relay, startRelay } from './relay.ts';

const SECRET = '6f1d0c2b9a8e7f5d4c3b2a1908f7e6d5';
const ROOT = '/repos/pare/infra';

export type Stage = Awaited<ReturnType<typeof setStage>>;

/** GitHub on loopback, the App with real Probot behind signed webhooks, a queue in a file, evidence in a folder. */
export async function setStage() {
  const folder = await mkdtemp(join(tmpdir(), 'pare-e2e-'));
  const relay: Relay = await startRelay();
  const github: Emulated = await emulated({ webhookUrl: relay.url, webhookSecret: SECRET, events: EVENTS });
  const key = github.emulator.generatedSecrets.find((one) => one.kind === 'github.app_private_key')!.value;
  const clock = fakeClock(Math.floor(Date.now() / 1000));
  const log: string[] = [];

  const probot = new Probot({
    appId: 7,
    privateKey: key,
    secret: SECRET,
    Octokit: PlainOctokit,
    baseUrl: github.emulator.url,
    request: { fetch: github.fetch },
    logLevel: 'fatal',
  });
  const queue = openLocalQueue({ file: join(folder, 'queue'), clock });
  const serving: Serving = await serveApp(
    probot,
    { inbox: queue, clock, ready: () => true, log: (event) => log.push(event.what) },
    { host: '127.0.0.1', port: 0 },
  );
  const app = `http://127.0.0.1:${serving.port}`;
  relay.target = `${app}${WEBHOOK_PATH}`;
  const installations = createInstallations(probot, clock);
  const runtime: Runtime = {
    write: async () => undefined,
    note: () => undefined,
    progress: SILENT,
    signal: new AbortController().signal,
    color: false,
    width: 80,
  };
  const evidence = join(folder, 'evidence');
  const own = join(evidence, 'pare', 'infra');
  await mkdir(own, { recursive: true });
  const failures: string[] = [];
  const ports = {
    clock,
    queue,
    platform: installations.platform,
    source: async (job: Parameters<typeof folderSource>[0]) =>
      folderSource(job, { folder: evidence, state: folder, installations, clock, runtime }),
    evidence: folderEvidence({ folder: evidence, refreshWith: null }, runtime.signal),
    log: (event: { level: string; what: string; detail?: string }) => {
      log.push(`${event.what} ${event.detail ?? ''}`);
      if (event.level === 'error') failures.push(`${event.what}: ${event.detail}`);
    },
  };

  /** A request of a person. */
  async function as(token: string, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await github.people(`${github.emulator.url}${ROOT}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  return {
    app,
    github,
    relay,
    clock,
    log,
    failures,
    queue,
    conflicts: github.conflicts,
    as,
    installations,
    /** Waits for the webhooks, then works until nothing is left. */
    async settle(): Promise<void> {
      await relay.idle();
      for (let rounds = 0; rounds < 500; rounds += 1) {
        const lease = await queue.take(clock.now());
        if (lease !== null) {
          await workOff(lease, ports);
          await relay.idle();
        } else if ((await queue.depth()) === 0) return;
        else clock.at += 60;
      }
      throw new Error(`the queue never runs empty: ${failures.join('; ')}`);
    },
    /** A job of the schedule. */
    async put(work: JobWork): Promise<void> {
      await queue.put({
        id: randomUUID(),
        repository: { owner: 'pare', name: 'infra' },
        installation: 100,
        work,
        notBefore: 0,
        attempts: 0,
      });
    },
    /** An event that the emulator knows nothing of, signed as GitHub does. */
    async deliver(event: string, payload: object, id: string = randomUUID(), secret = SECRET): Promise<number> {
      const body = JSON.stringify(payload);
      const answer = await fetch(`${app}${WEBHOOK_PATH}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-github-event': event,
          'x-github-delivery': id,
          'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
        },
        body,
      });
      return answer.status;
    },
    async findings(document: FindingsDocument): Promise<void> {
      await writeFile(join(own, 'findings.json'), JSON.stringify(document));
    },
    async refused(flows: readonly RefusedFlow[]): Promise<void> {
      await writeFile(join(own, 'refused.json'), JSON.stringify(flows));
    },
    async write(
      branch: string,
      path: string,
      text: string,
      token = 'token-pare',
      message = `edit ${path}`,
    ): Promise<void> {
      const known = await fetch(`${github.emulator.url}${ROOT}/contents/${path}?ref=${encodeURIComponent(branch)}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const sha = known.ok ? ((await known.json()) as { sha: string }).sha : undefined;
      await as(token, 'PUT', `/contents/${path}`, {
        message,
        branch,
        content: Buffer.from(text).toString('base64'),
        ...(sha === undefined ? {} : { sha }),
      });
    },
    async read(branch: string, path: string): Promise<string> {
      const { content } = await as('token-pare', 'GET', `/contents/${path}?ref=${encodeURIComponent(branch)}`);
      return Buffer.from(String(content), 'base64').toString('utf8');
    },
    async close(): Promise<void> {
      await serving.stop();
      await queue.close();
      await relay.close();
      await github.close();
      await rm(folder, { recursive: true });
    },
  };
}
