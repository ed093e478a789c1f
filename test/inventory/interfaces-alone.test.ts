import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readInterfaces, readInventory } from '../../analyzer/inventory/index.ts';
import { generateWorld, writeWorld } from '../generator/index.ts';

it.each([31, 32, 33])('the interfaces read alone are those of the whole inventory (world %i)', async (seed) => {
  const at = await mkdtemp(join(tmpdir(), 'pare-interfaces-'));
  try {
    const written = await writeWorld(generateWorld(seed, { days: 2 }), at, { formats: ['v5'], layout: 'hourly' });
    const options = { configHistory: [written.configHistory] };
    const { interfaces } = await readInventory(written.inventory, options);
    const alone = await readInterfaces(written.inventory, options);
    expect(alone.length).toBeGreaterThan(0);
    const placeless = (states: readonly (typeof alone)[number][]) =>
      states.map(({ accountId: _a, region: _r, ...state }) => state);
    expect(placeless(alone)).toEqual(placeless(interfaces));
  } finally {
    await rm(at, { recursive: true, force: true });
  }
});

it('a folder without the listing of interfaces is refused', async () => {
  const at = await mkdtemp(join(tmpdir(), 'pare-interfaces-'));
  try {
    await expect(readInterfaces(at)).rejects.toThrow(/inventory|folder|interfaces/);
  } finally {
    await rm(at, { recursive: true, force: true });
  }
});
