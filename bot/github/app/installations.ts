import { type Probot, ProbotOctokit } from 'probot';
import type { Clock, Job, Platform, RepositoryRef } from '../contract.ts';
import { createPlatform } from '../platform/github.ts';
import type { GitHubClient } from '../platform/octokit.ts';
import { createThrottle, type Throttle } from '../platform/throttle.ts';
import type { Installed } from './schedule.ts';

type OctokitOptions = NonNullable<ConstructorParameters<typeof ProbotOctokit>[0]>;

/**
 * Probot's own retries and waits are off: platform/caller.ts does both, by GitHub's figures and with the injected clock. A function, since Probot
 * gives throttle options of its own afterwards, which would replace an object's.
 */
export const PlainOctokit = ProbotOctokit.defaults((options: OctokitOptions) => ({
  ...options,
  retry: { ...options.retry, enabled: false },
  throttle: { ...options.throttle, enabled: false },
}));

export interface Installations {
  client(installation: number | null): Promise<GitHubClient>;
  throttle(installation: number | null): Throttle;
  platform(job: Pick<Job, 'repository' | 'installation'>): Promise<Platform>;
  /** The installation that a repository belongs to; null where the App is not installed there. */
  of(repository: RepositoryRef): Promise<number | null>;
  /** Every repository of every installation that is not suspended. */
  all(): Promise<readonly Installed[]>;
}

/** Limits are counted by installation, so each has one throttle that all its repositories share. */
export function createInstallations(probot: Probot, clock: Clock, signal?: AbortSignal): Installations {
  const throttles = new Map<number | null, Throttle>();
  let slug: Promise<string> | null = null;

  async function client(installation: number | null): Promise<GitHubClient> {
    return installation === null ? probot.auth() : probot.auth(installation);
  }

  function throttle(installation: number | null): Throttle {
    const known = throttles.get(installation) ?? createThrottle(clock);
    throttles.set(installation, known);
    return known;
  }

  async function viewer(): Promise<string> {
    slug ??= (async () => {
      const app = await probot.auth();
      const { data } = await app.rest.apps.getAuthenticated();
      return data?.slug ?? '';
    })();
    try {
      return `${await slug}[bot]`;
    } catch (error) {
      slug = null;
      throw error;
    }
  }

  return {
    client,
    throttle,
    async platform({ repository, installation }) {
      return createPlatform({
        client: await client(installation),
        repository,
        clock,
        throttle: throttle(installation),
        viewer: await viewer(),
        ...(signal === undefined ? {} : { signal }),
      });
    },
    async of({ owner, name }) {
      const app = await probot.auth();
      try {
        return (await app.rest.apps.getRepoInstallation({ owner, repo: name })).data.id;
      } catch (error) {
        if ((error as { status?: unknown }).status === 404) return null;
        throw error;
      }
    },
    async all() {
      const app = await probot.auth();
      const out: Installed[] = [];
      for await (const page of app.paginate.iterator(app.rest.apps.listInstallations, { per_page: 100 })) {
        for (const one of page.data) {
          if (one.suspended_at !== null) continue;
          const own = await probot.auth(one.id);
          const repositories = await own.paginate(own.rest.apps.listReposAccessibleToInstallation, { per_page: 100 });
          for (const { full_name } of repositories) out.push({ repository: refOf(full_name), installation: one.id });
        }
      }
      return out;
    },
  };
}

function refOf(full: string): RepositoryRef {
  const [owner = '', name = ''] = full.split('/');
  return { owner, name };
}
