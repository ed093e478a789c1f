import { canonicalShape, type RuleShape } from '@pare/analyzer/model/rule.ts';
import { lineBreakOf, splice } from '../text.ts';
import { noteAt } from './declare.ts';
import { unclean } from './remove.ts';
import { type Change, rewriteRule } from './rewrite.ts';
import { isNoValue } from './sites.ts';
import { blockLines, dashOf, flowSeparator, indentOf } from './splice.ts';
import type { Step, Subject } from './subject.ts';
import { childOf } from './syntax.ts';

/** Makes the rule say its first replacement in place, and writes the others after it as copies in the same style. */
export function tightenRule(subject: Subject, replacements: readonly RuleShape[]): Step {
  const { template, site, rule } = subject;
  const { text } = template.file;
  const { body } = site;
  if (body === null) return unclean(template, site);
  const versions: (readonly Change[])[] = [];
  for (const replacement of replacements) {
    const rewritten = rewriteRule(text, body, rule, canonicalShape(replacement));
    if (!rewritten.ok)
      return { ok: false, refusals: [noteAt(template, rewritten.code, rewritten.message, rewritten.offset)] };
    if (rewritten.changes.length === 0 && replacements.length === 1) return nothingToWrite(subject);
    versions.push(rewritten.changes);
  }
  const [first, ...others] = versions;
  if (first === undefined) return unclean(template, site);
  const message =
    site.form === 'cfn-inline'
      ? 'CloudFormation revokes a changed inline rule before it authorises the new one: for a moment neither holds'
      : 'CloudFormation replaces a changed rule resource: the new rule is made before the old one goes';
  const warnings = [noteAt(template, 'cfn-replaced', message, body.start)];
  if (others.length === 0) return { ok: true, changes: first, warnings };
  const changes = site.form === 'cfn-standalone' ? copyResource(subject, versions) : copyItem(subject, versions);
  if (changes === null) return conditional(subject);
  return { ok: true, changes, warnings };
}

/** Nothing that stands in the rule differs from what is asked: what shall be narrower comes from elsewhere (trap 15). */
function nothingToWrite({ template, site, rule }: Subject): Step {
  const open = /^(ref|unknown):/.test(rule.peer);
  const code = open ? 'cfn-parameter-fed' : 'cfn-unchanged';
  const message = open
    ? `the address or group does not stand in the rule as a literal (${rule.peer.replace(/^(ref|unknown):/, '')}); the rule can only be removed`
    : 'the rule says this already';
  const at = site.body?.start ?? site.resource.entry.start;
  return { ok: false, refusals: [noteAt(template, code, message, at)] };
}

function conditional({ template, site }: Subject): Step {
  const message =
    'the rule stands where a second one cannot be written beside it (a branch of Fn::If, or shared lines)';
  const at = site.body?.start ?? site.resource.entry.start;
  return { ok: false, refusals: [noteAt(template, 'cfn-cannot-split', message, at)] };
}

function copyItem({ template, site }: Subject, versions: readonly (readonly Change[])[]): Change[] | null {
  const { text } = template.file;
  const body = site.body!;
  const at = site.steps.findLastIndex((step) => step.kind === 'item');
  const inBranches = site.steps.slice(at + 1);
  for (const step of inBranches) {
    if (step.kind !== 'branch' || step.call.argument.kind !== 'list') return null;
    const other = step.call.argument.items[step.which === 'then' ? 2 : 1];
    if (other === undefined || !isNoValue(other)) return null;
  }
  const step = site.steps[at];
  const [first, ...others] = versions;
  if (first === undefined) return null;
  if (step === undefined) return inBranches.length === 0 ? listOf(text, body, versions) : null;
  if (step.kind !== 'item') return null;
  const item = step.list.items[step.index]!;
  if (step.list.flow) {
    const separator = flowSeparator(text, step.list.items, step.index, lineBreakOf(text));
    const copies = others.map((changes) => separator + version(text, item.start, item.end, changes));
    return [...first, { start: item.end, end: item.end, text: copies.join('') }];
  }
  const dash = dashOf(text, item.start);
  const lines = dash === null ? null : blockLines(text, dash, item.end);
  if (lines === null) return null;
  return [
    ...first,
    copiesAfter(
      text,
      lines,
      others.map((changes) => version(text, lines.start, lines.end, changes)),
    ),
  ];
}

/** A bare map becomes a list of its versions. */
function listOf(
  text: string,
  body: { start: number; end: number; flow: boolean },
  versions: readonly (readonly Change[])[],
): Change[] | null {
  const lineBreak = lineBreakOf(text);
  const texts = versions.map((changes) => version(text, body.start, body.end, changes));
  if (body.flow) return [{ start: body.start, end: body.end, text: `[${texts.join(', ')}]` }];
  const indent = indentOf(text, body.start);
  if (blockLines(text, body.start, body.end) === null || /[|>][+-]?\s*$/m.test(texts.join('\n'))) return null;
  const items = texts.map((one) => `- ${one.replaceAll('\n', '\n  ')}`);
  return [{ start: body.start, end: body.end, text: items.join(`${lineBreak}${indent}`) }];
}

function copyResource({ template, site }: Subject, versions: readonly (readonly Change[])[]): Change[] | null {
  const { text } = template.file;
  const { entry, logicalId } = site.resource;
  const section = childOf(template.root, 'Resources');
  const [first, ...others] = versions;
  if (section?.kind !== 'map' || first === undefined) return null;
  const taken = new Set([...section.entries.map((one) => one.key), ...template.parameters.keys()]);
  const copies = others.map((changes) => {
    let n = 2;
    while (taken.has(`${logicalId}${n}`)) n += 1;
    taken.add(`${logicalId}${n}`);
    const written = text.slice(entry.keyStart, entry.keyEnd);
    const key = { start: entry.keyStart, end: entry.keyEnd, text: written.replace(logicalId, `${logicalId}${n}`) };
    return [key, ...changes];
  });
  if (section.flow) {
    const separator = flowSeparator(text, section.entries, section.entries.indexOf(entry), lineBreakOf(text));
    const texts = copies.map((changes) => separator + version(text, entry.start, entry.end, changes));
    return [...first, { start: entry.end, end: entry.end, text: texts.join('') }];
  }
  const lines = blockLines(text, entry.start, entry.end);
  if (lines === null) return null;
  return [
    ...first,
    copiesAfter(
      text,
      lines,
      copies.map((changes) => version(text, lines.start, lines.end, changes)),
    ),
  ];
}

/** Whole lines after whole lines, also where the file ends without a line break. */
function copiesAfter(text: string, lines: { start: number; end: number }, copies: readonly string[]): Change {
  const open = !text.slice(lines.start, lines.end).endsWith('\n');
  const lineBreak = lineBreakOf(text);
  const out = open ? copies.map((copy) => lineBreak + copy).join('') : copies.join('');
  return { start: lines.end, end: lines.end, text: out };
}

/** The text of a span after changes inside it. */
function version(text: string, start: number, end: number, changes: readonly Change[]): string {
  const inside = changes.map((change) => ({
    range: { file: 'span', start: change.start - start, end: change.end - start },
    text: change.text,
  }));
  return splice(text.slice(start, end), inside);
}
