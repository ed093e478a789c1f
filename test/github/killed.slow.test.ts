import { describe, expect, it } from 'vitest';
import { killedAnywhere } from './killed.ts';

describe('killed at any write', () => {
  it('the next run makes the end the same as if nothing had happened, with no pull request or issue twice', async () => {
    expect(await killedAnywhere(500)).toBe('the same');
  }, 900_000);
});
