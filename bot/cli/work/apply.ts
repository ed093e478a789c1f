import { PareError } from '@pare/analyzer/model/problem.ts';
import type { Batch, FileChange } from '../../change/contract.ts';
import type { BranchWrite, GitRepository, Head, WriteOutcome } from '../../git/contract.ts';
import { openRepository } from '../../git/open.ts';
import { makePlan, type SourceOptions } from '../make-plan.ts';
import { refusalLines, terminalTable, writePlan } from '../plan-output.ts';
import { prefixIn } from '../repository-path.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';

export interface ApplyOptions extends SourceOptions {
  out?: string;
  json?: boolean;
}

/** Author and committer of every commit; a branch whose tip is by anybody else is left alone (law 8). */
export const IDENTITY = { name: 'Pare', email: 'pare@noreply.invalid' } as const;

const SHOWN_FILES = 5;

export async function apply(options: ApplyOptions, runtime: Runtime): Promise<ExitCode> {
  const repository = await openRepository(options.source);
  await requireClean(repository);
  const head = await repository.head();
  const { plan, document, root } = await makePlan(options, runtime);
  const prefix = prefixIn(repository.root, root);
  if (options.out !== undefined) await writePlan(options.out, plan, document, prefix);

  // All contents are worked out before the first branch moves.
  const writes: { batch: Batch; write: BranchWrite }[] = [];
  for (const batch of plan.batches) writes.push({ batch, write: await writeOf(batch, repository, head, prefix) });

  const rows: string[][] = [];
  const branches: { branch: string; outcome: WriteOutcome; findings: string[] }[] = [];
  let handsOff = 0;
  for (const { batch, write } of writes) {
    runtime.signal.throwIfAborted();
    const outcome = await repository.writeBranch(write);
    if (outcome.state === 'hands-off') {
      handsOff += 1;
      runtime.note('warning', `${write.branch} was not touched: ${outcome.why}`);
    }
    rows.push(rowOf(batch, outcome));
    branches.push({ branch: write.branch, outcome, findings: batch.proposals.map(({ finding }) => finding.findingId) });
  }
  const table = terminalTable(['State', 'Commit', 'Rules', 'Files', 'Branch'], rows, runtime.width);
  if (options.json === true) await runtime.write(`${JSON.stringify({ schemaVersion: 1, branches }, null, 2)}\n`);
  else await runtime.write(rows.length === 0 ? 'Nothing to change.\n' : table);
  for (const line of refusalLines(plan)) runtime.note('info', line);
  if (rows.length > handsOff)
    runtime.note('info', `look at one with git show ${rows[0]!.at(-1)}; your working tree is as it was`);
  return rows.length > 0 && options.detailedExitcode === true ? EXIT.findings : EXIT.clean;
}

async function requireClean(repository: GitRepository): Promise<void> {
  const dirty = await repository.dirtyFiles();
  if (dirty.length === 0) return;
  const named = dirty.slice(0, SHOWN_FILES).join(', ');
  const more = dirty.length > SHOWN_FILES ? ` and ${dirty.length - SHOWN_FILES} more` : '';
  throw new PareError({
    code: 'git-dirty',
    message: `the working tree has changes that are not committed: ${named}${more}`,
    next: 'commit or stash them, or use pare plan, which only writes patches',
    fault: 'input',
    file: repository.root,
  });
}

async function writeOf(batch: Batch, repository: GitRepository, head: Head, prefix: string): Promise<BranchWrite> {
  const files = [];
  for (const change of batch.changes) {
    const path = `${prefix}${change.path}`;
    const blob = await repository.readBlob(head.commit, path);
    if (blob === null) throw notCommitted(path);
    files.push({ path, data: blobAfter(change, blob, path) });
  }
  return {
    branch: batch.branch,
    base: head.commit,
    files,
    message: messageOf(batch),
    identity: IDENTITY,
    // The base's date and no clock: the same plan on the same commit is the same commit.
    date: head.date,
  };
}

/**
 * The new blob. Where git checks files out with CRLF, the blob has LF and the edit is carried over; any other difference between blob and
 * working tree (a filter, LFS) ends it. Throws PareError.
 */
export function blobAfter(change: FileChange, blob: Uint8Array, path: string): Uint8Array {
  const committed = Buffer.from(blob);
  if (committed.equals(Buffer.from(change.before, 'utf8'))) return Buffer.from(change.after, 'utf8');
  const lf = (text: string) => Buffer.from(text.replaceAll('\r\n', '\n'), 'utf8');
  if (committed.equals(lf(change.before))) return lf(change.after);
  throw new PareError({
    code: 'git-content-differs',
    message: 'the file in the working tree is not the one that is committed, though git calls it clean',
    next: 'look for a filter in .gitattributes, or use pare plan and apply the patch by hand',
    fault: 'environment',
    file: path,
  });
}

function notCommitted(path: string): PareError {
  return new PareError({
    code: 'git-not-committed',
    message: 'the file is not in the last commit',
    next: 'commit it, or take it out of --source',
    fault: 'input',
    file: path,
  });
}

/** Title, one line for each rule, and trailers by which tools find the batch again. */
function messageOf(batch: Batch): string {
  const lines = batch.proposals.map(
    ({ finding, address }) =>
      `- ${finding.action} ${oneLine(finding.ruleId)} of ${oneLine(finding.groupId)} (${oneLine(address)})`,
  );
  return `${batch.title}\n\n${lines.join('\n')}\n\nPare-Batch: ${oneLine(batch.key)}\n`;
}

/** Hosts look for mentions, references and closing keywords in commit messages too; names from the source must not make any. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/@(?=\w)/g, '@ ')
    .replace(/#(?=\d)/g, '# ')
    .replace(/\bGH-(?=\d)/gi, 'GH - ')
    .replaceAll('://', ': //')
    .trim();
}

function rowOf(batch: Batch, outcome: WriteOutcome): string[] {
  return [
    outcome.state,
    outcome.commit.slice(0, 10),
    String(batch.proposals.length),
    String(batch.changes.length),
    batch.branch,
  ];
}
