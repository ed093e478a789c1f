import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FindingsDocument } from '../../analyzer/model/finding.ts';
import { PareError } from '../../analyzer/model/problem.ts';
import { RESULT_TABLES } from '../../analyzer/report/tables.ts';
import { writeTables } from '../../bot/cli/work/tables.ts';

const documentOf = (records: number) =>
  ({
    window: { from: '2026-08-23T00:00:00Z', to: '2026-11-21T06:00:00Z' },
    rules: [],
    replay: { connections: 0, blocked: 0 },
    flowLogs: { records },
  }) as unknown as FindingsDocument;

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pare-tables-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const write = (records: number, signal = new AbortController().signal) => writeTables(documentOf(records), dir, signal);

/** Every file below the folder with its bytes. */
async function files(): Promise<Map<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = paths.sort().map(async (path) => [path, (await readFile(path)).toString('hex')] as const);
  return new Map(await Promise.all(read));
}

describe('result tables on disk', () => {
  it.each(RESULT_TABLES)(
    'a file where the folder of %s is meant is one line, and the earlier run stays',
    async (table) => {
      await write(1);
      await rm(join(dir, table), { recursive: true });
      await writeFile(join(dir, table), 'mine');
      const before = await files();
      const error: unknown = await write(2).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(PareError);
      const { message, file, next } = (error as PareError).problem;
      expect(message).toBe('cannot write: part of the path is a file where a folder is meant');
      expect(`${message}${next}`).not.toContain('\n');
      expect(file).toBe(join(dir, `${table}/day=2026-11-21/${table}.json.gz`));
      expect(await files()).toEqual(before);
    },
  );

  it('a file where the day is meant, and a folder where the file is meant, are told as such', async () => {
    await mkdir(join(dir, 'findings'));
    await writeFile(join(dir, 'findings/day=2026-11-21'), 'mine');
    await expect(write(1)).rejects.toThrow(/part of the path is a file where a folder is meant/);
    await rm(join(dir, 'findings'), { recursive: true });
    await mkdir(join(dir, 'runs/day=2026-11-21/runs.json.gz'), { recursive: true });
    await expect(write(1)).rejects.toThrow(/is a folder where a file is meant/);
    expect([...(await files()).keys()]).toEqual([]);
  });

  it('an interrupt leaves the earlier run as it was', async () => {
    await write(1);
    const before = await files();
    await expect(write(2, AbortSignal.abort())).rejects.toThrow();
    expect(await files()).toEqual(before);
  });
});
