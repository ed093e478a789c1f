import { noteAt } from './declare.ts';
import { type Change, replacePeer } from './rewrite.ts';
import { groupNodeOf, isNoValue, type Step as Path, type Site } from './sites.ts';
import { type Cut, cutEntry, cutItem } from './splice.ts';
import type { Step, Subject } from './subject.ts';
import { childOf, entryOf, type SyntaxNode, textOf } from './syntax.ts';
import { mentionsOf, type Template } from './template.ts';

/** Egress to this block reaches nothing: it keeps a group's egress list from being empty (trap 14). */
export const EGRESS_PLACEHOLDER = '127.0.0.1/32';

/** Removes one written rule and what only served it. */
export function removeRule(subject: Subject): Step {
  const { site } = subject;
  if (site.direction === 'egress') {
    const last = lastEgress(subject);
    if (last === 'last') return placeholder(subject);
    if (last === 'elsewhere') {
      const step = plainRemoval(subject);
      const message =
        'the group is not in this template: if this is its only egress rule, a new group would allow all egress';
      const warning = noteAt(subject.template, 'cfn-egress-elsewhere', message, subject.declaration.range.start);
      return step.ok ? { ...step, warnings: [...step.warnings, warning] } : step;
    }
  }
  return plainRemoval(subject);
}

function plainRemoval(subject: Subject): Step {
  return subject.site.form === 'cfn-standalone' ? removeResource(subject) : removeInline(subject);
}

function removeInline({ template, site }: Subject): Step {
  const change = inlineChange(template, site, site.steps);
  if (change === null) return unclean(template, site);
  return { ok: true, changes: [change], warnings: [] };
}

/** Cuts at the innermost place that leaves something; else one level further out, at last the whole property. */
function inlineChange(template: Template, site: Site, steps: readonly Path[]): Change | null {
  const { text } = template.file;
  const step = steps.at(-1);
  const outer = steps.slice(0, -1);
  if (step === undefined) {
    const owner = site.resource.properties;
    if (owner?.kind !== 'map' || site.property === null || owner.entries.length < 2) return null;
    return cutOf(cutEntry(text, owner, owner.entries.indexOf(site.property)));
  }
  if (step.kind === 'item')
    return step.list.items.length > 1
      ? cutOf(cutItem(text, step.list, step.index))
      : inlineChange(template, site, outer);
  const branches = step.call.argument.kind === 'list' ? step.call.argument.items : [];
  const [own, other] = step.which === 'then' ? [branches[1], branches[2]] : [branches[2], branches[1]];
  if (own === undefined || other === undefined) return null;
  if (isNoValue(other)) return inlineChange(template, site, outer);
  return noValueAt(template, own);
}

