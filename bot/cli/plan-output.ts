import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import { clip, columns, terminalSafe } from '@pare/analyzer/model/text.ts';
import { bodyOf } from '../change/body/body.ts';
import type { ChangePlan } from '../change/contract.ts';
import { fileNameOf } from '../change/names.ts';
import { patchOf } from '../change/patch.ts';
import { type ProposalsDocument, proposalsDocument, proposalsSchema } from '../change/proposals.ts';
import { writeAllAtomic } from './atomic.ts';

/**
 * Writes patches/, bodies/ and proposals.json, all flushed before the first appears under its name; patches and bodies of an earlier
 * plan that are no longer proposed go. Other files of the folder are left alone.
 */
export async function writePlan(
  out: string,
  plan: ChangePlan,
  document: FindingsDocument,
  prefix: string,
): Promise<ProposalsDocument> {
  const earlier = await earlierFiles(out);
  const proposals = proposalsDocument(plan, document.window);
  const files = plan.batches.flatMap((batch) => [
    { path: `patches/${fileNameOf(batch.branch)}.patch`, data: patchOf(batch.changes, prefix) },
    { path: `bodies/${fileNameOf(batch.branch)}.md`, data: bodyOf(batch, document) },
  ]);
  files.push({ path: 'proposals.json', data: `${JSON.stringify(proposals, null, 2)}\n` });
  await writeAllAtomic(files.map(({ path, data }) => ({ path: join(out, path), data })));
  const now = new Set(files.map(({ path }) => path));
  for (const path of earlier) if (!now.has(path)) await rm(join(out, path), { force: true });
  return proposals;
}

/** Only names that a plan itself writes, whatever the old file says. */
async function earlierFiles(out: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(join(out, 'proposals.json'), 'utf8');
  } catch {
    return [];
  }
  try {
    const parsed = proposalsSchema.safeParse(JSON.parse(text));
    if (!parsed.success) return [];
    return parsed.data.batches
      .flatMap(({ patch, body }) => [patch, body])
      .filter((path) => /^(patches\/[a-z0-9-]+\.patch|bodies\/[a-z0-9-]+\.md)$/.test(path));
  } catch {
    return [];
  }
}

/** A table for a terminal: columns as wide as their content, the last one cut to the width. */
export function terminalTable(head: readonly string[], rows: readonly (readonly string[])[], width: number): string {
  const cells = [head, ...rows].map((row) => row.map(terminalSafe));
  const widths = head.map((_, at) => Math.max(...cells.map((row) => columns(row[at] ?? ''))));
  const gaps = 2 * (head.length - 1);
  // The widest column gives way first, so that numbers stay readable.
  while (widths.reduce((sum, one) => sum + one, 0) + gaps > width) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= 8) break;
    widths[widest] = widths[widest]! - 1;
  }
  return cells
    .map((row) =>
      row
        .map((cell, at) => {
          const cut = clip(cell, widths[at]!);
          return at === row.length - 1 ? cut : cut + ' '.repeat(widths[at]! - columns(cut));
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Why findings were not turned into edits: each reason code with its count and one example. */
export function refusalLines(plan: ChangePlan): string[] {
  const byCode = new Map<string, { count: number; example: string }>();
  for (const { finding, reasons } of plan.refused) {
    const reason = reasons[0];
    if (reason === undefined) continue;
    const place = reason.place.file === '.' ? '' : `${reason.place.file}:${reason.place.line}: `;
    const known = byCode.get(reason.code);
    if (known === undefined)
      byCode.set(reason.code, { count: 1, example: `${place}${finding.ruleId}: ${reason.message}` });
    else known.count += 1;
  }
  return [...byCode]
    .sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1))
    .map(([code, { count, example }]) => `${count} not changed (${code}), e.g. ${example}`);
}
