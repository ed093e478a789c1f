import { z } from 'zod';
import type { Job } from '../contract.ts';

const name = z.string().min(1).max(200);
const number = z.int().nonnegative();

const work = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), fresh: z.boolean(), cause: z.string().max(500) }),
  z.strictObject({ kind: z.literal('comment'), issue: number, comment: number }),
  z.strictObject({
    kind: z.literal('asked'),
    id: name,
    text: z.string().max(5000),
    by: z.string().max(200),
    at: z.number(),
  }),
  z.strictObject({ kind: z.literal('ticks'), issue: number, by: z.string().max(200) }),
  z.strictObject({
    kind: z.literal('pull'),
    pull: number,
    event: z.enum(['closed', 'reopened', 'synchronize', 'opened']),
  }),
  z.strictObject({ kind: z.literal('check'), pull: number, head: z.string().max(64).optional() }),
  z.strictObject({ kind: z.literal('watch') }),
  z.strictObject({ kind: z.literal('revert'), pull: number, by: z.string().max(200) }),
]);

const schema = z.strictObject({
  id: z.string().min(1).max(300),
  repository: z.strictObject({ owner: name, name }),
  installation: number.nullable(),
  work,
  notBefore: z.number(),
  attempts: number,
});

/** A job as it stands in a queue; null where it is none (of a later version, or not ours). */
export function parseJob(text: string): Job | null {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data as Job) : null;
  } catch {
    return null;
  }
}

export function formatJob(job: Job): string {
  return JSON.stringify(schema.parse(job));
}
