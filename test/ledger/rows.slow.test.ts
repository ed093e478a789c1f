import { describe, expect, it } from 'vitest';
import { EVIDENCE } from '../flowlogs/openers.ts';
import { readersAgree } from './readers.ts';

describe('law 9: the ledger read by columns says what DuckDB says of it', () => {
  it('of many sets of records, with every class of evidence among them', async () => {
    const met = await readersAgree(150, 11);
    expect([...met.keys()].sort()).toEqual(EVIDENCE);
  }, 900_000);
});
