import { policyJsonSchema } from '@pare/analyzer/advice/index.ts';
import { findingsJsonSchema } from '@pare/analyzer/model/finding-schema.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { z } from 'zod';
import { proposalsSchema } from '../../change/proposals.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';

const SCHEMAS: Readonly<Record<string, () => object>> = {
  findings: findingsJsonSchema,
  policy: policyJsonSchema,
  proposals: () => z.toJSONSchema(proposalsSchema, { target: 'draft-2020-12', io: 'input' }),
};

export async function schema(name: string, runtime: Runtime): Promise<ExitCode> {
  const make = Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined;
  if (make === undefined) {
    throw new PareError({
      code: 'unknown-schema',
      message: `there is no schema named ${name}`,
      next: `choose one of ${Object.keys(SCHEMAS).join(', ')}`,
      fault: 'configuration',
    });
  }
  await runtime.write(`${JSON.stringify(make(), null, 2)}\n`);
  return EXIT.clean;
}