function noValueAt(template: Template, node: SyntaxNode): Change | null {
  const { text } = template.file;
  if (template.format === 'json') return { start: node.start, end: node.end, text: '{"Ref": "AWS::NoValue"}' };
  // A block value starts on its own column right after `- `, so that a tagged scalar can stand in its place.
  const line = text.slice(text.lastIndexOf('\n', node.start - 1) + 1, node.start);
  if (!/^[\s-]*(- |\[.*)$/.test(line) && !/[,[]\s*$/.test(line)) return null;
  return { start: node.start, end: node.end, text: "!Ref 'AWS::NoValue'" };
}

function removeResource(subject: Subject): Step {
  const { template, site } = subject;
  const { text } = template.file;
  const section = childOf(template.root, 'Resources');
  if (section?.kind !== 'map' || section.entries.length < 2) {
    const message = 'it is the only resource: a template needs one; delete the stack instead';
    return { ok: false, refusals: [noteAt(template, 'cfn-only-resource', message, site.resource.entry.start)] };
  }
  const changes: Change[] = [];
  for (const mention of mentionsOf(template, site.resource.logicalId)) {
    const change =
      mention.resource === null ? null : withoutDependency(text, mention.resource.entry.value, site.resource.logicalId);
    if (change === null)
      return {
        ok: false,
        refusals: [
          noteAt(template, 'cfn-referenced', `${site.resource.logicalId} is referred to here`, mention.offset),
        ],
      };
    changes.push(change);
  }
  const own = cutOf(cutEntry(text, section, section.entries.indexOf(site.resource.entry)));
  if (own === null || changes.some((change) => change.start < own.end && own.start < change.end))
    return unclean(template, site);
  return { ok: true, changes: [...changes, own], warnings: [] };
}

/** The dependent resource without its DependsOn on `logicalId`; a DependsOn that becomes empty goes whole. */
function withoutDependency(text: string, resource: SyntaxNode, logicalId: string): Change | null {
  const entry = entryOf(resource, 'DependsOn');
  if (entry === undefined || resource.kind !== 'map') return null;
  if (entry.value.kind === 'list' && entry.value.items.length > 1) {
    const index = entry.value.items.findIndex((item) => textOf(item) === logicalId);
    const again = entry.value.items.filter((item) => textOf(item) === logicalId).length;
    return index < 0 || again > 1 ? null : cutOf(cutItem(text, entry.value, index));
  }
  return cutOf(cutEntry(text, resource, resource.entries.indexOf(entry)));
}

/**
 * Trap 14: a group whose last egress rule goes keeps none on update, but gets AWS's allow-all rule when it is created anew. `last` when no
 * other egress rule is sure to remain, `elsewhere` when the group is not of this template.
 */
function lastEgress({ template, site, sites }: Subject): 'last' | 'others' | 'elsewhere' {
  const own = groupIdOf(site);
  if (own === null || !template.resources.has(own)) return 'elsewhere';
  const sure = sites.some((other) => {
    if (other === site || other.direction !== 'egress' || other.implicit || groupIdOf(other) !== own) return false;
    if (other.body === null) return false;
    if (other.form === 'cfn-inline') return other.steps.every((step) => step.kind === 'item');
    return other.resource.condition === null || other.resource.condition === template.resources.get(own)?.condition;
  });
  return sure ? 'others' : 'last';
}

function groupIdOf(site: Site): string | null {
  if (site.form === 'cfn-inline') return site.resource.logicalId;
  const node = groupNodeOf(site);
  if (node?.kind !== 'call') return null;
  if (node.name === 'Ref') return textOf(node.argument) ?? null;
  if (node.name !== 'Fn::GetAtt') return null;
  return textOf(node.argument.kind === 'list' ? node.argument.items[0] : node.argument)?.split('.')[0] ?? null;
}

function placeholder({ template, site, rule }: Subject): Step {
  const at = site.body?.start ?? site.resource.entry.start;
  if (rule.peer === EGRESS_PLACEHOLDER) {
    const message = 'the rule reaches nothing: it keeps AWS from allowing all egress, and stays';
    return { ok: false, refusals: [noteAt(template, 'cfn-egress-placeholder', message, at)] };
  }
  const changes = site.body === null ? null : replacePeer(template.file.text, site.body, 'egress', EGRESS_PLACEHOLDER);
  if (changes === null) return unclean(template, site);
  const message = `it is the last egress rule, and AWS would allow all egress for want of one: ${EGRESS_PLACEHOLDER}, which reaches nothing, stands in its place`;
  return { ok: true, changes, warnings: [noteAt(template, 'cfn-egress-placeholder', message, at)] };
}

function cutOf(cut: Cut | null): Change | null {
  return cut === null ? null : { ...cut, text: '' };
}

export function unclean(template: Template, site: Site): Step {
  const at = site.body?.start ?? site.resource.entry.start;
  const message = 'the rule shares its lines with something else, so it cannot be cut out cleanly';
  return { ok: false, refusals: [noteAt(template, 'cfn-layout', message, at)] };
}
