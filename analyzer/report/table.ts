import type { Finding, FindingsDocument } from '../model/finding.ts';
import { clip, columns, terminalSafe } from '../model/text.ts';
import {
  ACTION_MEANING,
  ACTIONS,
  type Action,
  byAction,
  counted,
  dayOf,
  directionWord,
  peerOf,
  placeOf,
  placesOf,
  replacementText,
  ruleText,
  serviceOf,
  sortedFindings,
  thousands,
  useText,
  windowDays,
} from './words.ts';

export interface TableOptions {
  /** Columns of the terminal; nothing is wider, except an id that alone is. At least 60. */
  width: number;
  color: boolean;
  /** Also list the rules that stay. */
  all?: boolean;
}

const PAINT: Readonly<Record<Action | 'dim' | 'bold', string>> = {
  remove: '1;31',
  narrow: '1;33',
  review: '1;36',
  keep: '1;32',
  dim: '2',
  bold: '1',
};

/** The findings for a terminal: what can go first, what stays as a count. Ends with a line feed. */
export function toTable(document: FindingsDocument, options: TableOptions): string {
  const width = Math.max(60, options.width);
  const paint = (style: keyof typeof PAINT, text: string) =>
    options.color ? `\u001b[${PAINT[style]}m${text}\u001b[0m` : text;
  const findings = sortedFindings(document);
  const groups = byAction(findings);
  const places = placesOf(findings);
  const lines = heading(document, findings, width);

  for (const action of ACTIONS) {
    const members = groups[action];
    if (members.length === 0) continue;
    lines.push(
      '',
      `${paint(action, action.toUpperCase())}  ${counted(members.length, 'rule')}: ${ACTION_MEANING[action]}`,
    );
    if (action === 'keep' && options.all !== true) continue;
    let place: string | null = null;
    for (const run of runs(members, places.length > 1)) {
      if (places.length > 1 && placeOf(run[0]!) !== place) {
        place = placeOf(run[0]!);
        lines.push(clip(`  ${terminalSafe(place)}`, width));
      }
      for (const finding of run) lines.push(...ruleLines(finding, width));
      for (const line of argument(run, width)) lines.push(paint('dim', line));
    }
  }

  lines.push('', ...closing(document, groups, width).flatMap((text) => wrap(text, width, '', '  ')));
  return `${lines.join('\n')}\n`;
}

/** Neighbours of which the same is to be said are told together; a rule with figures or replacements of its own stands alone. */
function runs(members: readonly Finding[], byPlace: boolean): Finding[][] {
  const out: Finding[][] = [];
  for (const finding of members) {
    const last = out.at(-1);
    const before = last?.[0];
    const same =
      before !== undefined &&
      before.detail === finding.detail &&
      before.usage.flows + finding.usage.flows + finding.replacements.length === 0 &&
      (!byPlace || placeOf(before) === placeOf(finding));
    if (last !== undefined && same) last.push(finding);
    else out.push([finding]);
  }
  return out;
}

function heading(document: FindingsDocument, findings: readonly Finding[], width: number): string[] {
  const { window, flowLogs } = document;
  const places = placesOf(findings);
  const where =
    places.length === 1
      ? ` in ${terminalSafe(places[0]!)}`
      : ` in ${counted(places.length, 'account and region', 'accounts and regions')}`;
  return wrap(
    `${counted(findings.length, 'rule')} of ${counted(new Set(findings.map((f) => f.groupId)).size, 'group')}${findings.length === 0 ? '' : where}, ` +
      `judged on ${counted(flowLogs.records, 'flow-log record')} from ${dayOf(window.from)} to ${dayOf(window.to)} (${windowDays(document)} days)`,
    width,
    '',
    '',
  );
}

