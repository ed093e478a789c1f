import { z } from 'zod';
import { findingsDocumentSchema } from './finding.ts';

/** The findings document as JSON Schema (draft 2020-12); published as docs/schema/findings.schema.json. */
export function findingsJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(findingsDocumentSchema, { target: 'draft-2020-12', io: 'input' });
  return {
    $schema,
    $id: 'urn:pare:schema:findings:1',
    title: 'Pare findings document',
    ...rest,
  };
}
