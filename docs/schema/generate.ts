import { writeFileSync } from 'node:fs';
import { findingsJsonSchema } from '../../analyzer/model/finding-schema.ts';

// `node docs/schema/generate.ts` after a change of analyzer/model/finding.ts; test/report/schema.test.ts fails when it was forgotten.
writeFileSync(new URL('findings.schema.json', import.meta.url), `${JSON.stringify(findingsJsonSchema(), null, 2)}\n`);
