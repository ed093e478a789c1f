import { z } from 'zod';

const markerSchema = z.object({
  version: z.literal(1),
  batch: z.string(),
  findings: z.array(z.string()),
});
/** What a later run reads back from a body; found by its prefix, so that a person may edit all around it. */
export type BodyMarker = z.infer<typeof markerSchema>;

const PATTERN = /<!-- pare:v1 ([A-Za-z0-9_-]+) -->/g;

/** Hidden in the body: base64url, so that no id can end the comment. */
export function writeMarker(marker: BodyMarker): string {
  return `<!-- pare:v1 ${Buffer.from(JSON.stringify(marker), 'utf8').toString('base64url')} -->`;
}

/** Null where there is none, or it was made by hand or by a later version. */
export function readMarker(body: string): BodyMarker | null {
  // The last one: a name from outside may look like a marker, but stands above it.
  const found = [...body.matchAll(PATTERN)].at(-1);
  if (found === undefined) return null;
  try {
    const parsed = markerSchema.safeParse(JSON.parse(Buffer.from(found[1]!, 'base64url').toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
