import { createHash } from 'node:crypto';
import type { Finding, FindingsDocument } from '@pare/analyzer/model/finding.ts';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { stripControls } from '@pare/analyzer/model/text.ts';
import { code, words } from '../../change/markdown.ts';
import type { CheckAnnotation, CheckRunWrite } from '../contract.ts';
import { evidenceOf } from '../pulls/evidence.ts';
import { findingsOfMarker, type PullMarker } from '../pulls/marker.ts';
import type { Redact } from '../pulls/redact.ts';
import type { ChangedLines } from './lines.ts';

export const CHECK_NAME = 'Pare: evidence';
/** Evidence that is older says too little about a merge today. */
const FRESH_SECONDS = 15 * 24 * 3600;
const SHOWN = 100;

export interface JudgeInput {
  pull: number;
  head: string;
  marker: PullMarker;
  document: FindingsDocument;
  lines: readonly ChangedLines[];
  redact: Redact;
  now: EpochSeconds;
}

export interface Judged {
  finding: string;
  verdict: 'holds' | 'gone' | 'used' | 'changed';
  now: Finding | null;
  /** A sentence. */
  why: string;
}

/**
 * Whether what a pull request was opened for still holds, by the newest evidence. Null where that evidence is older than what the pull
 * request tells: then it has no say.
 */
export function judge(input: JudgeInput): { check: CheckRunWrite; judged: readonly Judged[]; fails: boolean } | null {
  const { marker, document, redact } = input;
  const validAt = Math.floor(Date.parse(document.window.to) / 1000);
  if (validAt < marker.validAt) return null;
  const judged = judgeFindings(marker, document);
  const bad = judged.filter((one) => one.verdict === 'used' || one.verdict === 'changed');
  const blocked = document.replay.blocked > 0;
  const fails = bad.length > 0 || blocked;
  const stale = input.now - validAt > FRESH_SECONDS;
  const conclusion = fails ? 'failure' : stale ? 'action_required' : 'success';
  const title = fails
    ? blocked
      ? 'The replay of the newest evidence blocks connections'
      : `${bad.length} of ${judged.length} proposals no longer hold`
    : stale
      ? `The evidence ends on ${document.window.to.slice(0, 10)}: comment /pare rerun before merging`
      : `All ${judged.length} proposals hold, by evidence up to ${document.window.to.slice(0, 10)}`;
  const summary = redact(summaryOf(judged, document));
  const annotations = annotationsOf(input, judged);
  const digest = createHash('sha256').update(JSON.stringify([conclusion, title, summary, annotations]));
  return {
    judged,
    fails,
    check: {
      name: CHECK_NAME,
      head: input.head,
      status: 'completed',
      conclusion,
      title,
      summary,
      annotations,
      externalId: `pare:${input.pull}:${digest.digest('hex').slice(0, 16)}`,
    },
  };
}

export function judgeFindings(marker: PullMarker, document: FindingsDocument): Judged[] {
  const live = new Map(document.rules.map((one) => [one.findingId, one]));
  return [...findingsOfMarker(marker)]
    .map(([finding, told]) => judgeOne(finding, told, live.get(finding) ?? null, marker.validAt))
    .sort((a, b) => (a.finding < b.finding ? -1 : 1));
}

function judgeOne(finding: string, told: string, now: Finding | null, since: EpochSeconds): Judged {
  if (now === null) return { finding, verdict: 'gone', now, why: 'the rule is no longer there' };
  const [action, replacements] = told.split('.');
  if (now.action === 'keep' || now.action === 'review')
    return { finding, verdict: 'used', now, why: `${arrived(now, since)}${now.detail}` };
  // Less is used than before: what is proposed cuts nothing, and the next run proposes more.
  if (now.action === 'remove') return { finding, verdict: 'holds', now, why: now.detail };
  if (action === 'remove') return { finding, verdict: 'used', now, why: `${arrived(now, since)}${now.detail}` };
  if (digestOf(now) !== replacements)
    return { finding, verdict: 'changed', now, why: `other replacements are needed now: ${now.detail}` };
  return { finding, verdict: 'holds', now, why: now.detail };
}

