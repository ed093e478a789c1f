import { writeFileSync } from 'node:fs';
import { findingsJsonSchema } from '../../analyzer/model/finding-schema.ts';
import { configJsonSchema } from '../../bot/github/config/schema.ts';

// `node docs/schema/generate.ts` after a change of analyzer/model/finding.ts; test/report/schema.test.ts fails when it was forgotten.
writeFileSync(new URL('findings.schema.json', import.meta.url), `${JSON.stringify(findingsJsonSchema(), null, 2)}\n`);
// The same for bot/github/config/schema.ts; test/github/config.test.ts.
writeFileSync(new URL('pare.schema.json', import.meta.url), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
