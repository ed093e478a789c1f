import { expect, it } from 'vitest';
import { goodRecordsAgree, whatIsTakenAgrees } from './roll.ts';

it('the strict reader and DuckDB store the same of a hundred files', () => goodRecordsAgree(100), 900_000);

it('and of damaged files that the strict reader takes all the same', async () => {
  expect(await whatIsTakenAgrees(300)).toBeGreaterThan(20);
}, 900_000);
