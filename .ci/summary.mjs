// Adds up the results that the test runs left in reports/ and prints them as one line.
import { readdirSync, readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
for (const name of readdirSync('reports').filter((file) => file.startsWith('tests-') && file.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(`reports/${name}`, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
