import { createHash } from 'node:crypto';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { Memory } from '../contract.ts';

/** What a box on the dashboard does. `id` is a digest, since unit keys hold names from outside. */
export interface Tick {
  act: 'open' | 'unignore' | 'unkeep' | 'recreate' | 'rerun' | 'resume' | 'brake';
  id: string;
}

const ACTS: readonly string[] = ['open', 'unignore', 'unkeep', 'recreate', 'rerun', 'resume', 'brake'];
const LINE = /^- \[([ xX])\] <!-- pare-tick:([a-z]+):([A-Za-z0-9_-]{1,40}) -->/;

export function tickId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** `label` must be inert already. */
export function tickLine(tick: Tick, label: string): string {
  return `- [ ] <!-- pare-tick:${tick.act}:${tick.id} --> ${label}`;
}

/** The ticked boxes, each once. Only whole lines of our own form count: no name from outside stands at the start of a line. */
export function readTicks(body: string): Tick[] {
  const out = new Map<string, Tick>();
  for (const line of body.split(/\r?\n/)) {
    const found = LINE.exec(line);
    if (found === null || found[1] === ' ' || !ACTS.includes(found[2]!)) continue;
    out.set(`${found[2]}:${found[3]}`, { act: found[2] as Tick['act'], id: found[3]! });
  }
  return [...out.values()];
}

/** The same body with no box ticked, for comparison with what would be written. */
export function withoutTicks(body: string): string {
  return body
    .split(/\r?\n/)
    .map((line) => (LINE.test(line) ? line.replace(/^- \[[xX]\]/, '- [ ]') : line))
    .join('\n');
}

/**
 * What the ticks do to the memory. `rerun` does nothing here: it makes a job. An id that stands for nothing any more is ignored. `by` is who
 * ticked, where the webhook said so.
 */
export function applyTicks(memory: Memory, ticks: readonly Tick[], by: string, at: EpochSeconds): Memory {
  let out = memory;
  for (const { act, id } of ticks) {
    const before = out;
    if (act === 'open' || act === 'brake' || act === 'recreate')
      out = { ...out, wanted: [...out.wanted, `${act}:${id}`] };
    if (act === 'resume') out = { ...out, paused: null };
    if (act === 'unkeep') out = { ...out, keeps: out.keeps.filter((one) => tickId(one.finding) !== id) };
    if (act === 'unignore') out = forget(out, id);
    if (out !== before)
      out = {
        ...out,
        audit: [...out.audit, { at, by, from: 'dashboard', what: `${act} ${id}`, outcome: 'done' as const }],
      };
  }
  return out;
}

/** The pull request stays closed on GitHub: once nothing of it is remembered, it must not be learned from it again. */
function forget(memory: Memory, id: string): Memory {
  const closed = memory.closed.filter((one) => tickId(one.finding) !== id);
  const gone = memory.closed.filter((one) => !closed.includes(one)).map((one) => one.pull);
  return {
    ...memory,
    closed,
    dropped: memory.dropped.filter((one) => tickId(one.finding) !== id),
    reopened: [...memory.reopened, ...gone.filter((pull) => !closed.some((one) => one.pull === pull))],
  };
}
