import { type FindingsDocument, findingsDocumentSchema } from '../model/finding.ts';
import { compare, sortedFindings } from './words.ts';

/** The document itself, keys in the schema's order and lists sorted: the same findings give the same bytes. Throws ZodError on a document that breaks the schema. */
export function toJson(document: FindingsDocument): string {
  const ordered = findingsDocumentSchema.parse(document);
  const rules = sortedFindings(ordered).map((finding) => ({
    ...finding,
    usage: {
      ...finding.usage,
      evidence: Object.fromEntries(Object.entries(finding.usage.evidence).sort(([a], [b]) => compare(a, b))),
    },
  }));
  const text = JSON.stringify({ ...ordered, rules }, null, 2);
  // Triples of numbers (the explorer's periods) on one line each: a third of the size. No string holds a raw line feed.
  return `${text.replace(/\[\n\s+(\d+),\n\s+(\d+),\n\s+(\d+)\n\s+\]/g, '[$1, $2, $3]')}\n`;
}
