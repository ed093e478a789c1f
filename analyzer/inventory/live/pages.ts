import { type AwsApi, OPERATIONS, type OperationInputs, type OperationName, type Place } from './operations.ts';

/** An answer that is not what the API promises: our reading of it would be a guess. */
export class UnexpectedAnswer extends Error {
  constructor(operation: string, what: string) {
    super(`${operation} ${what}`);
    this.name = 'UnexpectedAnswer';
  }
}

/**
 * The items under `key`, page after page until the token is gone. A page may be empty and not the last. A token that comes back twice is
 * refused, for it would never end.
 */
export async function* pages<K extends OperationName>(
  api: AwsApi,
  place: Place,
  operation: K,
  input: OperationInputs[K],
  key: string,
  signal: AbortSignal,
): AsyncGenerator<readonly Item[]> {
  const { page } = OPERATIONS[operation];
  const seen = new Set<string>();
  let token: string | null = null;
  do {
    signal.throwIfAborted();
    const sized = page === null ? {} : { [page.sizeField]: page.size };
    const continued = page === null || token === null ? {} : { [page.tokenField]: token };
    const answer = await api.call(place, operation, { ...input, ...sized, ...continued } as OperationInputs[K], signal);
    yield itemsOf(answer[key], operation, key);
    const next: unknown = page === null ? null : answer[page.tokenField];
    token = typeof next === 'string' && next !== '' ? next : null;
    if (token !== null && seen.has(token)) throw new UnexpectedAnswer(operation, 'gave the same page token twice');
    if (token !== null) seen.add(token);
  } while (token !== null);
}

export type Item = Readonly<Record<string, unknown>>;

function itemsOf(value: unknown, operation: string, key: string): readonly Item[] {
  // The SDK leaves an empty list out of some answers.
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new UnexpectedAnswer(operation, `gave no list under ${key}`);
  const bad = value.findIndex((item) => typeof item !== 'object' || item === null);
  if (bad >= 0) throw new UnexpectedAnswer(operation, `gave ${key}[${bad}], which is no object`);
  return value;
}

export async function allItems<K extends OperationName>(
  api: AwsApi,
  place: Place,
  operation: K,
  input: OperationInputs[K],
  key: string,
  signal: AbortSignal,
): Promise<Item[]> {
  const out: Item[] = [];
  for await (const items of pages(api, place, operation, input, key, signal)) for (const item of items) out.push(item);
  return out;
}

/** Runs `work` over the items, at most `limit` at once; results in the order of the items. The first rejection ends it. */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const out: R[] = [];
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        out[index] = await work(items[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  // All workers have stopped before this rejects: nothing goes on behind the caller's back.
  const ends = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return out;
}
