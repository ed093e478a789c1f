import { code, table, words } from '../../change/markdown.ts';
import type { PareConfig } from '../config/schema.ts';
import { isExpired } from '../config/select.ts';
import type { Memory, RepositoryFacts } from '../contract.ts';
import type { Decision } from '../pulls/ladder.ts';
import { mustRedact, redactText } from '../pulls/redact.ts';
import type { Decided } from '../run/decide.ts';
import type { SparedFinding } from '../run/spare.ts';
import type { Units } from '../run/units.ts';
import { writeMemory } from './memory.ts';
import { tickId, tickLine } from './ticks.ts';

export interface DashboardInput {
  memory: Memory;
  config: PareConfig;
  facts: RepositoryFacts;
  decided: Decided;
  /** Pull requests that were opened or found while performing, by unit. */
  opened: ReadonlyMap<string, number>;
  /** Decisions that could not be performed, by unit, with the reason. */
  failed: ReadonlyMap<string, string>;
  units: Units;
  /** What is wrong with the configuration, one line each. */
  problems: readonly string[];
  now: number;
}

/** GitHub's limit is 65,536; what is cut is said. */
const ROOM = 64_000;
const ROWS = 60;

/**
 * The dashboard: what is open, waits, is left alone and why. Nothing in it depends on what this run did, only on what is: a re-run with
 * the same evidence writes the same text.
 */
export function renderDashboard(input: DashboardInput): string {
  const hide = mustRedact(input.config.redact, input.facts) ? redactText : (text: string) => text;
  const memory = writeMemory(input.memory);
  const room = ROOM - memory.length;
  for (let rows = ROWS; ; rows = Math.floor(rows / 2)) {
    const visible = hide(sections(input, rows).join('\n\n'));
    if (visible.length <= room || rows === 0) return `${visible}\n\n${memory}\n`;
  }
}

function sections(input: DashboardInput, rows: number): string[] {
  const { memory, decided, units } = input;
  const at = (states: readonly Decision['state'][]) => decided.decisions.filter((one) => states.includes(one.state));
  const waiting = [...at(['waiting']), ...at(['open', 'failed']).filter((one) => pullOf(one, input) === null)];
  const open = decided.decisions.filter((one) => pullOf(one, input) !== null && one.state !== 'close');
  return [
    'Pare removes and narrows security group rules that traffic does not need. This issue is its dashboard and its memory: tick a box to act, and leave the last line as it is.',
    ...notices(input),
    section(
      'Open',
      open.sort(byPull).map((one) => openRow(one, input)),
      rows,
      'Nothing is open.',
    ),
    section(
      'Waiting for a slot',
      waiting.sort(byUnit).map((one) => waitingRow(one, input)),
      rows,
      null,
    ),
    section(
      'Kept and ignored',
      units.spared.map((one) => sparedRow(one, memory)),
      rows,
      null,
    ),
    section('Blocked', blockedRows(units), rows, null),
    saved(memory),
    section('Lately', [...memory.audit].reverse().slice(0, 15).map(auditRow), rows, null),
    `## Actions\n\n${actions(input).join('\n')}`,
  ].filter((part) => part !== '');
}

function notices({ decided, problems, config, now }: DashboardInput): string[] {
  const lines = problems.map((one) => `> **Configuration:** ${words(one)}`);
  if (decided.stopped !== null) lines.push(`> **Nothing is opened or changed now:** ${words(decided.stopped)}.`);
  if (decided.brake !== null)
    lines.push(
      `> **Brake:** ${decided.brake.rules} rules would change at once. Look whether logs are missing before you tick the box below.`,
    );
  const expired = [...config.keeps, ...config.ignores].filter((one) => isExpired(one, config, now));
  if (expired.length > 0)
    lines.push(
      `> **Expired in the configuration:** ${expired
        .slice(0, 10)
        .map((one) => `${words(one.reason, 80)} (${words(one.author, 40)}, until ${one.until})`)
        .join('; ')}.`,
    );
  return lines.length === 0 ? [] : [lines.join('\n>\n')];
}

function pullOf(one: Decision, { opened }: DashboardInput): number | null {
  return one.pull ?? opened.get(one.unit) ?? null;
}

function openRow(one: Decision, input: DashboardInput): string {
  const { state } = one;
  const failed = input.failed.get(one.unit);
  const note =
    failed !== undefined
      ? `: could not be updated, ${words(failed)}`
      : state === 'hands-off' || state === 'older'
        ? `: left alone, ${words(one.reason)}`
        : '';
  const label = `#${pullOf(one, input)} ${words(one.title, 120)} (${rules(one)}${one.draft ? ', draft' : ''})${note}`;
  if (state !== 'hands-off') return `- ${label}`;
  return tickLine({ act: 'recreate', id: tickId(one.unit) }, `${label}. Tick to have it made anew`);
}

