import type { Finding, FindingsDocument } from '../model/finding.ts';
import { terminalSafe } from '../model/text.ts';
import { evidenceMeaning } from './evidence-words.ts';
import { wrap } from './table.ts';
import {
  ACTION_MEANING,
  bytesText,
  compare,
  counted,
  coverageShare,
  dayOf,
  percent,
  replacementText,
  ruleText,
  thousands,
  windowDays,
} from './words.ts';

export interface ExplainOptions {
  width: number;
  color: boolean;
  /** What `pare plan` found out about the source; absent when nobody looked. */
  source?: SourceStory;
}

/** From proposals.json: the edit that makes the finding true, or why there is none. */
export type SourceStory =
  | {
      kind: 'edit';
      file: string;
      line: number;
      address: string;
      why: string;
      confidence: number;
      removed: readonly string[];
      inserted: readonly string[];
    }
  | { kind: 'refused'; reasons: readonly { message: string; file: string; line: number }[] }
  | { kind: 'none' };

/** The whole argument about one rule, for a reader who never saw Pare. Ends with a line feed. */
export function toExplanation(document: FindingsDocument, finding: Finding, options: ExplainOptions): string {
  const width = Math.max(60, options.width);
  const title = (text: string) => (options.color ? `\u001b[1m${text}\u001b[0m` : text);
  const lines: string[] = [];
  const say = (text: string, indent = '  ') => lines.push(...wrap(terminalSafe(text), width, indent, indent));
  const section = (text: string) => lines.push('', title(text));

  const into = finding.direction === 'ingress' ? 'into' : 'out of';
  const group = finding.groupName === '' ? finding.groupId : `${finding.groupName} (${finding.groupId})`;
  say(
    `${finding.ruleId} allows ${ruleText(finding)}, ${into} the interfaces that wear ${group}, in account ${finding.accountId}, ${finding.region}.`,
    '',
  );
  if (finding.description !== null && finding.description !== '') say(`Its description: "${finding.description}"`, '');

  section('Verdict');
  say(
    `${finding.action}: ${ACTION_MEANING[finding.action]}${finding.action === 'review' ? '' : ` (confidence ${percent(finding.confidence)})`}`,
  );
  say(finding.detail);
  say(`Reason: ${finding.reason}`);

  section(
    `What it let in, ${dayOf(document.window.from)} to ${dayOf(document.window.to)} (${windowDays(document)} days)`,
  );
  for (const text of usageStory(finding)) say(text);
  for (const text of lists(finding)) say(text, '    ');

  section('What the flow logs cover');
  for (const text of coverageStory(document, finding)) say(text);

  section('What would change');
  for (const text of changeStory(document, finding)) {
    if (text.startsWith('->')) lines.push(`    ${terminalSafe(text)}`);
    else say(text);
  }

  section('Where it is written');
  for (const text of sourceStory(options.source)) say(text);
  for (const text of edits(options.source)) lines.push(`    ${terminalSafe(text)}`);
  return `${lines.join('\n')}\n`;
}

function usageStory(finding: Finding): string[] {
  const { usage } = finding;
  if (usage.flows === 0)
    return ['No accepted flow-log record belongs to a connection that this rule could have let in.'];
  return [
    `${counted(usage.flows, 'accepted record')} (${bytesText(usage.bytes)}, ${counted(usage.packets, 'packet')}) on ${counted(usage.daysSeen, 'day')} belong to connections that it could have let in; the first at ${usage.firstSeen ?? 'an unknown time'}, the last at ${usage.lastSeen ?? 'an unknown time'}.`,
    usage.onlyPermitterFlows === 0
      ? 'For each of them another rule of the interface allows the connection as well.'
      : `${thousands(usage.onlyPermitterFlows)} of them no other rule of the interface could have let in.`,
    ...(usage.uncertainFlows === 0
      ? []
      : [
          `For ${thousands(usage.uncertainFlows)} of them it is unclear who opened the connection or who the peer was; these count as use.`,
        ]),
  ];
}

