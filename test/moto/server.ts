import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MOTO = '5.2.5';
/** Outside of node_modules, which `npm ci` takes away: the installation takes minutes. */
const VENV = join(process.env.PARE_MOTO_CACHE ?? tmpdir(), `pare-moto-${MOTO}`);
const READY = join(VENV, 'complete');
const run = promisify(execFile);

export interface Moto {
  url: string;
  /** botocore's service models, which moto brings along. */
  models: string;
  stop(): Promise<void>;
}

/** Installs moto into a virtual environment unless it is there, and starts it on a free port. */
export async function startMoto(): Promise<Moto> {
  await install();
  const port = await freePort();
  const child = spawn(join(VENV, 'bin', 'python'), ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, MOTO_EC2_LOAD_DEFAULT_AMIS: 'false' },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4_000);
  });
  const url = `http://127.0.0.1:${port}`;
  await answering(url, child, () => log);
  return { url, models: modelsFolder(), stop: () => stop(child) };
}

async function install(): Promise<void> {
  if (existsSync(READY)) return;
  await rm(VENV, { recursive: true, force: true });
  await mkdir(join(VENV, '..'), { recursive: true });
  const python = process.env.PYTHON ?? 'python3';
  try {
    await run(python, ['-m', 'venv', VENV]);
  } catch (cause) {
    throw new Error(`the tests against moto need Python 3.9 or later with venv (${python}); install it or set PYTHON`, {
      cause,
    });
  }
  try {
    await run(join(VENV, 'bin', 'python'), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      `moto[server]==${MOTO}`,
    ]);
  } catch (cause) {
    throw new Error(`pip could not install moto[server]==${MOTO} into ${VENV}`, { cause });
  }
  writeFileSync(READY, '');
}

/** The interpreter that has moto and AWS's SDK for Python. */
export function pythonOf(): string {
  return join(VENV, 'bin', 'python');
}

function modelsFolder(): string {
  const lib = join(VENV, 'lib');
  const python = readdirSync(lib).find((name) => name.startsWith('python'))!;
  return join(lib, python, 'site-packages', 'botocore', 'data');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

async function answering(url: string, child: ChildProcess, log: () => string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (child.exitCode !== null) throw new Error(`moto ended at once:\n${log()}`);
    const ok = await fetch(`${url}/moto-api/data.json`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  child.kill();
  throw new Error(`moto does not answer:\n${log()}`);
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.on('exit', () => resolve());
    child.kill();
  });
}
