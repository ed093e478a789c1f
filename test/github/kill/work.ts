import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Probot } from 'probot';
import { SILENT } from '../../../bot/cli/progress.ts';
import type { Runtime } from '../../../bot/cli/runtime.ts';
import { applyToGitHub } from '../../../bot/cli/work/apply-github.ts';
import { folderEvidence, folderSource } from '../../../bot/cli/work/serve-evidence.ts';
import { createInstallations, PlainOctokit } from '../../../bot/github/app/installations.ts';
import { workOff } from '../../../bot/github/app/worker.ts';
import { openLocalQueue } from '../../../bot/github/queue/local.ts';
import { quickClock } from './clock.ts';

/** What a process is told to do. */
export type Task = { url: string; epoch: number } & (
  | { kind: 'apply'; findings: string; source: string }
  | { kind: 'worker'; folder: string; key: string }
);

const runtime: Runtime = {
  write: async () => undefined,
  note: () => undefined,
  progress: SILENT,
  signal: new AbortController().signal,
  color: false,
  width: 80,
};

export async function perform(task: Task): Promise<void> {
  const clock = quickClock(task.epoch);
  if (task.kind === 'apply') {
    const options = { findings: task.findings, source: task.source, github: 'acme/infra', githubUrl: task.url };
    const code = await applyToGitHub(options, runtime, { GITHUB_TOKEN: 'x' }, clock);
    if (code !== 0) throw new Error(`exit ${code}`);
    return;
  }
  await drain(task, clock);
}

/** Works until the queue is empty, with the parts that `pare serve` is made of. */
async function drain({ url, folder, key }: Extract<Task, { kind: 'worker' }>, clock: ReturnType<typeof quickClock>) {
  const state = join(folder, 'state');
  const evidence = join(folder, 'evidence');
  mkdirSync(state, { recursive: true });
  const probot = new Probot({
    appId: 7,
    privateKey: key,
    secret: 'x'.repeat(40),
    Octokit: PlainOctokit,
    baseUrl: url,
    logLevel: 'fatal',
  });
  const installations = createInstallations(probot, clock);
  const queue = openLocalQueue({ file: join(state, 'queue.sqlite'), clock });
  const failures: string[] = [];
  const ports = {
    clock,
    queue,
    platform: installations.platform,
    source: async (job: Parameters<typeof folderSource>[0]) =>
      folderSource(job, { folder: evidence, state, installations, clock, runtime }),
    evidence: folderEvidence({ folder: evidence, refreshWith: null }, runtime.signal),
    log: ({ level, what, detail }: { level: string; what: string; detail?: string }) => {
      if (level === 'error') failures.push(`${what}: ${detail}`);
    },
  };
  try {
    while ((await queue.depth()) > 0) {
      const lease = await queue.take(clock.now());
      if (lease === null) await clock.wait(10);
      else await workOff(lease, ports);
    }
  } finally {
    await queue.close();
  }
  if (failures.length > 0) throw new Error(failures.join('; '));
}

/** As a process: loads everything, says so, and begins when it is told what to do. */
if (import.meta.main) {
  process.stdout.write('ready\n');
  let text = '';
  for await (const part of process.stdin) {
    text += String(part);
    if (text.endsWith('\n')) break;
  }
  await perform(JSON.parse(text) as Task);
  process.stdout.write('done\n');
  process.exit(0);
}
