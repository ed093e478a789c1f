import type { Finding, FindingsDocument } from '../model/finding.ts';
import { clip, columns, terminalSafe } from '../model/text.ts';
import {
  ACTION_MEANING,
  ACTIONS,
  type Action,
  byAction,
  counted,
  coverageSentence,
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
    for (const finding of members) {
      if (places.length > 1 && placeOf(finding) !== place) {
        place = placeOf(finding);
        lines.push(clip(`  ${terminalSafe(place)}`, width));
      }
      lines.push(ruleLine(finding, width));
      for (const line of argument(finding, width)) lines.push(paint('dim', line));
    }
  }

  lines.push('', ...closing(document, groups, width).flatMap((text) => wrap(text, width, '', '  ')));
  return `${lines.join('\n')}\n`;
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

/** Fixed columns, so that the eye can run down them; a wider terminal gives the space to group and peer. */
function ruleLine(finding: Finding, width: number): string {
  const { group, service, peer } = cellWidths(width);
  const cells = [
    // Never cut: it is what `pare explain` wants.
    terminalSafe(finding.ruleId).padEnd(21),
    fit(terminalSafe(finding.groupName === '' ? finding.groupId : finding.groupName), group),
    fit(terminalSafe(serviceOf(finding)), service),
    directionWord(finding.direction).padEnd(4),
    fit(terminalSafe(peerOf(finding.peer)), peer),
  ];
  return clip(`  ${cells.join('  ')}`.trimEnd(), width);
}

function cellWidths(width: number): { group: number; service: number; peer: number } {
  const spare = Math.max(0, width - 80);
  return {
    group: 14 + Math.floor(spare / 2),
    service: 14,
    peer: Math.max(10, 17 + Math.ceil(spare / 2) - Math.max(0, 80 - width)),
  };
}

function argument(finding: Finding, width: number): string[] {
  const line = ruleLine(finding, width);
  const cut = [serviceOf(finding), peerOf(finding.peer)].some((cell) => !line.includes(terminalSafe(cell)));
  const lines = cut ? wrap(`in full: ${terminalSafe(ruleText(finding))}`, width, '    ', '    ') : [];
  lines.push(...wrap(terminalSafe(finding.detail), width, '    ', '    '));
  if (finding.action === 'narrow') {
    for (const replacement of finding.replacements) {
      lines.push(clip(`    -> ${terminalSafe(replacementText(replacement, finding.direction))}`, width));
    }
  }
  lines.push(...wrap(`${useText(finding)}; ${coverageSentence(finding)}`, width, '    ', '    '));
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

/** Breaks at spaces; a word wider than the line is cut over lines, never lost. */
export function wrap(text: string, width: number, first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ').filter((part) => part !== '')) {
    let left = word;
    if (!empty && columns(line) + 1 + columns(left) > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    while (columns(line) + columns(left) + (empty ? 0 : 1) > width) {
      const room = Math.max(1, width - columns(line) - (empty ? 0 : 1));
      const head = takeColumns(left, room);
      lines.push(`${line}${empty ? '' : ' '}${head}`);
      left = left.slice(head.length);
      line = rest;
      empty = true;
    }
    line += `${empty ? '' : ' '}${left}`;
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
