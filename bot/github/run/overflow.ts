import type { Platform } from '../contract.ts';
import { fingerprint } from '../pulls/marker.ts';

const PATTERN = /<!-- pare-overflow:v1 (\d{1,3}) ([0-9a-f]{16}) -->\s*$/;

/**
 * The rest of a body that was too long, one comment for each part. A part whose comment already says it is left; where there are more
 * comments than parts, the others say that they are out of date.
 */
export async function syncOverflow(pull: number, parts: readonly string[], platform: Platform): Promise<void> {
  const known = new Map<number, { id: number; digest: string }>();
  for (const comment of await platform.comments(pull)) {
    const found = PATTERN.exec(comment.body);
    if (!comment.own || found === null || known.has(Number(found[1]))) continue;
    known.set(Number(found[1]), { id: comment.id, digest: found[2]! });
  }
  const wanted = [...parts];
  while (wanted.length < known.size) wanted.push('*This part is no longer needed.*');
  for (const [at, text] of wanted.entries()) {
    const digest = fingerprint(text);
    const before = known.get(at);
    const body = `${text}\n\n<!-- pare-overflow:v1 ${at} ${digest} -->\n`;
    if (before === undefined) await platform.createComment(pull, body);
    else if (before.digest !== digest) await platform.updateComment(before.id, body);
  }
}
