import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import {
  type SourceDetail,
  type SourcePlace,
  toCsv,
  toHtml,
  toJson,
  toJUnit,
  toMarkdown,
  toSarif,
  toTable,
} from '@pare/analyzer/report/index.ts';
import { writeAllAtomic, writeAtomic } from '../atomic.ts';
import { readFindings } from '../read-findings.ts';
import { placesOfProposals, readProposals, sourcesOfProposals } from '../read-proposals.ts';
import { EXIT, type ExitCode, type Runtime } from '../runtime.ts';
import { writeTables } from './tables.ts';

export interface ReportCommandOptions {
  findings: string;
  format: string;
  proposals?: string;
  out?: string;
  all?: boolean;
  tables?: string;
}

interface Format {
  extension: string;
  render(
    document: FindingsDocument,
    source: { places: readonly SourcePlace[]; details: readonly SourceDetail[] },
    view: { width: number; color: boolean; all: boolean },
  ): string;
}

const FORMATS: Readonly<Record<string, Format>> = {
  table: { extension: 'txt', render: (document, _source, view) => toTable(document, view) },
  html: { extension: 'html', render: (document, { details }) => toHtml(document, details) },
  markdown: { extension: 'md', render: (document) => toMarkdown(document) },
  csv: { extension: 'csv', render: (document) => toCsv(document) },
  sarif: { extension: 'sarif', render: (document, { places }) => toSarif(document, places) },
  junit: { extension: 'junit.xml', render: (document) => toJUnit(document) },
  json: { extension: 'json', render: (document) => toJson(document) },
};

export async function report(options: ReportCommandOptions, runtime: Runtime): Promise<ExitCode> {
  const formats = parseFormats(options.format);
  if (formats.length > 1 && options.out === undefined) {
    throw new PareError({
      code: 'several-formats-one-output',
      message: 'several formats cannot share standard output',
      next: 'add --out with a folder',
      fault: 'configuration',
    });
  }
  const document = await readFindings(options.findings);
  if (options.tables !== undefined) {
    const paths = await writeTables(document, options.tables, runtime.signal);
    runtime.note('info', `wrote ${paths.length} tables to ${options.tables}`);
  }
  const proposals = options.proposals === undefined ? null : await readProposals(options.proposals);
  const source = {
    places: proposals === null ? [] : placesOfProposals(proposals),
    details: proposals === null ? [] : sourcesOfProposals(proposals),
  };
  const all = options.all === true;
  if (options.out === undefined) {
    const format = formats[0]!;
    await runtime.write(FORMATS[format]!.render(document, source, { width: runtime.width, color: runtime.color, all }));
    return EXIT.clean;
  }
  const folder = formats.length > 1 || (await isFolder(options.out));
  const files = formats.map((name) => ({
    path: folder ? join(options.out!, `report.${FORMATS[name]!.extension}`) : options.out!,
    data: FORMATS[name]!.render(document, source, { width: 80, color: false, all }),
  }));
  if (files.length === 1) await writeAtomic(files[0]!.path, files[0]!.data);
  else await writeAllAtomic(files);
  for (const { path } of files) runtime.note('info', `wrote ${path}`);
  return EXIT.clean;
}

function parseFormats(text: string): string[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))].map((name) =>
    name === 'md' ? 'markdown' : name,
  );
  for (const name of names) {
    if (Object.hasOwn(FORMATS, name)) continue;
    throw new PareError({
      code: 'unknown-format',
      message: `--format ${name === '' ? 'is empty' : `${name} is not known`}`,
      next: `choose of ${Object.keys(FORMATS).join(', ')}`,
      fault: 'configuration',
    });
  }
  return names;
}

/** What is there decides; of what is not there, a name with an extension is a file. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return path.endsWith('/') || extname(path) === '';
  }
}
