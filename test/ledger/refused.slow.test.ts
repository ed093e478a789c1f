import { it } from 'vitest';
import { anyRecordsAgree } from './refused.ts';

it('law 9: a ledger whose old refused records stay closed says what a scan says, whatever the records', async () => {
  await anyRecordsAgree(15);
});