function lists(finding: Finding): string[] {
  const { evidence, topPeers, topPorts } = finding.usage;
  const classes = Object.entries(evidence).sort(([a, m], [b, n]) => n - m || compare(a, b));
  return [
    ...classes.map(([name, records]) =>
      `opener known, ${counted(records, 'record')}: ${evidenceMeaning(name)}`.replace(
        /^opener known(?=.*undecided)/,
        'opener not known',
      ),
    ),
    ...topPeers.map((peer) => `peer ${peer.address}: ${counted(peer.flows, 'record')}, ${bytesText(peer.bytes)}`),
    ...topPorts.map(
      (port) =>
        `${port.port === null ? `${port.protocol} (the logs show no port)` : `port ${port.protocol} ${port.port}`}: ${counted(port.flows, 'record')}, ${bytesText(port.bytes)}`,
    ),
  ];
}

function coverageStory(document: FindingsDocument, finding: Finding): string[] {
  const { coverage } = finding;
  const share = coverageShare(finding);
  const out: string[] = [];
  if (share === null) {
    out.push('No interface wore the group within the window, so nothing could be seen.');
  } else {
    out.push(
      `${thousands(Math.floor(coverage.observedInterfaceHours))} of ${thousands(Math.ceil(coverage.expectedInterfaceHours))} hours (${percent(share)}) in which ${counted(coverage.interfaces.length, 'interface')} wore the group: ${coverage.interfaces.join(', ')}.`,
    );
  }
  if (coverage.skippedRecords > 0)
    out.push(`AWS reports ${counted(coverage.skippedRecords, 'gap')} (SKIPDATA) on them.`);
  out.push('No data is not no traffic: where logs are missing, a rule is never called unused.');
  for (const gap of document.unexplained) {
    if (!gap.groups.includes(finding.groupId) || gap.direction !== finding.direction) continue;
    out.push(
      `${counted(gap.flows, 'accepted record')} on ${gap.interfaceId} no known rule explains (${gap.reason}, e.g. ${gap.example}); therefore nothing is proposed for this group in this direction.`,
    );
  }
  return out;
}

function changeStory(document: FindingsDocument, finding: Finding): string[] {
  const { replay } = document;
  const proof = `All proposals of this run together were replayed over the evidence: ${counted(replay.blocked, 'connection')} of ${thousands(replay.connections)} would lose the last rule that allows it.`;
  if (finding.action === 'remove') return ['The rule would go; nothing stands instead.', proof];
  if (finding.action === 'narrow') {
    return [
      'The rule would become:',
      ...finding.replacements.map((r) => `-> ${replacementText(r, finding.direction)}`),
      'Each is a part of what the rule allows now, so nothing opens.',
      proof,
    ];
  }
  return finding.action === 'review' ? ['Nothing, until a person decides.'] : ['Nothing.'];
}

function sourceStory(source: SourceStory | undefined): string[] {
  if (source === undefined) {
    return [
      'Not looked for. Run pare plan --findings FILE --source DIR --out DIR, then explain with --proposals DIR/proposals.json.',
    ];
  }
  if (source.kind === 'none') return ['The plan says nothing about this rule: no change was wanted.'];
  if (source.kind === 'refused') {
    return ['No edit:', ...source.reasons.map((reason) => `${place(reason)}${reason.message}`)];
  }
  return [`${place(source)}${source.address} (confidence ${percent(source.confidence)}: ${source.why})`];
}

/** Source as it stands: not wrapped, its indentation kept. */
function edits(source: SourceStory | undefined): string[] {
  if (source?.kind !== 'edit') return [];
  const marked = (texts: readonly string[], mark: string) =>
    texts
      .flatMap((text) => text.replace(/\n$/, '').split('\n'))
      .map((line) => `${mark} ${line.replaceAll('\t', '  ')}`);
  return [...marked(source.removed, '-'), ...marked(source.inserted, '+')];
}

function place(at: { file: string; line: number }): string {
  return at.file === '' ? '' : `${at.file}:${at.line}: `;
}
