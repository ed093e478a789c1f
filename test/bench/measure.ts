import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of one whole process. */
export interface Usage {
  /** Seconds of user and system time. */
  cpu: number;
  wall: number;
  /** Bytes at most resident; null where it is not known. */
  rss: number | null;
  stdout: string;
}

const HOOK = fileURLToPath(new URL('./usage.mjs', import.meta.url));
export const NODE = process.execPath;

/** Runs Node with these arguments, threads included. Throws where it fails. */
export async function runNode(args: readonly string[], binary: string = NODE): Promise<Usage> {
  const folder = await mkdtemp(join(tmpdir(), 'pare-bench-run-'));
  try {
    const file = join(folder, 'usage.json');
    const began = performance.now();
    const stdout = await output(binary, ['--import', HOOK, ...args], { PARE_BENCH_USAGE: file });
    const wall = (performance.now() - began) / 1000;
    const { cpu, rss } = JSON.parse(await readFile(file, 'utf8')) as { cpu: number; rss: number };
    return { cpu, rss, wall, stdout };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a line of bash; its children's time is what bash itself has counted. */
export async function runShell(line: string): Promise<Usage> {
  const began = performance.now();
  const stdout = await output('bash', ['-c', `${line}\ntimes`], {});
  const wall = (performance.now() - began) / 1000;
  const [children] = stdout.trimEnd().split('\n').slice(-1);
  const [user = 0, system = 0] = [...(children ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
  );
  return { cpu: user + system, rss: null, wall, stdout };
}

/** The run whose CPU time is in the middle. */
export async function median(runs: number, run: () => Promise<Usage>): Promise<Usage> {
  const all: Usage[] = [];
  for (let n = 0; n < runs; n += 1) all.push(await run());
  const rss = all.map((usage) => usage.rss).filter((bytes) => bytes !== null);
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  return {
    cpu: middle(all.map((usage) => usage.cpu)),
    wall: middle(all.map((usage) => usage.wall)),
    rss: rss.length === 0 ? null : Math.max(...rss),
    stdout: all[0]!.stdout,
  };
}

function output(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, errors] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors = (errors + chunk).slice(-4_000);
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${command} ended with ${code}: ${errors}`)),
    );
  });
}
