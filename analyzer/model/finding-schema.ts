import { z } from 'zod';
import { findingsDocumentSchema } from './finding.ts';

/** The findings document as JSON Schema (draft 2020-12); published as docs/schema/findings.schema.json. */
export function findingsJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(findingsDocumentSchema, { target: 'draft-2020-12', io: 'input' });
  return {
    $schema,
    $id: 'https://raw.githubusercontent.com/pare-dev/pare/main/docs/schema/findings.schema.json',
    title: 'Pare findings document',
    ...rest,
  };
}
