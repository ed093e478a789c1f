import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allItems, inParallel } from '../../../analyzer/inventory/live/pages.ts';
import { fakeApi, NEVER, PLACE } from './fake-api.ts';

describe('pages', () => {
  test('however a listing is cut into pages, empty ones too, every item comes once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer(), { maxLength: 4 }), { minLength: 1, maxLength: 6 }),
        async (pages) => {
          const api = fakeApi(({ input }) => {
            const at = input.NextToken === undefined ? 0 : Number(String(input.NextToken).slice(1));
            const next = at + 1 < pages.length ? { NextToken: `t${at + 1}` } : {};
            return { Vpcs: pages[at]!.map((n) => ({ n })), ...next };
          });
          const items = await allItems(api, PLACE, 'DescribeVpcs', {}, 'Vpcs', NEVER);
          expect(items.map(({ n }) => n)).toEqual(pages.flat());
          expect(api.calls).toHaveLength(pages.length);
          expect(api.calls.every(({ input }) => input.MaxResults === 1000)).toBe(true);
        },
      ),
    );
  });

  test('a token that comes back twice ends the listing with an error instead of never', async () => {
    const api = fakeApi(() => ({ Vpcs: [], NextToken: 'again' }));
    await expect(allItems(api, PLACE, 'DescribeVpcs', {}, 'Vpcs', NEVER)).rejects.toThrow('the same page token twice');
  });

  test.each([
    [{ Vpcs: 'none' }, 'no list under Vpcs'],
    [{ Vpcs: [{}, null] }, 'Vpcs[1], which is no object'],
  ])('an answer %j is refused', async (answer, message) => {
    await expect(
      allItems(
        fakeApi(() => answer),
        PLACE,
        'DescribeVpcs',
        {},
        'Vpcs',
        NEVER,
      ),
    ).rejects.toThrow(message);
  });

  test('each service is asked with its own names for token and size', async () => {
    const api = fakeApi(({ input }) =>
      input.nextToken === undefined ? { resourceIdentifiers: [], nextToken: 'x' } : {},
    );
    await allItems(
      api,
      PLACE,
      'ListDiscoveredResources',
      { resourceType: 'AWS::EC2::NetworkInterface' },
      'resourceIdentifiers',
      NEVER,
    );
    expect(api.calls.map(({ input }) => [input.limit, input.nextToken])).toEqual([
      [100, undefined],
      [100, 'x'],
    ]);
  });

  test('an abort stops before the next page', async () => {
    const controller = new AbortController();
    const api = fakeApi(() => {
      controller.abort(new Error('stopped'));
      return { Vpcs: [], NextToken: `t${Math.random()}` };
    });
    await expect(allItems(api, PLACE, 'DescribeVpcs', {}, 'Vpcs', controller.signal)).rejects.toThrow('stopped');
    expect(api.calls).toHaveLength(1);
  });
});

describe('bounded work', () => {
  test('results keep the order of the items, and never more run than allowed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (items, limit) => {
          let running = 0;
          let most = 0;
          const out = await inParallel(items, limit, async (ticks, i) => {
            most = Math.max(most, ++running);
            for (let t = 0; t < ticks; t++) await Promise.resolve();
            running--;
            return i;
          });
          expect(out).toEqual(items.map((_, i) => i));
          expect(most).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });

  test('after a failure nothing new begins, and all that ran has stopped', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const work = inParallel([0, 1, 2, 3], 2, async (n) => {
      begun.push(n);
      await Promise.resolve();
      if (n === 0) throw new Error('first');
      for (let i = 0; i < 5; i++) await Promise.resolve();
      ended.push(n);
    });
    await expect(work).rejects.toThrow('first');
    expect(begun).toEqual([0, 1]);
    expect(ended).toEqual([1]);
  });
});
