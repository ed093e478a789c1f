import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { FakeRepository } from '../fake-platform.ts';
import { createWire } from '../wire/github.ts';
import type { Task } from './work.ts';

const WORK = fileURLToPath(new URL('work.ts', import.meta.url));

export interface Host {
  url: string;
  /** Another repository from now on. */
  load(repository: FakeRepository): void;
  /** Requests since `load`, in order. */
  asked: readonly string[];
  /** Called at each request with its number, before it has any effect; true: no answer is given. */
  before: (n: number) => boolean;
  close(): Promise<void>;
}

/** A GitHub on loopback that can end whoever asks. */
export async function startHost(): Promise<Host> {
  let wire: ReturnType<typeof createWire> | null = null;
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const url = new URL(request.url ?? '/', host.url);
    const method = request.method ?? 'GET';
    const path = decodeURIComponent(url.pathname);
    asked.push(`${method} ${path}`);
    if (host.before(asked.length)) {
      request.socket.destroy();
      return;
    }
    const text = Buffer.concat(parts).toString();
    try {
      const told = await wire!({ method, path, query: url.searchParams, body: text === '' ? null : JSON.parse(text) });
      response.writeHead(told.status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(told.body === null ? '' : JSON.stringify(told.body));
    } catch (error) {
      // A request or a reply that is none of GitHub's fails the job, and with it the test.
      response.writeHead(418, { 'content-type': 'application/json' }).end(JSON.stringify({ message: String(error) }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host: Host = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    load(repository) {
      wire = createWire(repository);
      asked.length = 0;
      host.before = () => false;
    },
    asked,
    before: () => false,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return host;
}

/** Processes that are loaded before they are needed. */
export function createPool() {
  const make = () => {
    const child = spawn(process.execPath, [WORK], { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (part: Buffer) => {
      said += String(part);
    });
    const ready = once(child.stdout, 'data');
    return { child, ready, said: () => said };
  };
  let next = make();
  return {
    /** Runs the task in a process of its own; `began` is told the process. Resolves with how it ended. */
    async run(task: Task, began: (child: ChildProcess) => void = () => undefined): Promise<string> {
      const { child, ready, said } = next;
      next = make();
      await ready;
      began(child);
      const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
      child.stdin.write(`${JSON.stringify(task)}\n`);
      const [code, signal] = await ended;
      return signal ?? (code === 0 ? 'done' : `exit ${code}: ${said()}`);
    },
    close(): void {
      next.child.kill('SIGKILL');
    },
  };
}
