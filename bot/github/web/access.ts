import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { Permission, RepositoryFacts } from '../contract.ts';

export interface Access {
  /** May see the groups of the repository. */
  look: boolean;
  /** May give commands. */
  act: boolean;
}

export const NO_ACCESS: Access = { look: false, act: false };

/**
 * Whoever may write may see and act. Reading is enough to see only where the repository itself is closed to others: of a public one GitHub says
 * `read` for everybody in the world, and of one whose visibility is not known too.
 */
export function accessOf(visibility: RepositoryFacts['visibility'], permission: Permission): Access {
  const act = permission === 'admin' || permission === 'write';
  const closed = visibility === 'private' || visibility === 'internal';
  return { look: act || (closed && permission === 'read'), act };
}

/** Remembers an answer for a while, a bounded number of them; failures are not remembered. Calls under way are shared. */
export function remembered<T>(
  ask: (key: string) => Promise<T>,
  { seconds, most, now }: { seconds: number; most: number; now: () => EpochSeconds },
): (key: string) => Promise<T> {
  const known = new Map<string, { until: EpochSeconds; value: Promise<T> }>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined && found.until > now()) return found.value;
    const value = ask(key);
    known.delete(key);
    known.set(key, { until: now() + seconds, value });
    for (const oldest of known.keys()) {
      if (known.size <= most) break;
      known.delete(oldest);
    }
    value.catch(() => {
      if (known.get(key)?.value === value) known.delete(key);
    });
    return value;
  };
}
