import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import type { Batch } from '../contract.ts';
import { BODY_LIMIT, code } from '../markdown.ts';
import { evidenceSection } from './evidence.ts';
import { writeMarker } from './marker.ts';
import { proofSection } from './proof.ts';
import { risksSection } from './risks.ts';
import { rulesSection } from './rules.ts';
import { undoSection } from './undo.ts';
import { untouchedSection } from './untouched.ts';

/**
 * The body of the pull request, at most BODY_LIMIT characters. Proof, undo and marker always stand; where the rest is too long, whole
 * lines are cut from the longest sections and the body says where the full text is.
 */
export function bodyOf(batch: Batch, document: FindingsDocument): string {
  const marker = writeMarker({
    version: 1,
    batch: batch.key,
    findings: batch.proposals.map(({ finding }) => finding.findingId),
  });
  const fixed = [proofSection(batch, document), undoSection(batch)];
  const long = [rulesSection(batch), evidenceSection(batch, document), risksSection(batch), untouchedSection(batch)];
  const head = summary(batch);
  const overflow = '\n\n*… the rest is in proposals.json; this body is cut because hosts limit its length.*';
  const used = [head, ...fixed, marker].join('\n\n').length + 20 + long.length * overflow.length;
  // The marker of a huge batch may itself be too long; the ids are then in proposals.json only.
  if (used > BODY_LIMIT) return bodyWithoutIds(batch, document);
  const [rules, evidence, risks, untouched] = share(long, BODY_LIMIT - used, overflow);
  return `${[head, rules, evidence, fixed[0], risks, untouched, fixed[1], marker].filter((part) => part !== '').join('\n\n')}\n`;
}

function bodyWithoutIds(batch: Batch, document: FindingsDocument): string {
  const proof = proofSection(
    {
      ...batch,
      proof: {
        ...batch.proof,
        filesChecked: batch.proof.filesChecked.slice(0, 20),
        contexts: batch.proof.contexts.slice(0, 20),
      },
    },
    document,
  );
  const note = `This batch has ${batch.proposals.length} proposals, more than fit here; proposals.json lists them.`;
  return `${[summary(batch), note, proof, undoSection(batch), writeMarker({ version: 1, batch: batch.key, findings: [] })].join('\n\n')}\n`;
}

function summary(batch: Batch): string {
  const removed = batch.proposals.filter(({ finding }) => finding.action === 'remove').length;
  const narrowed = batch.proposals.length - removed;
  const what = [
    removed > 0 ? `removes ${removed} rule${removed === 1 ? '' : 's'} that no traffic used` : null,
    narrowed > 0 ? `narrows ${narrowed} rule${narrowed === 1 ? '' : 's'} to what traffic used` : null,
  ].filter((part) => part !== null);
  const where =
    batch.language === 'terraform'
      ? `the Terraform root ${code(batch.root || '.')}`
      : `the template ${code(batch.root)}`;
  return `This change ${what.join(' and ')} in ${where}. It touches ${batch.changes.length} file${batch.changes.length === 1 ? '' : 's'}: ${batch.changes
    .slice(0, 10)
    .map((change) => code(change.path))
    .join(', ')}${batch.changes.length > 10 ? ', …' : ''}.`;
}

/** Shares the room: short sections whole, the longer ones cut at a line to an equal part of what is left. */
function share(sections: readonly string[], room: number, overflow: string): string[] {
  const out = [...sections];
  const order = sections.map((text, at) => ({ at, length: text.length })).sort((a, b) => a.length - b.length);
  let left = room;
  for (const [done, { at, length }] of order.entries()) {
    const part = Math.floor(left / (order.length - done));
    if (length > part) {
      const cut = sections[at]!.slice(0, part);
      out[at] = `${cut.slice(0, Math.max(0, cut.lastIndexOf('\n')))}${overflow}`;
    }
    left -= Math.min(length, part);
  }
  return out;
}
