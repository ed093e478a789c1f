import type { Finding, FindingsDocument } from '../model/finding.ts';
import { escapeHtml } from '../model/text.ts';
import { bundle, hashOf } from './html-bundle.ts';
import { island, MARKS, type PageData, pageData, pageOrder, type Served, type SourceDetail } from './html-data.ts';
import {
  ACTION_MEANING,
  ACTIONS,
  type Action,
  byAction,
  bytesText,
  counted,
  coverageShare,
  coverageText,
  dayOf,
  percent,
  placeOf,
  placesOf,
  replacementText,
  ruleText,
  sortedFindings,
  thousands,
  windowDays,
} from './words.ts';

/** Rows of the table that is there without script. */
const PLAIN_ROWS = 200;

/**
 * One self-contained page: no network, no inline handlers, style and script allowed by their hash only. Without script there are the
 * figures and a table of the first rules; with it the views of html/. `served`: it comes from `pare serve`, and its buttons give commands.
 */
export function toHtml(document: FindingsDocument, sources: readonly SourceDetail[] = [], served?: Served): string {
  const { script, style } = bundle();
  const findings = sortedFindings(document);
  const data = { ...pageData(document, findings, sources), ...(served === undefined ? {} : { served }) };
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; img-src data:;${served === undefined ? '' : " connect-src 'self';"} base-uri 'none'; form-action 'none'`;
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
<a class="skip" href="#main">Skip to the content</a>
${header(document, findings)}
<nav id="nav" aria-label="Views" hidden><ul class="wrap">${VIEWS.map(([view, name]) => `<li><a href="#/${view}" data-view="${view}">${name}</a></li>`).join('')}</ul></nav>
<main id="main" class="wrap" tabindex="-1">
${overview(document, findings, data)}
<div id="view"></div>
${table(findings)}
${remarks(document)}
</main>
<footer class="wrap"><p>Made by Pare from ${counted(document.flowLogs.files, 'flow-log file')}. ${served === undefined ? 'This page loads nothing and sends nothing.' : `Signed in as ${escapeHtml(served.login)}; this page sends only the commands that its buttons stand for. <a href="/report">All reports</a>`}</p></footer>
<dialog id="panel" aria-labelledby="panel-title"></dialog>
<script type="text/plain" id="data">${island(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}

const VIEWS: readonly (readonly [view: string, name: string])[] = [
  ['', 'Overview'],
  ['rules', 'Rules'],
  ['heat', 'Use over time'],
  ['flows', 'Flows'],
];

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

function overview(document: FindingsDocument, findings: readonly Finding[], data: PageData): string {
  const groups = byAction(findings);
  const tiles = ACTIONS.map(
    (action) =>
      `<li class="tile ${action}"><div class="name"><span class="mark" aria-hidden="true">${MARKS[action]}</span>${capital(action)}</div><div class="number">${thousands(groups[action].length)}</div><div class="means">${ACTION_MEANING[action]}</div></li>`,
  );
  return `<section id="overview" aria-labelledby="overview-title">
<h2 id="overview-title" class="unseen" tabindex="-1">Overview</h2>
<ul class="tiles">${tiles.join('')}</ul>
${shareBar(groups, findings.length)}
<dl class="facts">
<div><dt>Replay of all proposals together</dt><dd><span class="${document.replay.blocked === 0 ? 'good' : 'bad'}">${counted(document.replay.blocked, 'connection')} blocked</span> of ${thousands(document.replay.connections)}, behind which stand ${counted(document.replay.flows, 'record')}</dd></div>
<div><dt>Allowed IPv4 space</dt><dd>${shrinkText(data)}</dd></div>
<div><dt>Coverage by flow logs</dt><dd>${coverageOfAll(findings)}</dd></div>
<div><dt>Records read</dt><dd>${thousands(document.flowLogs.accepted)} accepted, ${thousands(document.flowLogs.rejected)} rejected, ${thousands(document.flowLogs.noData)} without data, ${thousands(document.flowLogs.skipData)} skipped by AWS, ${thousands(document.flowLogs.outsideWindow)} outside the window; ${bytesText(document.flowLogs.bytes)} stored</dd></div>
</dl>
</section>`;
}

/** Over all groups; what a group allows is counted once, however many of its rules allow it. */
function shrinkText(data: PageData): string {
  const before = data.groups.reduce((sum, group) => sum + group.before, 0);
  const after = data.groups.reduce((sum, group) => sum + group.after, 0);
  const touched = data.groups.filter((group) => group.after < group.before).length;
  if (touched === 0) return 'stays as it is';
  return `<span class="good">${percent(1 - after / before)} less</span>, over ${counted(touched, 'group')}`;
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

/** For readers without script: the first rules, what can go first. The script removes it. */
function table(findings: readonly Finding[]): string {
  const several = placesOf(findings).length > 1;
  const ordered = pageOrder(findings);
  const rows = ordered.slice(0, PLAIN_ROWS).map((finding) => row(finding, several));
  const more = ordered.length - rows.length;
  return `<section id="plain" aria-labelledby="plain-title">
<h2 id="plain-title">Findings</h2>
<div class="sheet">
<table class="findings plain">
<thead><tr><th scope="col">Action</th><th scope="col">Rule</th><th scope="col">Group</th><th scope="col">Allows</th><th scope="col" class="num">Records</th><th scope="col" class="num">Covered</th><th scope="col">Why</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>
${more > 0 ? `<p class="hint">and ${counted(more, 'more rule')}: with scripts allowed, this page shows all of them</p>` : ''}
</section>`;
}

function row(finding: Finding, several: boolean): string {
  const instead = finding.replacements
    .map(
      (r) =>
        `<code class="instead"><span aria-hidden="true">→ </span>${escapeHtml(replacementText(r, finding.direction))}</code>`,
    )
    .join('');
  const name = finding.groupName === '' ? finding.groupId : finding.groupName;
  return `<tr><td><span class="chip ${finding.action}"><span class="mark" aria-hidden="true">${MARKS[finding.action]}</span>${finding.action}</span></td><th scope="row" class="mono">${escapeHtml(finding.ruleId)}</th><td>${escapeHtml(name)}<span class="sub mono">${escapeHtml(finding.groupId)}</span>${several ? `<span class="sub place">${escapeHtml(placeOf(finding))}</span>` : ''}</td><td><code>${escapeHtml(ruleText(finding))}</code>${instead}</td><td class="num">${thousands(finding.usage.flows)}<span class="sub">${finding.usage.lastSeen === null ? 'never' : `last ${dayOf(finding.usage.lastSeen)}`}</span></td><td class="num">${coverageText(finding)}</td><td class="why">${escapeHtml(finding.detail)}</td></tr>`;
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
  if (items.length === 0) return '<div id="notes"></div>';
  return `<section id="notes" aria-labelledby="remarks-title"><h2 id="remarks-title">What was read, and what was not</h2><ul class="notes">${items.map((item) => `<li>${item}</li>`).join('')}</ul></section>`;
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
