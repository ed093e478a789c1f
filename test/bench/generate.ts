import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { type BenchParameters, inventoryOf } from './fleet.ts';
import { fileName, linesOf, V2_FIELDS, V5_FIELDS } from './traffic.ts';

/** To be raised when what is generated changes. */
const GENERATION = 2;
const WORKERS = 2;

export interface BenchData {
  folder: string;
  inventory: string;
  v2: string;
  v5: string;
  parquet: string;
}

/** The data of these parameters, made once and then found again in the folder for temporary files. */
export async function benchData(parameters: BenchParameters, note: (text: string) => void): Promise<BenchData> {
  const { records, days, interfaces, groups, rules } = parameters;
  const traffic = [`g${GENERATION}`, records, days, interfaces, groups].join('-');
  const home = join(tmpdir(), 'pare-bench', traffic);
  const data: BenchData = {
    folder: home,
    inventory: join(home, `inventory-${rules}`),
    v2: join(home, 'v2'),
    v5: join(home, 'v5'),
    parquet: join(home, 'parquet'),
  };
  if (!existsSync(home)) {
    note(`generating ${records} records of ${days} days`);
    const draft = `${home}.draft-${process.pid}`;
    await rm(draft, { recursive: true, force: true });
    await Promise.all(Array.from({ length: WORKERS }, (_, n) => work(parameters, draft, n)));
    note('writing Parquet');
    await parquet(draft, days);
    await rename(draft, home);
  }
  if (!existsSync(data.inventory)) {
    await mkdir(data.inventory, { recursive: true });
    for (const [name, document] of Object.entries(inventoryOf(parameters)))
      await writeFile(join(data.inventory, name), JSON.stringify(document));
  }
  return data;
}

function work(parameters: BenchParameters, folder: string, part: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { parameters, folder, part } });
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
}

async function writePart(parameters: BenchParameters, folder: string, part: number): Promise<void> {
  for (let day = part; day < parameters.days; day += WORKERS) {
    for (let hour = 0; hour < 24; hour += 1) {
      const lines = linesOf(parameters, day, hour);
      for (const [format, header] of [
        ['v2', V2_FIELDS],
        ['v5', V5_FIELDS],
      ] as const) {
        const path = join(folder, format, fileName(day, hour, 'log.gz'));
        await mkdir(dirname(path), { recursive: true });
        await writeFile(
          path,
          gzipSync(Buffer.from(`${header}\n${lines[format].join('\n')}\n`, 'latin1'), { level: 6 }),
        );
      }
    }
  }
}

/** A file a day, as AWS writes them: names with underscores, INTEGER and BIGINT. */
async function parquet(folder: string, days: number): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '2GB' });
  const connection = await instance.connect();
  const whole = new Set(['packets', 'bytes', 'start', 'end']);
  const small = new Set(['version', 'srcport', 'dstport', 'protocol', 'tcp-flags', 'traffic-path']);
  const columns = V5_FIELDS.split(' ').map(
    (name) =>
      `'${name.replaceAll('-', '_')}': '${whole.has(name) ? 'BIGINT' : small.has(name) ? 'INTEGER' : 'VARCHAR'}'`,
  );
  for (let day = 0; day < days; day += 1) {
    const target = join(folder, 'parquet', fileName(day, 0, 'log.parquet'));
    await mkdir(dirname(target), { recursive: true });
    await connection.run(`COPY (SELECT * FROM read_csv('${join(folder, 'v5', dirname(fileName(day, 0, 'log.gz')))}/*.gz', delim = ' ', header = true,
      quote = '', escape = '', nullstr = '-', auto_detect = false, columns = {${columns.join(', ')}})) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`);
  }
  connection.closeSync();
  instance.closeSync();
}

if (!isMainThread) {
  const { parameters, folder, part } = workerData as { parameters: BenchParameters; folder: string; part: number };
  await writePart(parameters, folder, part);
  parentPort?.postMessage('done', []);
}
