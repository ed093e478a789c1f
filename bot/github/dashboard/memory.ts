import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { replacementSchema } from '@pare/analyzer/model/finding.ts';
import { z } from 'zod';
import type { Memory } from '../contract.ts';

const time = z.number().finite();
const text = z.string().max(2000);
const word = z.strictObject({
  finding: text,
  rule: text,
  by: text,
  at: time,
  until: time.nullable(),
  reason: text,
});
const closed = z.strictObject({ finding: text, evidence: text, pull: z.int(), by: text, at: time });

/** Strict: a field that this version does not know was written by a later one, and would be lost. */
const schema = z.strictObject({
  version: z.literal(1),
  keeps: z.array(word),
  closed: z.array(closed),
  dropped: z.array(closed),
  narrowed: z.array(z.strictObject({ finding: text, replacements: z.array(replacementSchema), by: text, at: time })),
  reopened: z.array(z.int()),
  reclaimed: z.array(z.strictObject({ branch: text, head: text })),
  split: z.array(text),
  wanted: z.array(text),
  paused: z.strictObject({ by: text, at: time, until: time.nullable(), reason: text }).nullable(),
  settled: z.array(z.int()),
  watched: z.array(
    z.strictObject({
      pull: z.int(),
      findings: z.array(text),
      mergedAt: time,
      mergeCommit: text.nullable(),
      stage: z.enum(['merged', 'applied', 'regretted', 'reverted', 'done']),
      told: z.int().nullable(),
    }),
  ),
  audit: z.array(
    z.strictObject({ at: time, by: text, from: text, what: text, outcome: z.enum(['done', 'refused', 'failed']) }),
  ),
  saved: z.strictObject({ rules: z.int(), narrowed: z.int(), pulls: z.int() }),
  validAt: time.nullable(),
  lastRun: time.nullable(),
});

/** GitHub's limit is 65,536 characters for the whole issue; the readable part is cut before the memory is. */
export const MEMORY_LIMIT = 45_000;
const AUDIT_LINES = 50;
const INFLATED_LIMIT = 4_000_000;

export function emptyMemory(): Memory {
  return {
    version: 1,
    keeps: [],
    closed: [],
    dropped: [],
    narrowed: [],
    reopened: [],
    reclaimed: [],
    split: [],
    wanted: [],
    paused: null,
    settled: [],
    watched: [],
    audit: [],
    saved: { rules: 0, narrowed: 0, pulls: 0 },
    validAt: null,
    lastRun: null,
  };
}

/** Sorted and bounded, so that equal memories are one text whatever way they came about. */
export function canonicalMemory(memory: Memory): Memory {
  const byFinding = <T extends { finding: string; at: number }>(all: readonly T[]) =>
    [...all].sort((a, b) => compare(a.finding, b.finding) || a.at - b.at);
  const numbers = (all: readonly number[]) => [...new Set(all)].sort((a, b) => a - b);
  const names = (all: readonly string[]) => [...new Set(all)].sort(compare);
  return {
    ...memory,
    keeps: byFinding(memory.keeps),
    closed: byFinding(memory.closed),
    dropped: byFinding(memory.dropped),
    narrowed: byFinding(memory.narrowed),
    reopened: numbers(memory.reopened),
    reclaimed: [...memory.reclaimed].sort((a, b) => compare(a.branch, b.branch)),
    split: names(memory.split),
    wanted: names(memory.wanted),
    settled: numbers(memory.settled),
    watched: [...memory.watched].sort((a, b) => a.pull - b.pull),
    audit: memory.audit.slice(-AUDIT_LINES),
  };
}

const PATTERN = /<!-- pare-memory:v1 ([A-Za-z0-9_-]+) -->/g;

/** Hidden at the end of the dashboard; compressed, base64url, so that nothing in it can end the comment. */
export function writeMemory(memory: Memory): string {
  const json = JSON.stringify(schema.parse(canonicalMemory(memory)));
  return `<!-- pare-memory:v1 ${deflateRawSync(Buffer.from(json, 'utf8'), { level: 9 }).toString('base64url')} -->`;
}

export type MemoryResult = { ok: true; memory: Memory } | { ok: false; why: string };

/** What the dashboard remembers. It is never guessed: without it, people's words would be lost (law 8). */
export function readMemory(body: string): MemoryResult {
  const found = [...body.matchAll(PATTERN)].at(-1);
  if (found === undefined) return { ok: false, why: 'the hidden block at its end is gone' };
  try {
    const json = inflateRawSync(Buffer.from(found[1]!, 'base64url'), { maxOutputLength: INFLATED_LIMIT });
    const parsed = schema.safeParse(JSON.parse(json.toString('utf8')));
    if (parsed.success) return { ok: true, memory: parsed.data as Memory };
    return { ok: false, why: 'the hidden block at its end is of another version of Pare' };
  } catch {
    return { ok: false, why: 'the hidden block at its end was changed' };
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
