import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dataPath } from '../data-path.ts';
import type { Roller, RollInput } from './batch.ts';
import type { RolledFile } from './files.ts';
import type { RollAnswer, WrittenBatch } from './pool.ts';

/** Rolls a batch and writes its data files under the run's prefix. They outlast a power cut. Nothing is left of a batch that is not for the strict reader. */
export function writeBatch(roller: Roller, dir: string, run: string, inputs: readonly RollInput[]): RollAnswer {
  const data: WrittenBatch['data'] = [];
  let failed: NodeJS.ErrnoException | null = null;
  const write = ({ table, day, action, content, said }: RolledFile) => {
    const path = dataPath(table, day, run, action);
    data.push({ table, day, path, ...said });
    try {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), content, { flag: 'wx', flush: true });
    } catch (cause) {
      failed = cause as NodeJS.ErrnoException;
      throw cause;
    }
  };
  let rolled: ReturnType<Roller['roll']> = null;
  try {
    rolled = roller.roll(inputs, write);
    return { rolled: rolled === null ? null : { ...rolled, run, data } };
  } catch (cause) {
    // That the ledger cannot be written is for who called; what else goes wrong here is only this reader's.
    if (failed === null) throw cause;
    const { message, code, syscall, path } = failed as NodeJS.ErrnoException;
    return { failed: { message, code, syscall, path } };
  } finally {
    if (rolled === null) for (const { path } of data) remove(join(dir, path));
  }
}

/** What stays all the same no manifest names, and a later run removes it. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {}
}
