import { applyPatch, createTwoFilesPatch, parsePatch, reversePatch } from 'diff';
import { code, words } from '../../change/markdown.ts';
import type { FileWrite, Platform, PullRequestRecord } from '../contract.ts';

export type RevertOutcome =
  | { state: 'opened' | 'open' | 'merged'; pull: number }
  /** Somebody closed it without merging: their word, unless asked again. */
  | { state: 'closed'; pull: number }
  /** Nothing to put back, or the source moved on too far. */
  | { state: 'impossible'; why: string };

export function revertBranch(pull: number): string {
  return `pare/revert-${pull}`;
}

/**
 * A ready pull request that puts back what a merged one took, on the newest default branch: byte for byte where the file did not change
 * since, else by the reversed patch with exact context. `again`: also where an earlier revert was closed.
 */
export async function openRevert(
  platform: Platform,
  merged: PullRequestRecord,
  told: { by: string; issue: number | null; again: boolean },
): Promise<RevertOutcome> {
  if (merged.state !== 'merged' || merged.mergeCommit === null)
    return { state: 'impossible', why: `#${merged.number} is not merged` };
  const branch = revertBranch(merged.number);
  const past = (await platform.pulls()).filter((one) => one.branch === branch);
  const open = past.find((one) => one.state === 'open');
  if (open !== undefined) return { state: 'open', pull: open.number };
  const done = past.find((one) => one.state === 'merged');
  if (done !== undefined) return { state: 'merged', pull: done.number };
  const [closed] = past;
  if (closed !== undefined && !told.again) return { state: 'closed', pull: closed.number };

  const facts = await platform.facts();
  const files = await reversedFiles(platform, merged.mergeCommit, facts.head);
  if (typeof files === 'string') return { state: 'impossible', why: files };
  if ((await platform.branchTip(branch)) === null) {
    const made = await platform.makeCommit({
      parent: facts.head,
      files,
      message: `revert: put back what #${merged.number} removed\n`.replace('#', 'pull request '),
    });
    if (made.state === 'stale') return { state: 'impossible', why: `${made.path} changed in this moment` };
    await platform.createBranch(branch, made.commit);
  }
  const { pull } = await platform.createPull({
    branch,
    base: facts.defaultBranch,
    title: `revert: put back what #${merged.number} removed`,
    body: revertBody(merged, told, files),
    draft: false,
  });
  return { state: 'opened', pull: pull.number };
}

async function reversedFiles(platform: Platform, commit: string, head: string): Promise<FileWrite[] | string> {
  const [parent] = (await platform.commit(commit)).parents;
  if (parent === undefined) return 'its merge commit has no parent';
  const out: FileWrite[] = [];
  for (const path of await platform.changedPaths(commit)) {
    const before = await platform.readFile(parent, path);
    const after = await platform.readFile(commit, path);
    const current = await platform.readFile(head, path);
    // Pare changes files and neither makes nor deletes any.
    if (before === null || after === null || current === null) return `${path} was made, moved or deleted since`;
    const back = current === after ? before : applyPatch(current, reversed(path, before, after), { fuzzFactor: 0 });
    if (back === false) return `${path} changed since at the same lines`;
    if (back !== current) out.push({ path, before: current, after: back });
  }
  return out.length === 0 ? 'it is put back already' : out;
}

function reversed(path: string, before: string, after: string) {
  return reversePatch(parsePatch(createTwoFilesPatch(path, path, before, after))[0]!);
}

function revertBody(
  merged: PullRequestRecord,
  told: { by: string; issue: number | null },
  files: readonly FileWrite[],
): string {
  const why =
    told.issue === null
      ? `${words(told.by, 80)} asked for it with \`/pare revert\`.`
      : `#${told.issue} says what was refused.`;
  const list = files.map((file) => `- ${code(file.path)}`).join('\n');
  return `This puts back what #${merged.number} removed or narrowed. ${why}\n\n${list}\n\nAfter it is merged and applied, Pare keeps these rules until somebody comments \`/pare unkeep RULE\`.\n\n<!-- pare-revert:v1 ${merged.number} -->\n`;
}
