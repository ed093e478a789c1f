/**
 * The bars of the bench: at most this ratio, or this many seconds or megabytes. `missed` is why a bar is known not to be held yet, and what would
 * close it; without it a miss ends the bench with 1.
 */
export interface Bar {
  limit: number;
  unit: '×' | 's' | 'MB';
  /** The limit is the least, not the most. */
  atLeast?: boolean;
  missed?: string;
}

export type BarName =
  | 'text'
  | 'text-memory'
  | 'parquet'
  | 'analysis'
  | 'rule-by-rule'
  | 'records-time'
  | 'records-memory'
  | 'rules-time'
  | 'plan'
  | 'index'
  | 'mapping'
  | 'verify'
  | 'help';

export const BARS: Readonly<Record<BarName, Bar>> = {
  text: {
    limit: 2.2,
    unit: '×',
    missed:
      'reading the inventory and starting threads is a fixed share (some 3 s of CPU, a third of a run of a million records). In a thread, inflating is a tenth; reading fields takes a third, hashing conversations and rows a sixth, coverage and writing the rest, with the caches shared with whatever else the machine did. Closing it takes a compiled kernel (SIMD over the bytes, one table for conversations and rows) and threads that start once.',
  },
  'text-memory': { limit: 512, unit: 'MB' },
  parquet: {
    limit: 1.5,
    unit: '×',
    missed:
      'Parquet is spelled as text for the strict reader and then read as text is. Handing over dictionary codes instead of text would close most of it.',
  },
  analysis: {
    limit: 4,
    unit: '×',
    missed:
      'the ledger keeps records as AWS wrote them, and who opened is decided anew in each analysis, with all days at hand (docs/ledger.md), in SQL over text keys. Keeping decided days beside the ledger, or addresses as numbers within DuckDB, would close it.',
  },
  'rule-by-rule': { limit: 100, unit: '×', atLeast: true },
  'records-time': { limit: 11, unit: '×' },
  'records-memory': {
    limit: 2,
    unit: '×',
    missed: 'DuckDB takes what its memory limit (2 GB) gives before it spills.',
  },
  'rules-time': { limit: 3, unit: '×' },
  plan: { limit: 10, unit: 's' },
  index: { limit: 2, unit: '×' },
  mapping: { limit: 2, unit: 's' },
  verify: { limit: 0.2, unit: 's' },
  help: { limit: 0.15, unit: 's' },
};
