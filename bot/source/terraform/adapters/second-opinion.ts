import type { SourceFile, SourceNote } from '../../contract.ts';
import { fileKind } from '../syntax/parse.ts';

/**
 * What foreign parsers say about a file. hcl2-parser (HashiCorp's of 2021) is asked first; it swallows errors and rejects newer
 * syntax, so where it fails or stays silent @cdktn/hcl2json (HashiCorp's current parser) judges, with line and column.
 */
export async function secondOpinion(file: SourceFile): Promise<readonly SourceNote[]> {
  const kind = fileKind(file.path);
  if (kind === null) return [];
  const text = file.text.replace(/^\uFEFF/, '');
  if (kind.json) return jsonOpinion(file.path, text);
  if (text.trim() === '' || (await acceptedByHcl2Parser(text))) return [];
  // Both are megabytes of code: loaded when the first edit is checked, not by every command.
  const { parse } = await import('@cdktn/hcl2json');
  try {
    await parse(file.path, text);
    return [];
  } catch (error) {
    return [noteOf(file.path, error instanceof Error ? error.message : String(error))];
  }
}

interface Hcl2Parser {
  parseToObject(text: string): readonly unknown[];
}

/** CommonJS, whose names Node sees only on the default export. It gives [null, {}] for an error; an accepted file with content has at least one key. */
async function acceptedByHcl2Parser(text: string): Promise<boolean> {
  try {
    const { default: hcl2 }: { default: Hcl2Parser } = await import('hcl2-parser');
    const [first] = hcl2.parseToObject(text);
    return typeof first === 'object' && first !== null && Object.keys(first).length > 0;
  } catch {
    return false;
  }
}

function jsonOpinion(path: string, text: string): readonly SourceNote[] {
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    return [noteOf(path, error instanceof Error ? error.message : String(error))];
  }
}

/** `name.tf:3,5-9: Argument or block definition required; …` */
function noteOf(path: string, message: string): SourceNote {
  const at = /:(\d+),(\d+)/.exec(message);
  const line = at === null ? 1 : Number(at[1]);
  const text = message.replace(/^.*?:\d+,\d+(-\d+(,\d+)?)?:\s*/s, '').split('\n')[0] ?? '';
  return {
    code: 'invalid-hcl',
    message: `HashiCorp's parser rejects this: ${text.slice(0, 200)}`,
    place: { file: path, line },
  };
}
