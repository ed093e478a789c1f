import type { SourceFile, SourceNote } from '../contract.ts';
import { placeOf } from '../text.ts';
import { isTemplate, parseTemplate } from './parse.ts';

/**
 * Second opinion on one changed file. JSON is read by the engine's own parser; YAML is read again from its text, and must still be a
 * template.
 */
export async function checkTemplate(file: SourceFile): Promise<readonly SourceNote[]> {
  const note = (code: string, message: string, offset: number): SourceNote => ({
    code,
    message,
    place: { file: file.path, line: placeOf(file, offset).line },
  });
  const { format, root, problems } = parseTemplate({ path: file.path, text: file.text });
  if (problems.length > 0) return problems.map(({ code, message, offset }) => note(code, message, offset));
  if (!isTemplate(root)) return [note('cfn-not-a-template', 'the file is no longer a template', 0)];
  if (format !== 'json') return [];
  try {
    JSON.parse(file.text.replace(/^\uFEFF/, ''));
    return [];
  } catch (error) {
    return [note('cfn-json-syntax', `not valid JSON: ${error instanceof Error ? error.message : 'unreadable'}`, 0)];
  }
}
