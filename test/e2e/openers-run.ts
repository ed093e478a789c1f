import type { LogFormat } from '../generator/index.ts';
import { measureOpeners, openerTable } from './openers.ts';

// `node test/e2e/openers-run.ts [FROM TO]`: the table of docs/attribution.md that is measured on generated VPCs.
const [from = 1, to = 20] = process.argv.slice(2).map(Number);
const seeds = Array.from({ length: to - from + 1 }, (_, n) => from + n);
for (const recordTimes of ['interval', 'packets'] as const) {
  const rows = [];
  for (const format of ['v2', 'v5'] as const satisfies LogFormat[]) {
    rows.push(...(await measureOpeners(seeds, format, { recordTimes, features: { hard: true, lateLogging: true } })));
  }
  console.log(
    `\nRecords that begin with their ${recordTimes === 'interval' ? 'interval' : 'first packet'}\n\n${openerTable(rows)}`,
  );
}
