import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findingsJsonSchema } from '../../analyzer/model/finding-schema.ts';

describe('docs/schema/findings.schema.json', () => {
  it('is what the code says (else run: node docs/schema/generate.ts)', () => {
    const published = readFileSync(new URL('../../docs/schema/findings.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(published)).toEqual(findingsJsonSchema());
  });
});
