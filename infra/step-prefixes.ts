/** What each step reads and writes in the bucket of data; its role may do so below these prefixes and nowhere else. */
export const STEP_PREFIXES = {
  inventory: { read: ['config/'], write: ['inventory/'] },
  ledger: { read: ['config/', 'inventory/', 'ledger/'], write: ['ledger/'] },
  analysis: {
    read: ['inventory/', 'ledger/', 'config/', 'findings/', 'pulls/'],
    write: ['evidence/', 'findings/', 'tables/'],
  },
} as const;
