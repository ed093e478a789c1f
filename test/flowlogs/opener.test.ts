import { describe, expect, it } from 'vitest';
import { agreeOnOpeners, EVIDENCE } from './openers.ts';

describe('law 1: the opener is decided as the slow reference decides it', () => {
  it('agrees row by row, folded, on random records', async () => {
    // Two seeds that together reach every class in few runs; opener.slow.test.ts has many.
    const met = [...(await agreeOnOpeners(12, 3)), ...(await agreeOnOpeners(16, 6))];
    expect([...new Set(met)].sort()).toEqual(EVIDENCE);
  }, 300_000);
});