function digestOf(finding: Finding): string | undefined {
  return evidenceOf(finding).split('.')[1];
}

function arrived({ usage }: Finding, since: EpochSeconds): string {
  const day = new Date(since * 1000).toISOString().slice(0, 10);
  const flows = usage.perDay.filter((one) => one.day >= day).reduce((sum, one) => sum + one.flows, 0);
  return flows === 0 ? '' : `${flows} records since ${day}; `;
}

/** Which connections: the peers and ports that the newest evidence names. */
function connections({ usage }: Finding): string {
  const ports = usage.topPorts.slice(0, 5).map((one) => `${one.protocol}${one.port === null ? '' : ` ${one.port}`}`);
  const peers = usage.topPeers.slice(0, 5).map((one) => one.address);
  const from = peers.length === 0 ? '' : ` with ${peers.join(', ')}`;
  return ports.length + peers.length === 0 ? '' : `${ports.join(', ')}${from}`;
}

function summaryOf(judged: readonly Judged[], document: FindingsDocument): string {
  const bad = judged.filter((one) => one.verdict === 'used' || one.verdict === 'changed');
  const lines = [
    `Evidence from ${document.window.from} to ${document.window.to}; ${document.replay.connections} connection classes replayed, ${document.replay.blocked} blocked.`,
  ];
  if (bad.length > 0) {
    lines.push('## What no longer holds', bad.slice(0, SHOWN).map(row).join('\n'));
    if (bad.length > SHOWN) lines.push(`… and ${bad.length - SHOWN} more.`);
    lines.push('The pull request is a draft until `/pare rerun` has brought it up to date.');
  }
  const gone = judged.filter((one) => one.verdict === 'gone');
  if (gone.length > 0) lines.push(`${gone.length} of the rules are no longer there.`);
  lines.push(`${judged.filter((one) => one.verdict === 'holds').length} of ${judged.length} hold.`);
  return lines.join('\n\n');
}

function row({ finding, now, why }: Judged): string {
  const which = now === null ? '' : connections(now);
  const rule = now === null ? '' : `${code(now.ruleId)} of ${code(now.groupId)} `;
  return `- ${rule}(${code(finding)}): ${words(why)}${which === '' ? '' : `; seen: ${code(which)}`}`;
}

function annotationsOf({ lines, redact }: JudgeInput, judged: readonly Judged[]): CheckAnnotation[] {
  const out: CheckAnnotation[] = [];
  for (const one of judged) {
    if (one.now === null) continue;
    const at = placeOf(one.now, lines);
    if (at === null) continue;
    const fails = one.verdict === 'used' || one.verdict === 'changed';
    const seen = connections(one.now);
    // Annotations are plain text; only what is invisible could do harm.
    const message = stripControls(`${one.why}${fails && seen !== '' ? `; seen: ${seen}` : ''}`).slice(0, 4000);
    out.push({
      path: at.path,
      startLine: at.startLine,
      endLine: at.endLine,
      level: fails ? 'failure' : 'notice',
      title: redact(stripControls(`${one.now.action} ${one.now.ruleId}`)).slice(0, 200),
      message: redact(message),
    });
  }
  return out.sort(
    (a, b) =>
      Number(b.level === 'failure') - Number(a.level === 'failure') ||
      compare(a.path, b.path) ||
      a.startLine - b.startLine,
  );
}

/** The stretch whose old text names the most of the rule; the first one where none does. */
function placeOf(finding: Finding, lines: readonly ChangedLines[]): ChangedLines | null {
  const names = [
    ...Object.values(finding.peer),
    finding.groupId,
    ...(finding.fromPort === null ? [] : [String(finding.fromPort)]),
  ];
  const score = (one: ChangedLines) => names.filter((name) => name !== undefined && one.removed.includes(name)).length;
  let best: ChangedLines | null = null;
  for (const one of lines) if (best === null || score(one) > score(best)) best = one;
  return best;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
