import { describe, expect, test } from 'vitest';
import { refreshed } from '../../../analyzer/inventory/adapters/refreshed.ts';

const MINUTE = 60_000;

describe('credentials of a role', () => {
  test('many who ask at once get one identity, and a new one comes five minutes before the end', async () => {
    let now = 0;
    let asked = 0;
    const provider = refreshed(
      async () => ({ n: ++asked, expiration: new Date(now + 60 * MINUTE) }),
      () => now,
    );
    const first = await Promise.all([provider(), provider(), provider()]);
    expect(first.map(({ n }) => n)).toEqual([1, 1, 1]);
    now = 54 * MINUTE;
    expect((await provider()).n).toBe(1);
    now = 55 * MINUTE;
    expect((await Promise.all([provider(), provider()])).map(({ n }) => n)).toEqual([2, 2]);
  });

  test('a failure is told to all who waited and not remembered', async () => {
    let asked = 0;
    const provider = refreshed(
      async (): Promise<{ n: number; expiration?: Date }> => {
        if (++asked === 1) throw new Error('denied');
        return { n: asked };
      },
      () => 0,
    );
    const ends = await Promise.allSettled([provider(), provider()]);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await provider()).n).toBe(2);
    expect((await provider()).n).toBe(2);
  });
});
