import { createHash } from 'node:crypto';
import type { Batch } from '../../change/contract.ts';
import { replacementOf } from '../../change/proposals.ts';
import type { CommitRecord } from '../contract.ts';

/**
 * Law 8: a commit is Pare's when its trailer names its own tree, which nobody's change survives: an amended, rebased or merged commit has
 * another tree or more parents. Names and addresses prove nothing, since a token commits under a person's name.
 */
export function isOwnCommit(commit: CommitRecord): boolean {
  return commit.parents.length === 1 && trailer(commit.message, 'Pare-Tree') === commit.tree;
}

/** The first commit that is not Pare's; null where all are. */
export function foreignCommit(commits: readonly CommitRecord[]): CommitRecord | null {
  return commits.find((commit) => !isOwnCommit(commit)) ?? null;
}

/** Which edit a commit of ours makes; null where it does not say. */
export function editOfCommit(commit: CommitRecord): string | null {
  return trailer(commit.message, 'Pare-Edit');
}

function trailer(message: string, name: string): string | null {
  const found = [...message.matchAll(/^([A-Za-z-]+): ([0-9a-f]+)\s*$/gm)].filter((one) => one[1] === name);
  return found.at(-1)?.[2] ?? null;
}

/**
 * What a batch does to the source, whatever the source around it is: the same edit on a newer base has the same digest, so a branch that
 * merges cleanly is left as it is.
 */
export function editDigest(batch: Batch): string {
  const parts = batch.proposals.map((one) => [
    one.finding.findingId,
    one.finding.action,
    one.replacements.map(replacementOf),
    one.edits.map(({ file, removed, inserted }) => [file, removed, inserted]),
  ]);
  return createHash('sha256')
    .update(JSON.stringify([batch.key, parts]))
    .digest('hex')
    .slice(0, 20);
}

/** Title, one line for each finding, and the trailers. Only ids that are digests and names that the source has: it may be public. */
export function commitMessage(batch: Batch): string {
  const lines = batch.proposals
    .slice(0, 200)
    .map(({ finding, address }) => `- ${finding.action} ${finding.findingId} (${inert(address)})`);
  const more = batch.proposals.length > 200 ? [`- and ${batch.proposals.length - 200} more`] : [];
  return `${inert(batch.title)}\n\n${[...lines, ...more].join('\n')}\n\nPare-Batch: ${inert(batch.key)}\nPare-Edit: ${editDigest(batch)}\n`;
}

/** GitHub looks for mentions, references and closing keywords in commit messages too, and a line of its own would look like a trailer. */
function inert(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/@(?=\w)/g, '@ ')
    .replace(/#(?=\d)/g, '# ')
    .replace(/\bGH-(?=\d)/gi, 'GH - ')
    .replaceAll('://', ': //')
    .trim()
    .slice(0, 200);
}
