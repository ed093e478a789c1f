/** The results in the order of the items, with `atOnce` under way at most; after a failure none is begun. */
export async function inTurn<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const out: R[] = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const loop = async () => {
    while (!failed && next < items.length) {
      const i = next++;
      try {
        out[i] = await work(items[i]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const loops = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, loop));
  for (const one of loops) if (one.status === 'rejected') throw one.reason;
  return out;
}
