import { readMemory } from '../../../bot/github/dashboard/memory.ts';
import { FakeRepository } from '../fake-platform.ts';

/** The same repository once more, with a life of its own. */
export function copyOf(repository: FakeRepository): FakeRepository {
  const { clock, ...rest } = repository;
  return Object.assign(Object.create(FakeRepository.prototype) as FakeRepository, structuredClone(rest), { clock });
}

/** All that anybody can see, without times and commit ids. */
export function visible(repository: FakeRepository): unknown {
  const scrub = (text: string) =>
    text.replace(/<!-- pare-(?:memory|pull):v1 \S+ -->/g, '').replace(/\d{4}-\d\d-\d\d(T[\d:.]+Z?)?/g, 'DATE');
  const { pulls, issues, checks, branches, files } = repository;
  const read = readMemory(issues[0]?.body ?? '');
  const memory = read.ok ? read.memory : null;
  const untimed = <T extends object>(one: T) => ({ ...one, at: 0, until: 0, mergedAt: 0, mergeCommit: '' });
  return {
    pulls: pulls.map(({ number, branch, title, body, state, draft, labels, reviewers }) => ({
      number,
      branch,
      title,
      state,
      draft,
      labels,
      reviewers,
      body: scrub(body),
    })),
    branches: [...branches].map(([name, sha]) => [name, [...files.get(sha)!]]).sort(),
    issues: issues.map(({ number, title, state, labels, body }) => ({
      number,
      title,
      state,
      labels,
      body: scrub(body),
    })),
    comments: [...pulls, ...issues].map(({ number }) => repository.commentsOf(number).map((one) => scrub(one.body))),
    checks: [...new Set(checks.map((one) => `${one.name} ${one.conclusion} ${one.title}`))].sort(),
    memory: memory && {
      ...memory,
      lastRun: 0,
      keeps: memory.keeps.map(untimed),
      closed: memory.closed.map(untimed),
      watched: memory.watched.map(untimed),
      audit: memory.audit.map(({ by, what, outcome, from }) => `${by} ${what} ${outcome} ${from}`),
    },
  };
}
