import { createHash } from 'node:crypto';
import type { Proposal } from './contract.ts';

const PREFIX = 'pare/';
/** Short enough that a table of 80 columns shows the whole name; the end of a path tells more than its start. */
const SLUG_LENGTH = 26;

/**
 * `pare/<slug>-<digest>`, [a-z0-9-] after the prefix, from the batch key alone: the same batch has the same branch in every run, whatever
 * its proposals are.
 */
export function branchName(key: string, root: string): string {
  const whole = root
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const end = whole.slice(-SLUG_LENGTH);
  // A word that was cut in two is left out, unless it is all there is.
  const slug = whole.length > SLUG_LENGTH ? end.replace(/^[^-]*-(?=.)/, '') : end;
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 10);
  return `${PREFIX}${slug === '' ? 'root' : slug}-${digest}`;
}

/** A file name for the batch's patch and body. */
export function fileNameOf(branch: string): string {
  return branch.slice(PREFIX.length);
}

/** Conventional commit title. The scope holds only harmless characters; it is cut, since hosts cut titles at 72. */
export function titleOf(proposals: readonly Proposal[], root: string): string {
  const removed = proposals.filter(({ finding }) => finding.action === 'remove').length;
  const narrowed = proposals.length - removed;
  const parts = [
    removed > 0 ? `remove ${removed} unused rule${removed === 1 ? '' : 's'}` : null,
    narrowed > 0 ? `narrow ${narrowed} rule${narrowed === 1 ? '' : 's'}` : null,
  ].filter((part) => part !== null);
  const what = parts.join(', ') || 'no change';
  const scope = root
    .replace(/[^A-Za-z0-9/_.-]+/g, '-')
    .replace(/^[-./]+|[-./]+$/g, '')
    .slice(-28)
    .replace(/^[-./]+/, '');
  return scope === '' ? `fix(security-groups): ${what}` : `fix(${scope}): ${what}`;
}
