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
  return `${JSON.stringify({ ...ordered, rules }, null, 2)}\n`;
}
