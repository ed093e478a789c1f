import { loadHclParser } from '../../../bot/source/terraform/adapters/tree-sitter.ts';
import { evaluate } from '../../../bot/source/terraform/eval/expression.ts';
import { jsonText } from '../../../bot/source/terraform/eval/functions/string.ts';
import { openProject } from '../../../bot/source/terraform/eval/open.ts';
import { contextsOf, openRoot, type ProjectTools } from '../../../bot/source/terraform/eval/project.ts';
import { hasError, type Value, whollyKnown } from '../../../bot/source/terraform/eval/value.ts';
import { fileParser } from '../../../bot/source/terraform/syntax/parse.ts';
import { sourceTree } from '../../../bot/source/tree.ts';

const FACTS = { states: [], stacks: [] };

/** Evaluates locals of a root made of the files given. */
export async function evaluator(files: Readonly<Record<string, string>>): Promise<(local: string) => Value> {
  const hcl = await loadHclParser();
  const parser = fileParser(hcl);
  const tools: ProjectTools = { parser, hcl, definitions: new Map() };
  const tree = sourceTree(Object.entries(files).map(([path, text]) => ({ path, text })));
  const project = openProject(tree, FACTS, tools);
  const [context] = contextsOf(project, '.', FACTS, parser);
  const used = { files: new Map<string, unknown>(), directories: new Set<string>(), listed: false };
  const opened = openRoot(project, '.', context!, tools, new Map(), used)!;
  return (local) => evaluate(opened.instance.definition.locals.get(local)!.value, opened.instance.scope);
}

/** One expression as JSON text, `ERROR` for an error, `UNKNOWN …` for what is not known. */
export async function evaluateAll(
  expressions: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const locals = expressions.map((e, i) => `  e${i} = ${e}`).join('\n');
  const value = await evaluator({ 'main.tf': `locals {\n${locals}\n}\n`, ...more });
  return expressions.map((_, i) => shown(value(`e${i}`)));
}

export function shown(value: Value): string {
  if (value.t === 'unknown') return value.error === true ? 'ERROR' : `UNKNOWN ${value.text}`;
  if (!whollyKnown(value)) return hasError(value) ? 'ERROR' : 'UNKNOWN part';
  return jsonText(value);
}
