import { createHash } from 'node:crypto';
import { z } from 'zod';

const schema = z.object({
  version: z.literal(1),
  unit: z.string(),
  /** editDigest of what the branch was last given. */
  edit: z.string(),
  /** End of the window of the evidence told. */
  validAt: z.number(),
  /** The same when it was opened: limits.new counts the pull requests that are new with some evidence, so that a re-run opens no more. */
  since: z.number(),
  /** Of body and title as rendered; people may edit both, and what they wrote stays until ours changes. */
  body: z.string(),
  title: z.string(),
  /** Evidence → findings. */
  findings: z.record(z.string(), z.array(z.string())),
  /** Foreign commit that the body tells of. */
  handsOff: z.string().optional(),
  /** Pare itself closed it. */
  closed: z.boolean().optional(),
});
/** What a later run reads back from the body of a pull request. */
export type PullMarker = z.infer<typeof schema>;

const PATTERN = /<!-- pare-pull:v1 ([A-Za-z0-9_-]+) -->/g;

/** base64url, so that nothing in it can end the comment. */
export function writePullMarker(marker: PullMarker): string {
  return `<!-- pare-pull:v1 ${Buffer.from(JSON.stringify(schema.parse(marker)), 'utf8').toString('base64url')} -->`;
}

/** Null where there is none, or a person or a later version changed it. The last one counts: all text from outside stands above it. */
export function readPullMarker(body: string): PullMarker | null {
  const found = [...body.matchAll(PATTERN)].at(-1);
  if (found === undefined) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(found[1]!, 'base64url').toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** The body with the marker changed and all other text, whoever wrote it, as it is. Null where there is no marker to change. */
export function changePullMarker(body: string, change: Partial<PullMarker>): string | null {
  const marker = readPullMarker(body);
  const found = [...body.matchAll(PATTERN)].at(-1);
  if (marker === null || found === undefined) return null;
  return (
    body.slice(0, found.index) + writePullMarker({ ...marker, ...change }) + body.slice(found.index + found[0].length)
  );
}

export function findingsOfMarker(marker: PullMarker): Map<string, string> {
  return new Map(Object.entries(marker.findings).flatMap(([evidence, ids]) => ids.map((id) => [id, evidence])));
}

export function fingerprint(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex').slice(0, 16);
}