/** Fixed columns, so that the eye can run down them; a wider terminal gives the space to group and peer. What had to be cut follows in full. */
function ruleLines(finding: Finding, width: number): string[] {
  const spare = Math.max(0, width - 80);
  const service = terminalSafe(serviceOf(finding));
  const peer = terminalSafe(peerOf(finding.peer));
  const cells = [
    // Never cut: it is what `pare explain` wants.
    terminalSafe(finding.ruleId).padEnd(21),
    fit(terminalSafe(finding.groupName === '' ? finding.groupId : finding.groupName), 14 + Math.floor(spare / 2)),
    fit(service, 14),
    directionWord(finding.direction).padEnd(4),
    fit(peer, Math.max(10, 21 + Math.ceil(spare / 2) - Math.max(0, 80 - width))),
  ];
  const line = clip(`  ${cells.join(' ')}`.trimEnd(), width);
  if (line.includes(service) && line.includes(peer)) return [line];
  return [line, ...wrap(`in full: ${terminalSafe(ruleText(finding))}`, width, '    ', '    ')];
}

function argument(run: readonly Finding[], width: number): string[] {
  const finding = run[0]!;
  const each = run.length === 1 ? '' : `Each of these ${run.length}: `;
  const lines = wrap(`${each}${terminalSafe(finding.detail)}`, width, '    ', '    ');
  if (finding.action === 'narrow') {
    for (const replacement of finding.replacements) {
      lines.push(
        ...wrap(`-> ${terminalSafe(replacementText(replacement, finding.direction))}`, width, '    ', '       '),
      );
    }
  }
  if (finding.usage.flows > 0) lines.push(`    ${useText(finding)}`);
  return lines;
}

function closing(document: FindingsDocument, groups: Record<Action, Finding[]>, width: number): string[] {
  const { replay, flowLogs, unexplained, warnings } = document;
  const lines = [
    ACTIONS.map((action) => `${thousands(groups[action].length)} ${action}`).join(', '),
    `Replay of all proposals together: ${counted(replay.blocked, 'connection')} blocked of ${thousands(replay.connections)} (${counted(replay.flows, 'record')})`,
  ];
  for (const skip of flowLogs.skipped) {
    const example =
      skip.example === null ? '' : ` (e.g. ${clip(terminalSafe(skip.example), Math.max(24, width - 40))})`;
    lines.push(`Not used: ${thousands(skip.count)}, ${terminalSafe(skip.reason)}${example}`);
  }
  for (const gap of unexplained) {
    lines.push(
      `Unexplained: ${counted(gap.flows, 'accepted record')} ${gap.direction} on ${terminalSafe(gap.interfaceId)} (${terminalSafe(gap.reason)}); ${terminalSafe(gap.groups.join(', ') || 'no known group')} left alone in that direction`,
    );
  }
  for (const warning of warnings) {
    const place =
      warning.file === undefined ? '' : `${warning.file}${warning.at === undefined ? '' : `:${warning.at}`}: `;
    lines.push(`Warning: ${terminalSafe(`${place}${warning.message}; ${warning.next}`)}`);
  }
  return lines;
}

function fit(text: string, width: number): string {
  const clipped = clip(text, width);
  return clipped + ' '.repeat(Math.max(0, width - columns(clipped)));
}

/** Breaks at spaces, but not before `%`; a word wider than the line is cut over lines, never lost. */
export function wrap(text: string, width: number, first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first;
  // Of `line`; columns add up, so that a long line is not counted again for each word.
  let used = columns(first);
  let empty = true;
  const start = (text: string): void => {
    line = text;
    used = columns(text);
    empty = true;
  };
  for (const word of text.split(/ (?!%)/).filter((part) => part !== '')) {
    let left = word;
    let wide = columns(left);
    if (!empty && used + 1 + wide > width) {
      lines.push(line);
      start(rest);
    }
    while (used + wide + (empty ? 0 : 1) > width) {
      const room = Math.max(1, width - used - (empty ? 0 : 1));
      const head = takeColumns(left, room);
      lines.push(`${line}${empty ? '' : ' '}${head}`);
      left = left.slice(head.length);
      wide = columns(left);
      start(rest);
    }
    line += `${empty ? '' : ' '}${left}`;
    used += wide + (empty ? 0 : 1);
    empty = false;
  }
  if (!empty || lines.length === 0) lines.push(line);
  return lines;
}

function takeColumns(text: string, width: number): string {
  let out = '';
  let used = 0;
  for (const c of text) {
    const next = columns(c);
    if (out !== '' && used + next > width) break;
    out += c;
    used += next;
  }
  return out;
}
