import type { Finding } from '../model/finding.ts';
import { escapeHtml } from '../model/text.ts';
import { compare, counted, placeOf, placesOf, thousands } from './words.ts';

const LEVELS = 5;

interface Row {
  name: string;
  groupId: string;
  place: string;
  direction: Finding['direction'];
  days: Map<string, number>;
}

/**
 * Groups and directions down, days across, shaded by the records that their rules could have let in. A record that two rules let in counts
 * for both: the document has figures by rule only.
 */
export function heatMap(findings: readonly Finding[], window: { firstDay: string; days: number }): string {
  const rows = rowsOf(findings);
  if (rows.length === 0) return '';
  const most = Math.max(1, ...rows.flatMap((row) => [...row.days.values()]));
  const several = placesOf(findings).length > 1;
  const body = rows.map((row) => {
    const label =
      row.days.size === 0
        ? 'no record on any day'
        : `records on ${counted(row.days.size, 'day')} of ${window.days}, at most ${thousands(Math.max(...row.days.values()))} on one`;
    const days = JSON.stringify(Object.fromEntries([...row.days].sort(([a], [b]) => compare(a, b))));
    return `<tr data-group="${escapeHtml(row.groupId)}" data-direction="${row.direction}" data-days="${escapeHtml(days)}"><th scope="row"><span class="group">${escapeHtml(row.name)}</span><span class="sub">${row.direction}${several ? `, ${escapeHtml(row.place)}` : ''}</span></th><td class="map">${strip(row, window, most, label)}</td></tr>`;
  });
  const scale = Array.from(
    { length: LEVELS + 1 },
    (_, level) => `<rect class="h${level}" x="${level * 18}" y="0" width="16" height="14"/>`,
  );
  const last = new Date(Date.parse(`${window.firstDay}T00:00:00Z`) + (window.days - 1) * 86_400_000)
    .toISOString()
    .slice(0, 10);
  return `<section aria-labelledby="heat-title">
<h2 id="heat-title">Use by day</h2>
<p class="hint">Each row is a group and a direction, each cell a day (UTC), shaded by the records that the group’s rules could have let in; a record that two rules allow counts for both.</p>
<div class="sheet"><table class="heat"><tbody>
${body.join('\n')}
</tbody></table>
<div class="legend"><span>${window.firstDay} to ${last}</span><span>no record <svg viewBox="0 0 108 14" aria-hidden="true">${scale.join('')}</svg> ${thousands(most)} records a day</span></div></div>
</section>`;
}

function rowsOf(findings: readonly Finding[]): Row[] {
  const rows = new Map<string, Row>();
  for (const finding of findings) {
    const key = `${placeOf(finding)}/${finding.groupId}/${finding.direction}`;
    let row = rows.get(key);
    if (row === undefined) {
      const name = finding.groupName === '' ? finding.groupId : finding.groupName;
      row = { name, groupId: finding.groupId, place: placeOf(finding), direction: finding.direction, days: new Map() };
      rows.set(key, row);
    }
    for (const { day, flows } of finding.usage.perDay) row.days.set(day, (row.days.get(day) ?? 0) + flows);
  }
  return [...rows.values()];
}

/** One path for each shade: a row of any length is six elements. */
function strip(row: Row, window: { firstDay: string; days: number }, most: number, label: string): string {
  const paths = Array.from({ length: LEVELS + 1 }, () => '');
  const start = Date.parse(`${window.firstDay}T00:00:00Z`);
  for (let at = 0; at < window.days; at += 1) {
    const day = new Date(start + at * 86_400_000).toISOString().slice(0, 10);
    const level = levelOf(row.days.get(day) ?? 0, most);
    paths[level] += `M${at * 10} 0h9v20h-9z`;
  }
  const drawn = paths.map((d, level) => (d === '' ? '' : `<path class="h${level}" d="${d}"/>`)).join('');
  return `<svg viewBox="0 0 ${window.days * 10} 20" preserveAspectRatio="none" role="img" aria-label="${label}"><title>${label}</title>${drawn}</svg>`;
}

/** Logarithmic: a nightly job must show beside a load balancer. 0 only for no record. */
function levelOf(flows: number, most: number): number {
  if (flows === 0) return 0;
  return Math.min(LEVELS, 1 + Math.floor((Math.log1p(flows) / Math.log1p(most)) * (LEVELS - 0.001)));
}
