import { readFile } from 'node:fs/promises';
import { type FindingsDocument, findingsDocumentSchema, SCHEMA_VERSION } from '@pare/analyzer/model/finding.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { fileProblem } from './atomic.ts';

/** Reads and validates a findings document. Throws PareError naming the file and the JSON path of the first thing that is wrong. */
export async function readFindings(path: string): Promise<FindingsDocument> {
  const value = await readJson(path, 'pare analyze --out');
  const version =
    typeof value === 'object' && value !== null && 'schemaVersion' in value ? value.schemaVersion : undefined;
  if (version !== SCHEMA_VERSION) {
    const newer = typeof version === 'number' && version > SCHEMA_VERSION;
    throw new PareError({
      code: 'findings-version',
      message:
        version === undefined
          ? 'not a findings document: it has no schemaVersion'
          : `schemaVersion is ${JSON.stringify(version)}, this Pare knows ${SCHEMA_VERSION}`,
      next: newer ? 'use the Pare that wrote it, or a newer one' : 'give a file that pare analyze --out wrote',
      fault: 'input',
      file: path,
    });
  }
  const result = findingsDocumentSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new PareError({
    code: 'findings-shape',
    message: `not a valid findings document: ${issue?.message ?? 'unknown'}`,
    next: 'compare it with pare schema findings, or run pare analyze again',
    fault: 'input',
    file: path,
    ...(issue === undefined || issue.path.length === 0 ? {} : { at: issue.path.join('.') }),
  });
}

/** Any JSON file; `-` is no special name. */
export async function readJson(path: string, writer: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw fileProblem(path, 'read', cause);
  }
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const position = /at position (\d+)/.exec(message)?.[1];
    throw new PareError(
      {
        code: 'not-json',
        message:
          text.trim() === '' ? 'the file is empty' : `not valid JSON: ${message.replace(/\s+/g, ' ').slice(0, 160)}`,
        next: `give a file that ${writer} wrote; if it was cut off, make it again`,
        fault: 'input',
        file: path,
        ...(position === undefined ? {} : { at: text.slice(0, Number(position)).split('\n').length }),
      },
      { cause },
    );
  }
}
