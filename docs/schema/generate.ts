import { writeFileSync } from 'node:fs';
import { policyJsonSchema } from '../../analyzer/advice/policy-file.ts';
import { findingsJsonSchema } from '../../analyzer/model/finding-schema.ts';

// `node docs/schema/generate.ts` after a change of analyzer/model/finding.ts or analyzer/advice/policy-file.ts; the tests of both fail
// when it was forgotten.
const SCHEMAS = { 'findings.schema.json': findingsJsonSchema, 'policy.schema.json': policyJsonSchema };
for (const [name, make] of Object.entries(SCHEMAS)) {
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(make(), null, 2)}\n`);
}
