import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { evidenceSection } from '../../change/body/evidence.ts';
import { proofSection } from '../../change/body/proof.ts';
import { risksSection } from '../../change/body/risks.ts';
import { rulesSection } from '../../change/body/rules.ts';
import { undoSection } from '../../change/body/undo.ts';
import { untouchedSection } from '../../change/body/untouched.ts';
import { BODY_LIMIT, code, codeCell, table, words } from '../../change/markdown.ts';
import type { Unit } from '../contract.ts';
import { evidenceOf } from './evidence.ts';
import { fingerprint, writePullMarker } from './marker.ts';
import { editDigest } from './own.ts';
import { redactBatch, redactDocument, redactText } from './redact.ts';
import { sparklineSection } from './sparkline.ts';

export interface PullText {
  title: string;
  body: string;
  /** What did not fit, in parts that each fit a comment. */
  overflow: readonly string[];
}

/** Title, body and, where the body is too long, its rest. The same unit and document give the same text. `since`: of the open pull request. */
export function pullText(unit: Unit, document: FindingsDocument, redacted: boolean, since?: number): PullText {
  const batch = redacted ? redactBatch(unit.batch) : unit.batch;
  const facts = redacted ? redactDocument(document) : document;
  const hide = redacted ? redactText : (text: string) => text;
  const validAt = Math.floor(Date.parse(document.window.to) / 1000);
  const marker = (body: string) =>
    writePullMarker({
      version: 1,
      unit: unit.key,
      edit: editDigest(unit.batch),
      validAt,
      since: since ?? validAt,
      body: fingerprint(body),
      title: fingerprint(unit.batch.title),
      findings: byEvidence(unit),
    });
  const shown = { ...unit, batch };
  const findings = batch.proposals.map((one) => one.finding);
  // Pieces in the order of the body; the long ones may lose their end to a comment.
  const pieces: { text: string; long: boolean }[] = [
    { text: summary(shown, redacted), long: false },
    { text: rulesSection(batch), long: true },
    { text: redacted ? shortEvidence(shown) : evidenceSection(batch, facts), long: true },
    { text: redacted ? '' : sparklineSection(findings, facts.window), long: false },
    { text: redacted ? shortProof(shown) : proofSection(batch, facts), long: false },
    { text: risksSection(batch), long: true },
    { text: untouchedSection(batch), long: true },
    { text: undoSection(batch), long: false },
    { text: COMMANDS, long: false },
  ].filter((piece) => piece.text !== '');
  const texts = pieces.map((piece) => ({ ...piece, text: hide(piece.text) }));
  const { kept, rest } = fit(texts, BODY_LIMIT - marker('').length - 40);
  const body = kept.join('\n\n');
  return { title: batch.title, body: `${body}\n\n${marker(body)}\n`, overflow: parts(rest) };
}

const COMMANDS = `## Commands

Comment with one of these at its start (write access needed): \`/pare rerun\`, \`/pare explain RULE\`, \`/pare keep RULE until DATE because …\`, \`/pare drop RULE\`, \`/pare split\`, \`/pare rebase\`, \`/pare recreate\`, \`/pare help\`. Closing this pull request means no to exactly these rules until their evidence changes.`;

