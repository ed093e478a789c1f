import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { readConfig } from '../config/read.ts';
import { CONFIG_PATH, defaultConfig } from '../config/schema.ts';
import type { CheckRunWrite, Clock, Platform, PullRequestRecord } from '../contract.ts';
import { readPullMarker } from '../pulls/marker.ts';
import { mustRedact, redactText } from '../pulls/redact.ts';
import { CHECK_NAME, judge } from './judge.ts';
import { type ChangedLines, changedLines } from './lines.ts';

export interface CheckInput {
  platform: Platform;
  document: FindingsDocument;
  clock: Clock;
  pull: number;
  /** A merge queue's trial commit. */
  head?: string;
}

/** GitHub's limit of one request; more are appended, and only then is the check completed. */
const PER_REQUEST = 50;

/**
 * Judges one pull request by the newest evidence, writes the check where it says something else than before, and turns the pull request to
 * a draft when it fails. It is never turned back: that is for a person, or for a run that brings it up to date.
 */
export async function performCheck(input: CheckInput): Promise<'written' | 'unchanged' | 'none'> {
  const { platform, document, clock } = input;
  const pull = await platform.pull(input.pull);
  const marker = pull === null ? null : readPullMarker(pull.body);
  if (pull === null || marker === null || pull.state !== 'open') return 'none';
  const head = input.head ?? pull.head;
  const result = judge({
    pull: pull.number,
    head,
    marker,
    document,
    lines: await linesOf(pull, platform),
    redact: (await isRedacted(platform)) ? redactText : (text) => text,
    now: clock.now(),
  });
  if (result === null) return 'none';
  const wrote = await writeOnce(result.check, platform);
  if (result.fails && !pull.draft) await platform.setDraft(pull.number, true);
  return wrote ? 'written' : 'unchanged';
}

async function writeOnce(check: CheckRunWrite, platform: Platform): Promise<boolean> {
  const known = [...(await platform.checkRuns(check.head, CHECK_NAME))].sort((a, b) => a.id - b.id);
  const same = known.findLast((one) => one.externalId === check.externalId);
  // Only the newest counts for GitHub: one that says the same and was overtaken is written again.
  if (same !== undefined && same === known.at(-1)) {
    if (same.status === 'completed') return false;
    await platform.writeCheck({ ...check, annotations: [] }, same.id);
    return true;
  }
  if (check.annotations.length <= PER_REQUEST) {
    await platform.writeCheck(check);
    return true;
  }
  const { conclusion, ...open } = check;
  const made = await platform.writeCheck({ ...open, status: 'in_progress' });
  await platform.writeCheck({ ...open, ...(conclusion === undefined ? {} : { conclusion }), annotations: [] }, made.id);
  return true;
}

/** Changed lines of all commits of the pull request, on its own side. */
async function linesOf(pull: PullRequestRecord, platform: Platform): Promise<ChangedLines[]> {
  const base = pull.commits[0]?.parents[0];
  if (base === undefined) return [];
  const paths = new Set<string>();
  for (const commit of pull.commits) for (const path of await platform.changedPaths(commit.sha)) paths.add(path);
  const out: ChangedLines[] = [];
  for (const path of [...paths].sort()) {
    const before = await platform.readFile(base, path);
    const after = await platform.readFile(pull.head, path);
    if (after !== null) out.push(...changedLines(path, before ?? '', after));
  }
  return out;
}

async function isRedacted(platform: Platform): Promise<boolean> {
  const facts = await platform.facts();
  const text = await platform.readFile(facts.head, CONFIG_PATH);
  const read = text === null ? null : readConfig(text);
  return mustRedact(read?.ok === true ? read.config.redact : defaultConfig().redact, facts);
}
