import type { SourceFile } from '../contract.ts';
import { parseJson } from './json.ts';
import { childOf, entryOf, MAX_DEPTH, type ParsedTemplate, type SyntaxNode, textOf } from './syntax.ts';
import { parseYaml } from './yaml.ts';

/** CloudFormation takes at most 1 MB of template (docs: "CloudFormation quotas"); what is larger is not one. */
export const MAX_TEMPLATE_LENGTH = 2_000_000;

const EXTENSIONS = /\.(ya?ml|json|template|cfn|cform|tpl)$/i;

/** Cheap test before parsing: only a file that names a security-group resource type can declare rules. */
export function mayDeclareRules(file: SourceFile): boolean {
  return EXTENSIONS.test(file.path) && file.text.includes('AWS::EC2::SecurityGroup');
}

const parsed = new WeakMap<SourceFile, ParsedTemplate>();

/** Parses a template once per file object (files of a tree are immutable). Never throws: what cannot be read is a problem with its offset. */
export function parseTemplate(file: SourceFile): ParsedTemplate {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const result = parseGuarded(file.text);
  parsed.set(file, result);
  return result;
}

function parseGuarded(text: string): ParsedTemplate {
  if (text.length > MAX_TEMPLATE_LENGTH) return refused('cfn-too-large', 'larger than any template may be (1 MB)', 0);
  const replaced = text.indexOf('\uFFFD');
  if (replaced >= 0)
    return refused('cfn-invalid-utf8', 'not valid UTF-8 (or holds the replacement character)', replaced);
  const deep = tooDeep(text);
  if (deep >= 0) return refused('cfn-too-deep', `nested deeper than ${MAX_DEPTH} levels`, deep);
  try {
    if (!/^\uFEFF?\s*\{/.test(text)) return parseYaml(text);
    const json = parseJson(text);
    if (json.problems.length === 0) return json;
    // YAML is a superset: a flow map with comments or trailing commas is a template too.
    const yaml = parseYaml(text);
    return yaml.problems.length === 0 && yaml.root !== null ? yaml : json;
  } catch (error) {
    if (error instanceof RangeError) return refused('cfn-too-deep', 'nested too deeply to be read', 0);
    throw error;
  }
}

function refused(code: string, message: string, offset: number): ParsedTemplate {
  return { format: 'yaml', root: null, problems: [{ code, message, offset }] };
}

/** Where brackets (text in quotes not excepted, so this errs on the safe side) or dashes of one line nest too deeply; else -1. */
function tooDeep(text: string): number {
  let depth = 0;
  let dashes = 0;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) {
      depth += 1;
      if (depth > MAX_DEPTH * 4) return i;
    } else if (c === 0x5d || c === 0x7d) {
      if (depth > 0) depth -= 1;
    } else if (c === 0x0a) dashes = 0;
    else if ((c === 0x2d || c === 0x3f) && text.charCodeAt(i + 1) === 0x20) {
      dashes += 1;
      if (dashes > MAX_DEPTH) return i;
    }
  }
  return -1;
}

/** A CloudFormation template, not some other document that mentions one. */
export function isTemplate(root: SyntaxNode | null): boolean {
  if (root === null || root.kind !== 'map') return false;
  const resources = childOf(root, 'Resources');
  if (resources?.kind !== 'map') return false;
  if (entryOf(root, 'AWSTemplateFormatVersion') !== undefined) return true;
  return resources.entries.some((entry) => /^(AWS|Custom|Alexa)::/.test(textOf(childOf(entry.value, 'Type')) ?? ''));
}
