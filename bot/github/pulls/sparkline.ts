import type { Finding, FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { code } from '../../change/markdown.ts';

const BARS = '▁▂▃▄▅▆▇█';
const DAY = 86_400_000;
const SHOWN = 30;

/** One character for each week of the window, its height by flows on a logarithmic scale; a dot is a week without any. */
export function sparkline(finding: Finding, { from, to }: FindingsDocument['window']): string {
  const start = Math.floor(Date.parse(from) / DAY);
  const end = Math.max(start + 1, Math.ceil(Date.parse(to) / DAY));
  const weeks = Math.min(53, Math.ceil((end - start) / 7));
  const sums: number[] = Array.from({ length: weeks }, () => 0);
  for (const { day, flows } of finding.usage.perDay) {
    const at = Math.floor((Date.parse(day) / DAY - start) / 7);
    if (at >= 0 && at < weeks) sums[at] = sums[at]! + flows;
  }
  const most = Math.log1p(Math.max(...sums));
  return sums
    .map((flows) => (flows === 0 ? '·' : BARS[Math.min(7, Math.floor((Math.log1p(flows) / most) * 7.999))]!))
    .join('');
}

/** Empty where no rule of the batch has days to show. */
export function sparklineSection(findings: readonly Finding[], window: FindingsDocument['window']): string {
  const used = findings.filter((one) => one.usage.perDay.length > 0);
  if (used.length === 0) return '';
  const lines = used.slice(0, SHOWN).map((one) => `- ${code(one.ruleId)} ${code(sparkline(one, window))}`);
  const more = used.length > SHOWN ? [`- and ${used.length - SHOWN} more`] : [];
  return ['## Use by week', '', ...lines, ...more].join('\n');
}
