import { describe, expect, it } from 'vitest';
import { accessOf, remembered } from '../../../bot/github/web/access.ts';

describe('access', () => {
  it.each([
    ['private', 'admin', true, true],
    ['private', 'write', true, true],
    ['private', 'read', true, false],
    ['private', 'none', false, false],
    ['internal', 'read', true, false],
    ['public', 'write', true, true],
    ['public', 'read', false, false],
    [null, 'read', false, false],
    [null, 'admin', true, true],
  ] as const)('%s and %s', (visibility, permission, look, act) => {
    expect(accessOf(visibility, permission)).toEqual({ look, act });
  });
});

describe('remembered', () => {
  it('asks once while it holds, again afterwards, and never remembers a failure', async () => {
    let now = 0;
    let asked = 0;
    let broken = false;
    const ask = remembered(
      async (key) => {
        asked += 1;
        if (broken) throw new Error('no');
        return `${key}${asked}`;
      },
      { seconds: 60, most: 2, now: () => now },
    );
    expect(await Promise.all([ask('a'), ask('a')])).toEqual(['a1', 'a1']);
    now = 59;
    expect(await ask('a')).toBe('a1');
    now = 60;
    broken = true;
    await expect(ask('a')).rejects.toThrow('no');
    broken = false;
    expect(await ask('a')).toBe('a3');
    await ask('b');
    await ask('c');
    expect(await ask('a')).toBe('a6');
  });
});
