import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installTrino } from './install.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export interface Trino {
  /** Runs a statement to its end; its rows and the bytes of input it read. Throws with Trino's message. */
  run(sql: string, schema: string | null): Promise<{ rows: unknown[][]; scanned: number }>;
  stop(): Promise<void>;
}

interface Answer {
  nextUri?: string;
  data?: unknown[][];
  error?: { message: string; errorName: string };
  stats: { physicalInputBytes?: number; processedBytes?: number };
}

/** A Trino server with the Hive connector; its metastore is files in the bucket `metastore` of the S3 at `s3`, where all tables lie too. */
export async function startTrino(dir: string, s3: string): Promise<Trino> {
  const home = await installTrino();
  const port = await freePort();
  await mkdir(join(dir, 'etc', 'catalog'), { recursive: true });
  await writeFile(
    join(dir, 'etc', 'config.properties'),
    [
      'node.id=pare',
      'node.environment=test',
      'coordinator=true',
      'node-scheduler.include-coordinator=true',
      `http-server.http.port=${port}`,
      `discovery.uri=http://127.0.0.1:${port}`,
      'node.internal-address=127.0.0.1',
      `plugin.dir=${join(home, 'plugin')}`,
      `catalog.config-dir=${join(dir, 'etc', 'catalog')}`,
      'query.max-memory=900MB',
      'query.max-memory-per-node=900MB',
      // Hundreds of small queries, one after the other, on few cores: plan little, start few threads.
      'task.concurrency=1',
      'task.max-worker-threads=2',
      'task.max-writer-count=1',
      'scale-writers=false',
      'redistribute-writes=false',
      'distributed-sort=false',
      'query.max-history=50',
      'query.min-expire-age=10s',
      'optimizer.join-reordering-strategy=NONE',
      'join-distribution-type=BROADCAST',
      '',
    ].join('\n'),
  );
  await writeFile(
    join(dir, 'etc', 'catalog', 'hive.properties'),
    [
      'connector.name=hive',
      'hive.metastore=file',
      'hive.metastore.catalog.dir=s3://metastore/catalog',
      'fs.hadoop.enabled=false',
      'fs.native-s3.enabled=true',
      `s3.endpoint=${s3}`,
      's3.region=eu-west-1',
      's3.path-style-access=true',
      's3.aws-access-key=test',
      's3.aws-secret-key=test',
      'hive.non-managed-table-writes-enabled=true',
      'hive.storage-format=PARQUET',
      'hive.security=allow-all',
      'hive.table-statistics-enabled=false',
      'hive.collect-column-statistics-on-write=false',
      'hive.partition-projection-enabled=true',
      // As in Athena, a partition's files may lie in folders below it (…/day=01/hour=00/).
      'hive.recursive-directories=true',
      'hive.max-partitions-per-scan=100000',
      '',
    ].join('\n'),
  );
  const lines: string[] = [];
  const server: ChildProcess = spawn(
    'java',
    [
      '-Xms1G',
      '-Xmx2500M',
      '-XX:+UseSerialGC',
      // The second compiler costs more than it gives in a server that lives for minutes.
      '-XX:TieredStopAtLevel=1',
      '-Djdk.attach.allowAttachSelf=true',
      `-Dconfig=${join(dir, 'etc', 'config.properties')}`,
      '-cp',
      `${home}/lib/*`,
      join(import.meta.dirname, 'Main.java'),
    ],
    { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  for (const stream of [server.stdout, server.stderr])
    stream?.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n').slice(-50)));
  const base = `http://127.0.0.1:${port}`;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`Trino ended: ${lines.slice(-40).join('\n')}`);
    const up = await fetch(`${base}/v1/info`)
      .then((response) => response.json() as Promise<{ starting: boolean }>)
      .catch(() => null);
    if (up?.starting === false) break;
    await sleep(250);
  }
  return {
    async run(sql, schema) {
      const headers = { 'X-Trino-User': 'pare', 'X-Trino-Catalog': 'hive', 'X-Trino-Schema': schema ?? 'default' };
      let response = await fetch(`${base}/v1/statement`, { method: 'POST', headers, body: sql });
      const rows: unknown[][] = [];
      for (;;) {
        // A server that has just started answers 503 until its node is known.
        if (response.status === 503) {
          await sleep(100);
          response = await fetch(response.url, { headers });
          continue;
        }
        const answer = (await response.json()) as Answer;
        if (answer.error !== undefined) throw new Error(`${answer.error.errorName}: ${answer.error.message}`);
        rows.push(...(answer.data ?? []));
        if (answer.nextUri === undefined) return { rows, scanned: answer.stats.physicalInputBytes ?? 0 };
        response = await fetch(answer.nextUri, { headers });
      }
    },
    async stop() {
      if (server.exitCode !== null) return;
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await ended;
    },
  };
}
