import type { DeployedStack, SourceNote } from '../contract.ts';
import { parseTemplate } from './parse.ts';
import { meaning } from './syntax.ts';
import type { Template } from './template.ts';

/** One evaluation of a template: a deployed stack of it, or none known. */
export interface Context {
  name: string;
  stack: DeployedStack | null;
}

/** The name of the only context of a template of which no stack is known. */
export const NO_STACK = 'template';

/** A stack is taken for deployed from a template when it holds at least this share of its resources, and these of the template. */
const MIN_COVERAGE = 0.6;

/**
 * Stacks by template path. In turn: the path the user gave, the deployed body, then logical ids (most in common; a tie is settled by the
 * stack's name holding the file's). What cannot be settled gets a note and no template.
 */
export function assignStacks(
  templates: readonly Template[],
  stacks: readonly DeployedStack[],
): { byPath: ReadonlyMap<string, readonly DeployedStack[]>; notes: readonly SourceNote[] } {
  const byPath = new Map<string, DeployedStack[]>();
  const notes: SourceNote[] = [];
  for (const stack of [...stacks].sort(byName)) {
    const found = templatesOf(stack, templates);
    if (found.length === 1) {
      const path = found[0]!.file.path;
      byPath.set(path, [...(byPath.get(path) ?? []), stack]);
      continue;
    }
    const file = stack.templatePath ?? found[0]?.file.path ?? '';
    const message =
      found.length === 0
        ? `no template with security groups in the tree is that of stack ${stack.stackName}; name it as TEMPLATE=FILE`
        : `stack ${stack.stackName} may be deployed from ${found.map((t) => t.file.path).join(' or ')}; name one as TEMPLATE=FILE`;
    const code = found.length === 0 ? 'cfn-stack-without-template' : 'cfn-stack-ambiguous';
    notes.push({ code, message, place: { file, line: 1 } });
  }
  return { byPath, notes };
}

/** The contexts of one template, by name. Two stacks of one name (regions, accounts) go by their ids. */
export function contextsOf(stacks: readonly DeployedStack[]): Context[] {
  if (stacks.length === 0) return [{ name: NO_STACK, stack: null }];
  return stacks.map((stack) => {
    const alone = stacks.filter((other) => other.stackName === stack.stackName).length === 1;
    return { name: alone ? stack.stackName : (stack.stackId ?? stack.stackName), stack };
  });
}

function templatesOf(stack: DeployedStack, templates: readonly Template[]): Template[] {
  if (stack.templatePath !== null) return templates.filter((template) => template.file.path === stack.templatePath);
  const identical = templates.filter((template) => sameTemplate(template, stack.templateBody));
  const pool = identical.length > 0 ? identical : byCoverage(stack, templates);
  if (pool.length < 2) return pool;
  const named = pool.filter((template) => stack.stackName.toLowerCase().includes(stemOf(template.file.path)));
  return named.length === 1 ? named : pool;
}

function byCoverage(stack: DeployedStack, templates: readonly Template[]): Template[] {
  const deployed = Object.keys(stack.resources);
  if (deployed.length === 0) return [];
  let best = MIN_COVERAGE;
  let found: Template[] = [];
  for (const template of templates) {
    const common = deployed.filter((id) => template.resources.has(id)).length;
    const unconditional = [...template.resources.values()].filter((resource) => resource.condition === null);
    const there = unconditional.filter((resource) => Object.hasOwn(stack.resources, resource.logicalId)).length;
    const share = Math.min(common / deployed.length, unconditional.length === 0 ? 1 : there / unconditional.length);
    if (share < best || common === 0) continue;
    if (share > best) found = [];
    best = share;
    found.push(template);
  }
  return found;
}

function sameTemplate(template: Template, body: string | null): boolean {
  if (body === null) return false;
  if (normal(body) === normal(template.file.text)) return true;
  if (template.format !== 'json') return false;
  // get-template prints a JSON template as an object, in its own layout: compare what it says.
  const deployed = parseTemplate({ path: 'deployed', text: body });
  return deployed.format === 'json' && deployed.root !== null && meaning(deployed.root) === meaning(template.root);
}

function normal(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n')
    .trimEnd();
}

function stemOf(path: string): string {
  return path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.[^.]*$/, '')
    .toLowerCase();
}

function byName(a: DeployedStack, b: DeployedStack): number {
  const key = (stack: DeployedStack) => `${stack.stackName}\0${stack.stackId ?? ''}`;
  return key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
}

/** Notes where the deployed body differs from the file: what is live may not be what is written. */
export function driftNotes(template: Template, stacks: readonly DeployedStack[]): SourceNote[] {
  return stacks
    .filter((stack) => stack.templateBody !== null && !sameTemplate(template, stack.templateBody))
    .map((stack) => ({
      code: 'cfn-template-differs',
      message: `the template deployed as stack ${stack.stackName} differs from the file`,
      place: { file: template.file.path, line: 1 },
    }));
}
