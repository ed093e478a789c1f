import { readFile } from 'node:fs/promises';
import type { FlowStore } from '@pare/analyzer/flowlogs/ledger.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { z } from 'zod';
import { fileProblem } from '../atomic.ts';

const name = z.string().regex(/^[A-Za-z0-9_]{1,128}$/, 'must be letters, digits and underscores');
const place = z.string().regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{2,62}\/[^'"\\]*$/, 'must be an s3:// address');

const tableSchema = z.strictObject({
  database: name,
  name,
  format: z.enum(['text', 'parquet']),
  columns: z.array(name).min(1),
  extraColumn: name.nullable().default(null),
  partition: z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('date'), column: name, format: z.enum(['yyyy/MM/dd', 'yyyy-MM-dd']) }),
    z.strictObject({ by: z.literal('parts'), year: name, month: name, day: name }),
  ]),
  locations: z
    .array(place.regex(/\{yyyy\}.*\{MM\}.*\{dd\}.*\/$/, 'must hold {yyyy}, {MM} and {dd} and end with a slash'))
    .min(1),
});

const settingsSchema = z.strictObject({
  region: z.string().min(1),
  workgroup: z.string().regex(/^[A-Za-z0-9._-]{1,128}$/),
  output: place,
  maxScanBytes: z.int().positive().optional(),
  tables: z.array(tableSchema).min(1),
});

/**
 * The Athena store that a settings file describes (docs/ledger.md), with the credentials that the AWS SDK finds. The SDK is loaded only
 * here: nobody else should wait for it. Throws PareError with the first mistake of the file.
 */
export async function openAthena(file: string, tempDir: string, now: number): Promise<FlowStore> {
  const settings = await readSettings(file);
  const { connectAthenaStore } = await import('@pare/analyzer/flowlogs/athena/connect.ts');
  const { region, workgroup, output, maxScanBytes, tables } = settings;
  return connectAthenaStore(region, {
    workgroup,
    output,
    tables,
    tempDir,
    now,
    ...(maxScanBytes === undefined ? {} : { maxScanBytes }),
  });
}

async function readSettings(file: string): Promise<z.infer<typeof settingsSchema>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw fileProblem(file, 'read', error);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid(file, 'this is no JSON');
  }
  const settings = settingsSchema.safeParse(json);
  if (settings.success) return settings.data;
  const { path, message } = settings.error.issues[0]!;
  throw invalid(file, `${path.join('.') || 'the document'}: ${message}`);
}

function invalid(file: string, message: string): PareError {
  return new PareError({
    code: 'athena-settings-invalid',
    message,
    next: 'correct it; docs/ledger.md describes the file',
    fault: 'configuration',
    file,
  });
}
