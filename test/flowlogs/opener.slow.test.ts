import { describe, expect, it } from 'vitest';
import { agreeOnOpeners, EVIDENCE } from './openers.ts';

describe('law 1: the opener is decided as the slow reference decides it', () => {
  it('agrees row by row, folded, on many random records', async () => {
    expect(await agreeOnOpeners(150, 20_261_121)).toEqual(EVIDENCE);
  }, 900_000);
});