function byEvidence({ batch }: Unit): Record<string, string[]> {
  const out = new Map<string, string[]>();
  for (const { finding } of batch.proposals) {
    const evidence = evidenceOf(finding);
    out.set(evidence, [...(out.get(evidence) ?? []), finding.findingId].sort());
  }
  return Object.fromEntries([...out].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function summary({ batch, draft }: Unit, redacted: boolean): string {
  const removed = batch.proposals.filter(({ finding }) => finding.action === 'remove').length;
  const narrowed = batch.proposals.length - removed;
  const what = [
    removed > 0 ? `removes ${removed} rule${removed === 1 ? '' : 's'} that no traffic used` : null,
    narrowed > 0 ? `narrows ${narrowed} rule${narrowed === 1 ? '' : 's'} to what traffic used` : null,
  ].filter((part) => part !== null);
  const files = batch.changes.slice(0, 10).map((change) => code(change.path));
  const more = batch.changes.length > 10 ? `, and ${batch.changes.length - 10} more` : '';
  const lines = [`This change ${what.join(' and ')}, in ${files.join(', ')}${more}.`];
  if (draft)
    lines.push(
      'It is a draft because Pare is less sure of it: the place in the source, or the evidence. Look at the percentages below before you mark it as ready.',
    );
  if (redacted)
    lines.push('Ids, addresses and figures of the network are left out, since this may be read by anybody.');
  return lines.join('\n\n');
}

/** In public: how sure, and nothing about the network. */
function shortEvidence({ batch }: Unit): string {
  const rows = batch.proposals.map(({ finding: { ruleId, findingId, usage, coverage, confidence } }) => [
    codeCell(ruleId),
    codeCell(findingId),
    usage.flows === 0 ? 'unused' : 'used in part',
    coverage.expectedInterfaceHours > 0
      ? `${Math.floor((100 * coverage.observedInterfaceHours) / coverage.expectedInterfaceHours)} %`
      : 'no interface',
    `${Math.round(confidence * 100)} %`,
  ]);
  return ['## Evidence', '', table(['Rule', 'Finding', 'Use', 'Coverage', 'Confidence'], rows)].join('\n');
}

function shortProof({ batch }: Unit): string {
  const { proof } = batch;
  return [
    '## Proof',
    '',
    '- **Replay**: all proposals of this run together were replayed over everything the logs hold; no connection loses its last rule.',
    '- **Nothing opens**: each replacement allows a subset of the rule it replaces.',
    `- **The edit does this and no more**: the source was evaluated before and after; the difference is ${proof.removed} removed and ${proof.added} added, exactly the table above.`,
  ].join('\n');
}

interface Fit {
  kept: string[];
  rest: string[];
}

/** Cuts whole lines off the end of the longest pieces until all fits. */
function fit(pieces: readonly { text: string; long: boolean }[], room: number): Fit {
  const note = '\n\n*… continued in a comment below.*';
  const kept = pieces.map((piece) => piece.text);
  const rest = pieces.map(() => '');
  const total = () => kept.reduce((sum, text) => sum + text.length + 2, 0);
  while (total() > room) {
    const over = total() - room;
    const lengths = kept.map((text, at) => (pieces[at]!.long ? text.length : 0));
    const longest = lengths.indexOf(Math.max(...lengths));
    const text = kept[longest]!.replace(note, '');
    const target = Math.max(0, Math.max(lengths[longest]! - over - note.length, second(lengths)));
    const cut = text.lastIndexOf('\n', Math.min(target, text.length - 2));
    // Only headings are left: the marker alone is too long for GitHub, which limits.rules does not allow.
    if (cut <= 0) break;
    rest[longest] = `${text.slice(cut + 1)}${rest[longest] === '' ? '' : `\n${rest[longest]}`}`;
    kept[longest] = `${text.slice(0, cut)}${note}`;
  }
  const headings = pieces.map((piece) => piece.text.slice(0, piece.text.indexOf('\n')));
  return { kept, rest: rest.flatMap((text, at) => (text === '' ? [] : [`${headings[at]}, continued\n\n${text}`])) };
}

function second(lengths: readonly number[]): number {
  return [...lengths].sort((a, b) => b - a)[1] ?? 0;
}

function parts(rest: readonly string[]): string[] {
  const out: string[] = [];
  let part = '';
  for (const line of rest.join('\n\n').split('\n')) {
    const next = part === '' ? line : `${part}\n${line}`;
    if (next.length > BODY_LIMIT && part !== '') {
      out.push(part);
      part = line;
    } else part = next;
  }
  if (part.trim() !== '') out.push(part);
  return out;
}

const NOTICE = /^> \*\*Pare leaves this branch alone\.\*\*[^\n]*\n\n/;

/** The same body with a word at its top that the branch is a person's now. */
export function withHandsOff(body: string, name: string, sha: string): string {
  const notice = `> **Pare leaves this branch alone.** ${code(sha.slice(0, 10))} by ${words(name, 80)} is not Pare's. Comment \`/pare recreate\` to have it made anew without that commit.\n\n`;
  return notice + withoutHandsOff(body);
}

export function withoutHandsOff(body: string): string {
  return body.replace(NOTICE, '');
}
