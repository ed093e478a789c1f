import type { JobWork } from '../../../bot/github/contract.ts';
import type { Asked, Told } from '../wire/github.ts';
import { Bench, FAULTS, type Fault } from './bench.ts';

/** A small generator with a seed (mulberry32), so that a failure names its run. */
function random(seed: number): () => number {
  let state = Math.imul(seed, 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const AT = 1_790_000_000;

export interface Disturbance {
  fault: (call: number, request: string) => Fault | null;
  /** Each delivery so many times, and in another order. */
  redeliver: () => number;
  shuffle: <T>(all: readonly T[]) => T[];
  /** For tests of the tests: what the App is told instead of the truth. */
  lie?: (asked: Asked, told: Told) => Told;
}

export const CALM: Disturbance = { fault: () => null, redeliver: () => 1, shuffle: (all) => [...all] };

/** A few weeks in the life of a repository; what people do is the same each time. */
export async function story({ fault, redeliver, shuffle, lie }: Disturbance): Promise<{ end: unknown; bench: Bench }> {
  const bench = new Bench({ live: 2, shop: 1 }, {}, fault, lie);
  const { repository, findings } = bench.world;
  bench.rememberFindings();
  const rule = (root: string, n: number) => findings.document.rules.find((one) => one.ruleId === `sgr-${root}-${n}`)!;
  let serial = 0;
  const send = async (works: readonly JobWork[]) => {
    const named = works.map((work) => ({ work, id: `d${++serial}` }));
    for (const { work, id } of shuffle(named.flatMap((one) => Array.from({ length: redeliver() }, () => one))))
      await bench.deliver(work, id);
    await bench.settle();
  };
  await send([{ kind: 'run', fresh: false, cause: 'installed' }]);
  const live = repository.pulls.find((one) => one.branch.includes('live'))!.number;
  const shop = repository.pulls.find((one) => one.branch.includes('shop'))!.number;
  await send([
    bench.comment(live, `/pare keep ${rule('live', 1).ruleId} because it is for emergencies`, 'alice', AT),
    bench.comment(live, `/pare drop ${rule('live', 2).ruleId}`, 'mallory', AT + 1),
    bench.comment(shop, '/pare statsu', 'alice', AT + 2),
    bench.comment(shop, '/pare explain', 'root', AT + 3),
    { kind: 'check', pull: shop },
    { kind: 'ticks', issue: 1, by: 'eve' },
  ]);
  const { document } = findings;
  const to = new Date(Date.parse(document.window.to) + 7 * 86_400_000).toISOString();
  findings.document = { ...document, window: { ...document.window, to } };
  await send([{ kind: 'run', fresh: true, cause: 'schedule' }, bench.comment(live, '/pare rebase', 'alice', AT + 4)]);
  repository.merge(shop);
  await send([{ kind: 'pull', pull: shop, event: 'closed' }]);
  const gone = rule('shop', 1);
  findings.document = { ...findings.document, rules: document.rules.filter((one) => one !== gone) };
  bench.refused.push({
    interfaceId: 'eni-1',
    groups: [gone.groupId],
    opened: 'inbound',
    protocol: 6,
    localPort: 22,
    peerPort: null,
    peer: '10.1.2.3',
    peerPacket: null,
    records: 3,
    packets: 9,
    first: 4_000_000_000,
    last: 4_000_000_000,
  });
  await send([{ kind: 'watch' }]);
  repository.closeByHand(live, 'alice');
  await send([{ kind: 'pull', pull: live, event: 'closed' }]);
  const end = endState(bench);
  const writes = repository.writes.length;
  await send([
    { kind: 'run', fresh: true, cause: 'schedule' },
    { kind: 'watch' },
    ...repository.pulls.map((one): JobWork => ({ kind: 'check', pull: one.number })),
  ]);
  // Nothing is new, so nothing is written, whatever happened before.
  bench.afterwards = repository.writes.slice(writes);
  await bench.end();
  return { end, bench };
}

/** All that anybody can see, without times and commit ids. */
function endState(bench: Bench): unknown {
  const { repository } = bench.world;
  const memory = bench.memory();
  const untimed = <T extends object>(one: T) => ({ ...one, at: 0, mergedAt: 0, mergeCommit: '' });
  const scrub = (text: string) =>
    text.replace(/<!-- pare-memory:\S+ \S+ -->/, '').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, 'T');
  return {
    pulls: repository.pulls.map((one) => [
      one.number,
      one.branch,
      one.title,
      one.state,
      one.draft,
      one.labels,
      scrub(one.body),
    ]),
    branches: [...repository.branches].map(([name, sha]) => [name, [...repository.files.get(sha)!]]).sort(),
    issues: repository.issues.map((one) => [one.number, one.title, one.state, one.labels]),
    comments: [...repository.pulls, ...repository.issues].map(({ number }) =>
      repository
        .commentsOf(number)
        .map((one) => scrub(one.body))
        .sort(),
    ),
    checks: repository.checks
      .map((one) => [one.name, one.conclusion, one.title])
      .sort()
      .filter((one, n, all) => String(one) !== String(all[n - 1])),
    memory: {
      ...memory,
      lastRun: 0,
      keeps: memory.keeps.map((one) => ({ ...untimed(one), until: one.until === null ? null : 0 })),
      closed: memory.closed.map(untimed),
      dropped: memory.dropped.map(untimed),
      watched: memory.watched.map(untimed),
      reclaimed: memory.reclaimed.length,
      audit: memory.audit.map((one) => `${one.by} ${one.what} ${one.outcome} ${one.from}`).sort(),
    },
  };
}

export type Ended = Awaited<ReturnType<typeof story>>;

/** Calls of the undisturbed life, about; faults are spread over them. */
const CALLS = 410;

/** Of requests that write, so many fail besides: what is half done shows most there. */
const WRITES_FAIL = 0.12;

/**
 * A life that its number decides: three to fourteen faults of any kind at any call and one at every eighth write, deliveries that come
 * twice and out of order.
 */
export function disturbed(seed: number, lie?: Disturbance['lie']): Promise<Ended> {
  const next = random(seed);
  const faults = new Map<number, Fault>();
  for (const wanted = 3 + Math.floor(next() * 12); faults.size < wanted; )
    faults.set(1 + Math.floor(next() * CALLS), FAULTS[Math.floor(next() * FAULTS.length)]!);
  return story({
    fault: (call, request) => {
      const planned = faults.get(call);
      if (planned !== undefined) return planned;
      if (request.startsWith('GET') || next() >= WRITES_FAIL) return null;
      return FAULTS[Math.floor(next() * FAULTS.length)]!;
    },
    redeliver: () => 1 + Math.floor(next() * 3),
    shuffle: (all) => {
      const out = [...all];
      for (let n = out.length - 1; n > 0; n -= 1) {
        const other = Math.floor(next() * (n + 1));
        [out[n], out[other]] = [out[other]!, out[n]!];
      }
      return out;
    },
    ...(lie === undefined ? {} : { lie }),
  });
}

/** One fault, at one call. */
export function faultAt(call: number, fault: Fault): Promise<Ended> {
  return story({ ...CALM, fault: (at) => (at === call ? fault : null) });
}
