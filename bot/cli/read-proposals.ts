import { PareError } from '@pare/analyzer/model/problem.ts';
import type { SourceDetail, SourcePlace, SourceStory } from '@pare/analyzer/report/index.ts';
import { type ProposalsDocument, proposalsSchema } from '../change/proposals.ts';
import { readJson } from './read-findings.ts';

/** Reads and validates what `pare plan` wrote. Throws PareError naming the file and the JSON path. */
export async function readProposals(path: string): Promise<ProposalsDocument> {
  const result = proposalsSchema.safeParse(await readJson(path, 'pare plan --out'));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new PareError({
    code: 'proposals-shape',
    message: `not a valid proposals document: ${issue?.message ?? 'unknown'}`,
    next: 'run pare plan again',
    fault: 'input',
    file: path,
    ...(issue === undefined || issue.path.length === 0 ? {} : { at: issue.path.join('.') }),
  });
}

export function placesOfProposals(document: ProposalsDocument): SourcePlace[] {
  return document.batches.flatMap((batch) =>
    batch.proposals.map(({ findingId, place }) => ({ findingId, file: place.file, line: place.line })),
  );
}

/** What the HTML report shows of each finding's source: the edit, or why there is none. */
export function sourcesOfProposals(document: ProposalsDocument): SourceDetail[] {
  const edited = document.batches.flatMap((batch) =>
    batch.proposals.map(({ findingId, place, address, edits }) => ({
      findingId,
      file: place.file,
      line: place.line,
      address,
      edits,
      ...(batch.pullRequest === undefined ? {} : { pullRequest: batch.pullRequest }),
    })),
  );
  const refused = document.refused.map(({ findingId, reasons }) => ({
    findingId,
    file: reasons[0]?.place.file ?? '',
    line: reasons[0]?.place.line ?? 1,
    refused: reasons.map((reason) => reason.message),
  }));
  return [...edited, ...refused];
}

export function storyOf(document: ProposalsDocument, findingId: string): SourceStory {
  for (const batch of document.batches) {
    const proposal = batch.proposals.find((p) => p.findingId === findingId);
    if (proposal === undefined) continue;
    return {
      kind: 'edit',
      file: proposal.place.file,
      line: proposal.place.line,
      address: proposal.address,
      why: proposal.mapping.reason,
      confidence: proposal.mapping.confidence,
      removed: proposal.edits.map((edit) => edit.removed).filter((text) => text !== ''),
      inserted: proposal.edits.map((edit) => edit.inserted).filter((text) => text !== ''),
    };
  }
  const refused = document.refused.find((r) => r.findingId === findingId);
  if (refused === undefined) return { kind: 'none' };
  return {
    kind: 'refused',
    reasons: refused.reasons.map(({ message, place }) => ({ message, file: place.file, line: place.line })),
  };
}
