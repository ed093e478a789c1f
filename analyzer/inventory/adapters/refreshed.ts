/** Asked anew this long before the end, so that a call that waits for its turn does not go out with credentials that have expired. */
const MARGIN_MS = 5 * 60_000;

interface Expiring {
  expiration?: Date;
}

/**
 * One identity for all who ask, however many at once, and a new one when it is about to expire. A failure is not remembered: who asks next
 * tries again.
 */
export function refreshed<T extends Expiring>(obtain: () => Promise<T>, now: () => number): () => Promise<T> {
  let current: Promise<T> | null = null;
  let goodUntil = Number.NEGATIVE_INFINITY;
  return async () => {
    if (current !== null && now() < goodUntil) return current;
    goodUntil = Number.POSITIVE_INFINITY;
    const asked = obtain();
    current = asked;
    try {
      const identity = await asked;
      if (identity.expiration !== undefined) goodUntil = identity.expiration.getTime() - MARGIN_MS;
      return identity;
    } catch (error) {
      if (current === asked) current = null;
      throw error;
    }
  };
}
