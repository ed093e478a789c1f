import { writeFileSync } from 'node:fs';
import { tableText } from './table.ts';
import { type Outcome, outcomes } from './world.ts';

// `npm run calibrate [-- FROM TO [DAYS…]]`: the tables of docs/confidence.md. Seeds from 1001 on were not looked at when the constants were chosen.
const [from = 1001, to = 1060, ...windows] = process.argv.slice(2).map(Number);
const all: Outcome[] = [];
for (const days of windows.length > 0 ? windows : [30, 60, 90]) {
  const some: Outcome[] = [];
  for (let seed = from; seed <= to; seed += 1) some.push(...(await outcomes(seed, { days, teams: 14 })));
  console.log(`\nWindow of ${days} days, seeds ${from} to ${to}\n\n${tableText(some)}`);
  all.push(...some);
}
console.log(`\nAll windows\n\n${tableText(all)}`);
for (const [name, kinds] of [
  ['unused', ['unused']],
  ['redundant', ['redundant']],
  [
    'narrowed or covered',
    [
      'used-part-covered',
      'ports-unused',
      'sources-unused',
      'ports-and-sources-unused',
      'protocols-unused',
      'protocols-and-sources-unused',
    ],
  ],
] as const) {
  console.log(`\n${name}\n\n${tableText(all.filter((o) => (kinds as readonly string[]).includes(o.reason)))}`);
}
if (process.env.PARE_OUTCOMES !== undefined) writeFileSync(process.env.PARE_OUTCOMES, JSON.stringify(all));
