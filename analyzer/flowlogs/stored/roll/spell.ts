import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Engine } from '../../duckdb/engine.ts';
import { parquetColumns } from '../../duckdb/load.ts';
import { fieldOfColumn, NEEDED, USED } from '../../fields.ts';
import { literal } from '../../sql/text.ts';
import type { RollInput } from './batch.ts';

/**
 * Parquet for the strict reader: DuckDB writes the columns that decide anything as text, `-` for what is missing, as AWS would have. A value
 * that is not written so (a space, a quote, nothing at all) makes a line that the strict reader refuses.
 */
export class Speller {
  private readonly tempDir: string;
  private readonly memoryLimit: string;
  private readonly signal: AbortSignal;
  private opened: { engine: Engine; folder: string } | null = null;
  private made = 0;

  constructor(tempDir: string, memoryLimit: string, signal: AbortSignal) {
    this.tempDir = tempDir;
    this.memoryLimit = memoryLimit;
    this.signal = signal;
  }

  /** Null where the file is no flow log that can be read: DuckDB's own reader says why. */
  async spell(path: string, bytes: number): Promise<RollInput | null> {
    const { engine, folder } = await this.open();
    const parquet = await parquetColumns(engine, path);
    if ('problem' in parquet) return null;
    const { columns, types } = parquet;
    const used = new Set<string>([...NEEDED, ...USED]);
    const at = columns.map((_, i) => i).filter((i) => used.has(fieldOfColumn(columns[i]!)));
    const fields = at.map((i) => fieldOfColumn(columns[i]!));
    if (new Set(fields).size !== fields.length) return null;
    const spelled = at.map((i) => {
      const name = `"${columns[i]!.replaceAll('"', '""')}"`;
      return types[i] === 'VARCHAR' ? `nullif(nullif(${name}, '-'), '')` : name;
    });
    this.made += 1;
    const text = join(folder, `${this.made}.txt`);
    await engine.run(`COPY (SELECT ${spelled.join(', ')} FROM read_parquet(${literal(path.replace(/[*?[]/g, '[$&]'))}, hive_partitioning = false))
      TO ${literal(text)} (FORMAT csv, DELIMITER ' ', HEADER false, NULLSTR '-')`);
    return { path, parquet: { text, fields, columns, types, bytes } };
  }

  async close(): Promise<void> {
    await this.opened?.engine.close();
    if (this.opened !== null) await rm(this.opened.folder, { recursive: true, force: true });
    this.opened = null;
  }

  private async open(): Promise<{ engine: Engine; folder: string }> {
    this.opened ??= {
      engine: await Engine.open(this.tempDir, this.memoryLimit, this.signal),
      folder: await mkdtemp(join(this.tempDir, 'pare-spelled-')),
    };
    return this.opened;
  }
}

/** Takes away the text of a batch that has been read. */
export async function forget(inputs: readonly RollInput[]): Promise<void> {
  for (const { parquet } of inputs) if (parquet !== undefined) await rm(parquet.text, { force: true });
}
