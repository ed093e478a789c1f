import yaml from 'js-yaml';
import type { SourceFile, SourceNote } from '../contract.ts';
import { placeOf } from '../text.ts';
import { isTemplate, parseTemplate } from './parse.ts';

/**
 * Second opinion on one changed file, by a parser that took no part in the edit: the engine's own for JSON, js-yaml for YAML. The file
 * must also still be a template to our own parser.
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
  if (format !== 'json' && !/\.json$/i.test(file.path)) return yamlOpinion(file, note);
  try {
    JSON.parse(file.text.replace(/^\uFEFF/, ''));
    return [];
  } catch (error) {
    return [note('cfn-json-syntax', `not valid JSON: ${error instanceof Error ? error.message : 'unreadable'}`, 0)];
  }
}

/** Short tags such as !Ref and !Sub: any tag on any kind of node is taken as it stands; only the syntax is judged. */
const ANY_TAG = yaml.DEFAULT_SCHEMA.extend(
  (['scalar', 'sequence', 'mapping'] as const).map(
    (kind) => new yaml.Type('!', { kind, multi: true, construct: (data: unknown) => data }),
  ),
);

function yamlOpinion(
  file: SourceFile,
  note: (code: string, message: string, offset: number) => SourceNote,
): readonly SourceNote[] {
  try {
    const root = yaml.load(file.text.replace(/^\uFEFF/, ''), { schema: ANY_TAG });
    if (typeof root === 'object' && root !== null && 'Resources' in root) return [];
    return [note('cfn-not-a-template', 'the file is no longer a template to a second parser', 0)];
  } catch (error) {
    if (!(error instanceof yaml.YAMLException)) throw error;
    const offset = error.mark?.position ?? 0;
    return [note('cfn-yaml-syntax', `a second parser refuses it: ${error.reason}`, offset)];
  }
}
