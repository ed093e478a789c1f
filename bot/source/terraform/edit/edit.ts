import type { EditRequest, EditResult, SourceIndex } from '../../contract.ts';
import type { IndexDetails } from '../language.ts';

export function editRule(index: SourceIndex, _details: IndexDetails, request: EditRequest): EditResult {
  const declaration = index.declarations.find((d) => d.rules.some((rule) => rule.id === request.ruleId));
  const place = declaration?.place ?? { file: '', line: 1 };
  return { ok: false, refusals: [{ code: 'not-editable', message: 'no edit is known for this', place }] };
}
