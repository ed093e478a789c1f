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
      "5 million records take 6.6 to 7.2 s of CPU and inflating alone 2.2, so some 2 s too many, and 0.7 M records a CPU second where inflating runs at 2.2. By perf: the kernel 56 % (inflate 13.5, fields with interface ids 12, encoding Parquet 9, cutting lines 4.5, conversations 4.3, watched time 4.1, summing rows 3, checksum 1.4), its threads outside it 21 % (starting two, zstd, fsync), the main thread 13 % (imports, inventory, digests), V8's helpers 9 %. What would close it: records of 32 to 48 bytes appended by interface while they are parsed (6 to 8 %), spans stored only where the two widths differ (5 %, and a new version of the ledger), imports in one file and an inventory without zod (0.3 s), fewer small files (half of 250 fsyncs).",
  },
  'text-memory': { limit: 512, unit: 'MB' },
  parquet: { limit: 1.5, unit: '×' },
  analysis: {
    limit: 4,
    unit: '×',
    missed:
      '15 million records of 90 days (10.3 million stored rows) take 42 s of CPU, decoding 2.6 to 2.8 s, so some 31 s too many. 11 s are fixed, much of it V8 compiling; the rest is 2 µs a record. Of the main thread: attribution, coverage and explorer 26 %, placing and summing rows 21 %, reading files into arrays 13 %, the plan 12 %, garbage 9 %, DuckDB 6 %, the document 4 %. What would close it: days that stay decided and summed beside the ledger, with a proof that no later day can change them; attribution over the same arrays, without an object for each row; numbers of addresses handed on, so that texts are not looked up twice more; steps compiled before (WASM), so that no process compiles them anew.',
  },
  'rule-by-rule': {
    limit: 100,
    unit: '×',
    atLeast: true,
    missed:
      'held with 90 days (148 × and 152 ×) and with 5 million records in three processes (132 ×); one process beside a busy core came to 96 ×. Some 11 s of the analysis are fixed, which few records do not make up for; what closes the bar above gives this one its margin.',
  },
  'records-time': { limit: 11, unit: '×' },
  'records-memory': { limit: 2, unit: '×' },
  'rules-time': { limit: 3, unit: '×' },
  plan: { limit: 10, unit: 's' },
  index: { limit: 2, unit: '×' },
  mapping: { limit: 2, unit: 's' },
  verify: { limit: 0.2, unit: 's' },
  help: { limit: 0.15, unit: 's' },
};
