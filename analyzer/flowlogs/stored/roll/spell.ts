import { mkdir, rm } from 'node:fs/promises';
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
  private readonly open: () => Promise<Engine>;
  private readonly folder: string;
  private engine: Engine | null = null;
  private made = 0;

  constructor(tempDir: string, memoryLimit: string, signal: AbortSignal) {
    this.folder = join(tempDir, `pare-spelled-${process.pid}`);
    this.open = async () => {
      await mkdir(this.folder, { recursive: true });
      return Engine.open(tempDir, memoryLimit, signal);
    };
  }

  /** Null where the file is no flow log that can be read: DuckDB's own reader says why. */
  async spell(path: string, bytes: number): Promise<RollInput | null> {
    this.engine ??= await this.open();
    const parquet = await parquetColumns(this.engine, path);
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
    const text = join(this.folder, `${this.made}.txt`);
    await this.engine.run(`COPY (SELECT ${spelled.join(', ')} FROM read_parquet(${literal(path.replace(/[*?[]/g, '[$&]'))}, hive_partitioning = false))
      TO ${literal(text)} (FORMAT csv, DELIMITER ' ', HEADER false, NULLSTR '-')`);
    return { path, parquet: { text, fields, columns, types, bytes } };
  }

  async close(): Promise<void> {
    await this.engine?.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Takes away the text of a batch that has been read. */
export async function forget(inputs: readonly RollInput[]): Promise<void> {
  for (const { parquet } of inputs) if (parquet !== undefined) await rm(parquet.text, { force: true });
}
