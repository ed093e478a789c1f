import { readFile } from 'node:fs/promises';
import { type Policy, type PolicyProblem, parsePolicy } from '@pare/analyzer/advice/index.ts';
import { PareError, type Problem } from '@pare/analyzer/model/problem.ts';
import { stripControls } from '@pare/analyzer/model/text.ts';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { fileProblem } from '../atomic.ts';

const LARGEST = 1_000_000;

/** The policy file, YAML or JSON. Throws PareError with the line of the first mistake; further ones are counted in its words. */
export async function readPolicy(path: string): Promise<Policy> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw fileProblem(path, 'read', error);
  }
  const result = policyOf(text, path);
  if (result.ok) return result.policy;
  const [first, ...more] = result.problems;
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  throw new PareError({ ...first!, message: `${first!.message}${others}` });
}

/** Like parsePolicy, from text, and with lines. */
export function policyOf(
  text: string,
  file: string,
): { ok: true; policy: Policy } | { ok: false; problems: readonly Problem[] } {
  const bad = (message: string, next: string, at?: number): Problem => ({
    code: 'policy-invalid',
    message,
    next,
    fault: 'configuration',
    file,
    ...(at === undefined ? {} : { at }),
  });
  if (text.length > LARGEST) return { ok: false, problems: [bad('is larger than 1,000,000 characters', 'shorten it')] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  if (document.errors.length > 0) {
    return {
      ok: false,
      problems: document.errors.map((error) =>
        bad(`is no YAML: ${stripControls(error.message)}`, 'mend this line', lines.linePos(error.pos[0]).line),
      ),
    };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch {
    return { ok: false, problems: [bad('its aliases cannot be followed', 'write the values out')] };
  }
  const result = parsePolicy(value, file);
  if (result.ok) return result;
  return { ok: false, problems: result.problems.map((problem) => withLine(problem, document, lines)) };
}

function withLine({ path, ...problem }: PolicyProblem, document: Document, lines: LineCounter): Problem {
  const offset = offsetOf(document, path);
  return offset === null ? problem : { ...problem, at: lines.linePos(offset).line };
}

/** Of the key at the path, or of the nearest thing around it. */
function offsetOf(document: Document, path: readonly (string | number)[]): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const key = parent.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(last))?.key;
      if (isNode(key) && key.range) return key.range[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return null;
}
