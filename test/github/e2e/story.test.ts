import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { playStory } from './story.ts';

it('tries', async () => {
  const out = await playStory();
  writeFileSync('/tmp/e2e.json', JSON.stringify(out, null, 1));
  expect(out.facts.failures).toEqual([]);
});