function waitingRow(one: Decision, { failed }: DashboardInput): string {
  const why = failed.get(one.unit) ?? (one.state === 'waiting' ? one.reason : 'in the next run');
  return tickLine(
    { act: 'open', id: tickId(one.unit) },
    `${words(one.title, 120)} (${rules(one)}${one.draft ? ', draft' : ''}): ${words(why)}. Tick to open it now`,
  );
}

function sparedRow(one: SparedFinding, memory: Memory): string {
  const { finding } = one;
  const until =
    // The memory has the moment after the last day.
    one.until === null ? '' : `, until ${typeof one.until === 'string' ? words(one.until, 40) : day(one.until - 1)}`;
  const label = `${code(finding.ruleId)} of ${code(finding.groupId)} (${code(finding.findingId)}): ${VERB[one.kind]} by ${words(one.by, 80)}${until}: ${words(one.reason, 300)}`;
  if (one.kind === 'closed' || one.kind === 'dropped')
    return tickLine({ act: 'unignore', id: tickId(finding.findingId) }, `${label}. Tick to have it proposed again`);
  if (one.kind === 'keep' && memory.keeps.some((keep) => keep.finding === finding.findingId))
    return tickLine({ act: 'unkeep', id: tickId(finding.findingId) }, `${label}. Tick to end it`);
  return `- ${label}`;
}

const VERB: Readonly<Record<SparedFinding['kind'], string>> = {
  keep: 'kept',
  ignore: 'ignored',
  closed: 'refused',
  dropped: 'taken out',
  unsure: 'not proposed',
  together: 'bound to another, decided',
};

function blockedRows(units: Units): string[] {
  const rows = units.refused.map(({ finding, reasons }) => {
    const why = reasons
      .slice(0, 3)
      .map(({ message, place }) =>
        place.file === '.' ? words(message) : `${code(`${place.file}:${place.line}`)}: ${words(message)}`,
      )
      .join('; ');
    return `- ${code(finding.ruleId)} of ${code(finding.groupId)} (${finding.action}): ${why}`;
  });
  const full = units.full.map(
    (one) =>
      `- ${one.findings.length} more rules of ${code(one.unit)}: the pull request is full (limits.rules), they come after it`,
  );
  return [...rows, ...full];
}

function saved({ saved: { rules: removed, narrowed, pulls } }: Memory): string {
  const rows = [
    ['Rules removed', String(removed)],
    ['Rules narrowed', String(narrowed)],
    ['Pull requests merged', String(pulls)],
  ];
  return `## So far\n\n${table(['', ''], rows)}`;
}

function auditRow(one: Memory['audit'][number]): string {
  return `- ${day(one.at)} ${words(one.by, 60)}: ${code(one.what)} (${one.outcome})`;
}

function actions({ decided, memory }: DashboardInput): string[] {
  const out = [tickLine({ act: 'rerun', id: 'all' }, 'Analyse again and update everything')];
  if (memory.paused !== null) out.push(tickLine({ act: 'resume', id: 'all' }, 'Go on after the pause'));
  if (decided.brake !== null)
    out.push(
      tickLine({ act: 'brake', id: decided.brake.tick }, `Release the brake for these ${decided.brake.rules} rules`),
    );
  return out;
}

function section(title: string, lines: readonly string[], rows: number, empty: string | null): string {
  if (lines.length === 0) return empty === null ? '' : `## ${title}\n\n${empty}`;
  const cut = lines.length > rows ? [`- … and ${lines.length - rows} more`] : [];
  return `## ${title} (${lines.length})\n\n${[...lines.slice(0, rows), ...cut].join('\n')}`;
}

function rules({ rules: count }: Decision): string {
  return `${count} rule${count === 1 ? '' : 's'}`;
}

function day(time: number): string {
  return new Date(time * 1000).toISOString().slice(0, 10);
}

function byPull(a: Decision, b: Decision): number {
  return (a.pull ?? Number.MAX_SAFE_INTEGER) - (b.pull ?? Number.MAX_SAFE_INTEGER) || byUnit(a, b);
}

function byUnit(a: Decision, b: Decision): number {
  if (a.unit === b.unit) return 0;
  return a.unit < b.unit ? -1 : 1;
}
