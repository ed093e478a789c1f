import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Finding, FindingsDocument } from '../model/finding.ts';
import { escapeHtml, stripControls } from '../model/text.ts';
import { evidenceMeaning } from './evidence-words.ts';
import { heatMap } from './html-heat.ts';
import {
  ACTION_MEANING,
  ACTIONS,
  type Action,
  byAction,
  bytesText,
  counted,
  coverageSentence,
  coverageShare,
  coverageText,
  dayOf,
  directionWord,
  peerOf,
  percent,
  placeOf,
  placesOf,
  replacementText,
  ruleText,
  type SourcePlace,
  serviceOf,
  sortedFindings,
  thousands,
  windowDays,
} from './words.ts';

/** A sign beside each colour, for those who do not see it. */
const MARKS: Readonly<Record<Action, string>> = { remove: '×', narrow: '↓', review: '?', keep: '✓' };

/**
 * One self-contained page: no network, no inline handlers, style and script allowed by their hash only. The table is whole without
 * script, which adds filter, order and the panel of each rule.
 */
export function toHtml(document: FindingsDocument, places: readonly SourcePlace[] = []): string {
  const style = asset('page.css');
  const script = asset('page.js');
  const findings = sortedFindings(document);
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const days = Math.max(
    1,
    Math.ceil((Date.parse(document.window.to) - Date.parse(`${dayOf(document.window.from)}T00:00:00Z`)) / 86_400_000),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Security group findings, ${dayOf(document.window.from)} to ${dayOf(document.window.to)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<a class="skip" href="#findings">Skip to the findings</a>
${header(document, findings)}
<main class="wrap">
${overview(document, findings)}
${table(findings)}
${heatMap(findings, { firstDay: dayOf(document.window.from), days })}
${remarks(document)}
</main>
<footer class="wrap"><p>Made by Pare from ${counted(document.flowLogs.files, 'flow-log file')}. This page loads nothing and sends nothing.</p></footer>
<dialog id="panel" aria-labelledby="panel-title"></dialog>
<script type="application/json" id="data">${island(document, findings, places, days)}</script>
<script>${script}</script>
</body>
</html>
`;
}

function asset(name: string): string {
  return readFileSync(new URL(`html/${name}`, import.meta.url), 'utf8');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function header(document: FindingsDocument, findings: readonly Finding[]): string {
  const { remove, narrow } = byAction(findings);
  const places = placesOf(findings);
  const where = places.length === 1 ? places[0]! : counted(places.length, 'account and region', 'accounts and regions');
  const title =
    remove.length + narrow.length === 0
      ? 'No rule can go or shrink yet'
      : `${counted(remove.length, 'rule')} can go, ${thousands(narrow.length)} can shrink`;
  const groups = new Set(findings.map((f) => f.groupId)).size;
  return `<header class="wrap head">
<p class="brand">Pare</p>
<h1>${title}</h1>
<p class="lead">${counted(findings.length, 'rule')} of ${counted(groups, 'security group')} in ${escapeHtml(where)}, judged on ${counted(document.flowLogs.records, 'flow-log record')} from ${dayOf(document.window.from)} to ${dayOf(document.window.to)} (${windowDays(document)} days).</p>
</header>`;
}

function overview(document: FindingsDocument, findings: readonly Finding[]): string {
  const groups = byAction(findings);
  const tiles = ACTIONS.map(
    (action) =>
      `<li class="tile ${action}"><div class="name"><span class="mark" aria-hidden="true">${MARKS[action]}</span>${capital(action)}</div><div class="number">${thousands(groups[action].length)}</div><div class="means">${ACTION_MEANING[action]}</div></li>`,
  );
  return `<section aria-labelledby="overview-title">
<h2 id="overview-title" hidden>Overview</h2>
<ul class="tiles">${tiles.join('')}</ul>
${shareBar(groups, findings.length)}
<dl class="facts">
<div><dt>Replay of all proposals together</dt><dd><span class="${document.replay.blocked === 0 ? 'good' : 'bad'}">${counted(document.replay.blocked, 'connection')} blocked</span> of ${thousands(document.replay.connections)}, behind which stand ${counted(document.replay.flows, 'record')}</dd></div>
<div><dt>Coverage by flow logs</dt><dd>${coverageOfAll(findings)}</dd></div>
<div><dt>Records read</dt><dd>${thousands(document.flowLogs.accepted)} accepted, ${thousands(document.flowLogs.rejected)} rejected, ${thousands(document.flowLogs.noData)} without data, ${thousands(document.flowLogs.skipData)} skipped by AWS, ${thousands(document.flowLogs.outsideWindow)} outside the window; ${bytesText(document.flowLogs.bytes)} stored</dd></div>
</dl>
</section>`;
}

function shareBar(groups: Record<Action, Finding[]>, total: number): string {
  if (total === 0) return '';
  let x = 0;
  const parts = ACTIONS.map((action) => {
    const width = (groups[action].length / total) * 1000;
    const part = `<rect class="${action}" x="${round(x)}" y="0" width="${round(Math.max(0, width - 2))}" height="10"/>`;
    x += width;
    return width === 0 ? '' : part;
  });
  const label = ACTIONS.map((action) => `${groups[action].length} ${action}`).join(', ');
  return `<svg class="share" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="${label}">${parts.join('')}</svg>`;
}

/** Each group's hours once, however many rules it has. */
function coverageOfAll(findings: readonly Finding[]): string {
  const groups = new Map(findings.map((f) => [`${placeOf(f)}/${f.groupId}`, f]));
  let observed = 0;
  let expected = 0;
  let unworn = 0;
  for (const finding of groups.values()) {
    observed += finding.coverage.observedInterfaceHours;
    expected += finding.coverage.expectedInterfaceHours;
    if (coverageShare(finding) === null) unworn += 1;
  }
  const unwornText = unworn === 0 ? '' : `; ${counted(unworn, 'group was', 'groups were')} worn by no interface`;
  if (expected === 0) return `no interface wore any of the groups`;
  return `${percent(Math.min(1, observed / expected))} of the hours in which an interface wore one of the groups${unwornText}`;
}

function table(findings: readonly Finding[]): string {
  const groups = byAction(findings);
  const several = placesOf(findings).length > 1;
  const rows = ACTIONS.flatMap((action) => groups[action].map((finding) => row(finding, several)));
  const pills = ACTIONS.map(
    (action) =>
      `<label class="pill"><input type="checkbox" name="action" value="${action}" checked>${capital(action)} <span class="n">${thousands(groups[action].length)}</span></label>`,
  );
  return `<section id="findings" aria-labelledby="findings-title" tabindex="-1">
<h2 id="findings-title">Findings</h2>
<p class="hint">One line for each rule, what can go first. Open a rule to see its use, evidence and coverage.</p>
<div id="tools" class="tools" role="search" hidden>
<div class="field"><label for="search">Group, rule, port, address, reason</label><input type="search" id="search" autocomplete="off" spellcheck="false"></div>
<fieldset><legend>Action</legend>${pills.join('')}</fieldset>
<div class="field"><label for="direction">Direction</label><select id="direction"><option value="">both</option><option value="ingress">ingress</option><option value="egress">egress</option></select></div>
<p id="count" class="count" role="status"></p>
</div>
<div class="sheet">
<table id="findings-table" class="findings">
<thead><tr><th scope="col">Action</th><th scope="col">Rule</th><th scope="col">Group</th><th scope="col">Allows</th><th scope="col" class="num">Records</th><th scope="col" class="num">Covered</th><th scope="col">Why</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
<p id="none" class="none" hidden>No rule fits the filter.</p>
</div>
</section>`;
}

function row(finding: Finding, several: boolean): string {
  const order = ACTIONS.indexOf(finding.action);
  const instead = finding.replacements
    .map(
      (r) =>
        `<code class="instead"><span aria-hidden="true">→ </span>${escapeHtml(replacementText(r, finding.direction))}</code>`,
    )
    .join('');
  const search = [
    finding.description ?? '',
    finding.reason,
    finding.direction,
    ...finding.coverage.interfaces,
    ...finding.usage.topPeers.map((p) => p.address),
  ].join(' ');
  const name = finding.groupName === '' ? finding.groupId : finding.groupName;
  return `<tr data-id="${escapeHtml(finding.findingId)}" data-action="${finding.action}" data-direction="${finding.direction}" data-text="${escapeHtml(search)}"><td data-sort="${order}"><span class="chip ${finding.action}"><span class="mark" aria-hidden="true">${MARKS[finding.action]}</span>${finding.action}</span></td><th scope="row" class="mono" data-open>${escapeHtml(finding.ruleId)}</th><td class="wide">${escapeHtml(name)}<span class="sub mono">${escapeHtml(finding.groupId)}</span>${several ? `<span class="sub place">${escapeHtml(placeOf(finding))}</span>` : ''}</td><td class="wide"><code>${escapeHtml(serviceOf(finding))} ${directionWord(finding.direction)} ${escapeHtml(peerOf(finding.peer))}</code>${instead}</td><td class="num" data-label="Records" data-sort="${finding.usage.flows}">${thousands(finding.usage.flows)}<span class="sub">${finding.usage.lastSeen === null ? 'never' : `last ${dayOf(finding.usage.lastSeen)}`}</span></td><td class="num" data-label="Covered" data-sort="${coverageShare(finding) ?? -1}">${coverageText(finding)}</td><td class="why">${escapeHtml(finding.detail)}</td></tr>`;
}

function remarks(document: FindingsDocument): string {
  const { flowLogs, unexplained, warnings } = document;
  const items = [
    ...flowLogs.skipped.map(
      (skip) =>
        `Not used: ${thousands(skip.count)}, ${escapeHtml(skip.reason)}${skip.example === null ? '' : ` (e.g. <code>${escapeHtml(skip.example)}</code>)`}`,
    ),
    ...unexplained.map(
      (gap) =>
        `Unexplained: ${counted(gap.flows, 'accepted record')} ${gap.direction} on <code>${escapeHtml(gap.interfaceId)}</code> (${escapeHtml(gap.reason)}), e.g. <code>${escapeHtml(gap.example)}</code>. Left alone in that direction: ${escapeHtml(gap.groups.join(', ') || 'no known group')}.`,
    ),
    ...warnings.map(
      (warning) =>
        `${warning.file === undefined ? '' : `<code>${escapeHtml(warning.file)}${warning.at === undefined ? '' : `:${escapeHtml(String(warning.at))}`}</code>: `}${escapeHtml(warning.message)}; ${escapeHtml(warning.next)}`,
    ),
    ...flowLogs.formats.map(
      (format) =>
        `Format of ${counted(format.files, 'file')} (${counted(format.records, 'record')}): <code>${escapeHtml(format.fields.join(' '))}</code>`,
    ),
  ];
  if (items.length === 0) return '';
  return `<section aria-labelledby="remarks-title"><h2 id="remarks-title">What was read, and what was not</h2><ul class="notes">${items.map((item) => `<li>${item}</li>`).join('')}</ul></section>`;
}

/** What the script shows, already in words. `<` cannot occur, so no string can end the element. */
function island(
  document: FindingsDocument,
  findings: readonly Finding[],
  places: readonly SourcePlace[],
  days: number,
): string {
  const placeOfFinding = new Map(places.map((place) => [place.findingId, place]));
  const firstDay = dayOf(document.window.from);
  const data = {
    firstDay,
    lastDay: new Date(Date.parse(document.window.to) - 1).toISOString().slice(0, 10),
    days,
    marks: MARKS,
    rules: findings.map((finding) => {
      const place = placeOfFinding.get(finding.findingId);
      return {
        ...finding,
        // Its keys come from outside; the reader is given their meaning instead.
        usage: { ...finding.usage, evidence: {}, perDay: perDay(finding, firstDay) },
        text: ruleText(finding),
        evidence: Object.entries(finding.usage.evidence).map(([name, records]) => [evidenceMeaning(name), records]),
        instead: finding.replacements.map((r) => replacementText(r, finding.direction)),
        volume: bytesText(finding.usage.bytes),
        covered: coverageSentence(finding),
        ...(place === undefined ? {} : { place: `${place.file}:${place.line}` }),
      };
    }),
  };
  const text = JSON.stringify(data, (_, value: unknown) => (typeof value === 'string' ? stripControls(value) : value));
  return text.replace(/[<>&]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** [days since the first, records]: a third of the size of dates. */
function perDay(finding: Finding, firstDay: string): [number, number][] {
  const start = Date.parse(`${firstDay}T00:00:00Z`);
  return finding.usage.perDay.map(({ day, flows }) => [
    Math.round((Date.parse(`${day}T00:00:00Z`) - start) / 86_400_000),
    flows,
  ]);
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
