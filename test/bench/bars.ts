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
      "5 million records take 8.5 s of CPU and inflating alone 2.5 s, so some 3 s too many. About 1 s is fixed (start, the inventory's interfaces, two threads, compiling the kernel); main thread and writing of files take another second. In a thread, reading fields takes a sixth, inflating a seventh, summing rows, watched time, cutting lines, checksums, and interface ids between 5 and 8 % each, Parquet a seventh; none stands out any more. Two threads that share a core's cache take a third more CPU than one alone does. What would close it: fewer bytes for each record between parsing and summing (64 now), addresses and times by SIMD, a checksum that is computed while inflating, and no compression of dictionaries.",
  },
  'text-memory': { limit: 512, unit: 'MB' },
  parquet: { limit: 1.5, unit: '×' },
  analysis: {
    limit: 4,
    unit: '×',
    missed:
      'of 59 s of CPU for 5 million records of 30 days, deciding who opened takes 17 (reading 4, which end is the interface 6, conversations 4), summing rows 12, coverage by the hour 8, rows against groups and rules 9, the plan 7, explorer, table and JSON the rest; decoding takes 1.7. The ledger keeps records as AWS wrote them, and who opened is decided anew in each analysis, with all days at hand (docs/ledger.md). Closing it takes days that stay decided, with a proof that no later day can change them; numbers instead of text within DuckDB (an ENUM from the start was tried: no gain before the last grouping); and classes summed by DuckDB instead of JavaScript.',
  },
  'rule-by-rule': {
    limit: 100,
    unit: '×',
    atLeast: true,
    missed:
      'a query for one rule opens every file and reads few columns of them, some 0.1 s of CPU for a million records: a hundred times faster than 6,000 of them would be to read each column little more than once. It gets better with more records, as the plan and the start do not grow; what closes the bar above closes this one.',
  },
  'records-time': { limit: 11, unit: '×' },
  'records-memory': {
    limit: 2,
    unit: '×',
    missed:
      'held from 0.1 to 1 million records (985 MB against 589 MB); with 5 million DuckDB takes what its limit gives before it spills (2 GB, --memory-limit), and a process of 0.5 million needs far less.',
  },
  'rules-time': { limit: 3, unit: '×' },
  plan: { limit: 10, unit: 's' },
  index: { limit: 2, unit: '×' },
  mapping: { limit: 2, unit: 's' },
  verify: { limit: 0.2, unit: 's' },
  help: { limit: 0.15, unit: 's' },
};
