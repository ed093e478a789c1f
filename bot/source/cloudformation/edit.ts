import { parseCidr } from '@pare/analyzer/model/address.ts';
import { canonicalShape, type RuleShape, shapeKey } from '@pare/analyzer/model/rule.ts';
import type { DeclaredRule, EditRequest, EditResult, SourceIndex, SourceNote } from '../contract.ts';
import { NO_PEER, noteAt } from './declare.ts';
import { parseTemplate } from './parse.ts';
import { removeRule } from './remove.ts';
import type { Change } from './rewrite.ts';
import { sitesOf } from './sites.ts';
import type { Subject } from './subject.ts';
import { childOf, textOf } from './syntax.ts';
import { mentionsOf, templateOf } from './template.ts';
import { tightenRule } from './tighten.ts';

/** Notes of a declaration that forbid any edit of it. */
const FORBIDDING = new Set([
  'cfn-macro',
  'cfn-cdk',
  'cfn-default-egress',
  'cfn-computed',
  'cfn-not-a-rule',
  'cfn-alias',
]);

/** The smallest edit for one tuple, or the reasons why there is none, each with its line. Never throws on a template that `index` has read. */
export function editTemplate(index: SourceIndex, request: EditRequest): EditResult {
  const subject = subjectOf(index, request.ruleId);
  if (subject === null) {
    const place = { file: request.ruleId.replace(/:[^:]*$/, ''), line: 1 };
    const message = `no rule ${request.ruleId} in the templates; list them again`;
    return { ok: false, refusals: [{ code: 'cfn-no-such-rule', message, place }] };
  }
  const refusals = [...refusalsFor(subject), ...refusedReplacements(subject, request.replacements)];
  if (refusals.length > 0) return { ok: false, refusals };
  const step = request.replacements.length === 0 ? removeRule(subject) : tightenRule(subject, request.replacements);
  if (!step.ok) return step;
  const file = subject.template.file.path;
  const edits = merged(step.changes).map(({ start, end, text }) => ({ range: { file, start, end }, text }));
  return { ok: true, edits, warnings: step.warnings };
}

/** Two inserts at one place become one, in the order they were made: at the end of a file a new line and a copy may meet. */
function merged(changes: readonly Change[]): Change[] {
  const out: Change[] = [];
  for (const change of changes) {
    const at = out.findIndex((one) => one.start === change.start && one.end === change.end && one.start === one.end);
    if (at < 0) out.push(change);
    else out[at] = { ...change, text: out[at]!.text + change.text };
  }
  return out;
}

function subjectOf(index: SourceIndex, ruleId: string): Subject | null {
  const declarationId = ruleId.replace(/#\d+$/, '');
  const declaration = index.declarations.find((one) => one.id === declarationId && one.language === 'cloudformation');
  const rule = declaration?.rules.find((one) => one.id === ruleId);
  const file = declaration === undefined ? undefined : index.tree.get(declaration.root);
  if (declaration === undefined || rule === undefined || file === undefined) return null;
  const { format, root } = parseTemplate(file);
  if (root?.kind !== 'map') return null;
  const template = templateOf(file, format, root);
  const sites = sitesOf(template);
  const site = sites.find((one) => one.id === declarationId);
  return site === undefined ? null : { index, template, site, sites, declaration, rule };
}

function refusalsFor(subject: Subject): SourceNote[] {
  const { template, site, declaration } = subject;
  const refusals = declaration.notes.filter((note) => FORBIDDING.has(note.code));
  if (site.body === null) return refusals;
  const peers = declaration.rules.filter((rule) => rule.context === subject.rule.context).length;
  if (peers > 1)
    refusals.push(
      noteAt(template, 'cfn-several-peers', 'the rule names several sources, of which EC2 takes one', site.body.start),
    );
  if (subject.rule.peer === NO_PEER)
    refusals.push(noteAt(template, 'cfn-no-peer', 'the rule names no source that is known to EC2', site.body.start));
  refusals.push(...duplicates(subject), ...standaloneRefusals(subject));
  return refusals;
}

/** Trap 16: of two items that make one live rule, deleting either deletes the live rule. */
function duplicates(subject: Subject): SourceNote[] {
  const { index, declaration, template } = subject;
  const out: SourceNote[] = [];
  for (const rule of declaration.rules)
    for (const other of index.declarations)
      for (const twin of other.language === 'cloudformation' ? other.rules : [])
        if (twin.id !== rule.id && other.root === declaration.root && sameTuple(rule, twin)) {
          const message = `the same rule is written again in line ${other.place.line}; removing one would remove the live rule`;
          out.push({ ...noteAt(template, 'cfn-duplicate', message, declaration.range.start) });
        }
  return out.slice(0, 1);
}

function sameTuple(a: DeclaredRule, b: DeclaredRule): boolean {
  return a.context === b.context && a.group === b.group && tupleKey(a) === tupleKey(b);
}

function tupleKey(rule: DeclaredRule): string {
  if (rule.shape !== null) return shapeKey(rule.shape);
  return [rule.direction, rule.protocol, rule.fromPort, rule.toPort, rule.peerKind, rule.peer].join('|');
}

function standaloneRefusals({ template, site }: Subject): SourceNote[] {
  if (site.form !== 'cfn-standalone') return [];
  const out: SourceNote[] = [];
  for (const key of ['DeletionPolicy', 'UpdateReplacePolicy']) {
    const policy = childOf(site.resource.entry.value, key);
    if (policy === undefined || (textOf(policy) ?? '') === 'Delete') continue;
    const message = `${key} of ${site.resource.logicalId} keeps the live rule when it leaves the template`;
    out.push(noteAt(template, 'cfn-retained', message, policy.start));
  }
  for (const mention of mentionsOf(template, site.resource.logicalId)) {
    if (mention.kind === 'depends-on') continue;
    const message = `${site.resource.logicalId} is referred to here; change that first`;
    out.push(noteAt(template, 'cfn-referenced', message, mention.offset));
  }
  return out;
}

function refusedReplacements(subject: Subject, replacements: readonly RuleShape[]): SourceNote[] {
  const { rule, template, declaration, index } = subject;
  const at = declaration.range.start;
  const out: SourceNote[] = [];
  const seen = new Set<string>();
  for (const replacement of replacements.map(canonicalShape)) {
    const key = shapeKey(replacement);
    if (replacement.direction !== rule.direction)
      out.push(noteAt(template, 'cfn-other-direction', 'a rule cannot change its direction', at));
    if (seen.has(key)) out.push(noteAt(template, 'cfn-duplicate', 'two replacements are the same rule', at));
    seen.add(key);
    const { peer } = replacement;
    if ((peer.kind === 'cidrIpv4' || peer.kind === 'cidrIpv6') && parseCidr(peer.cidr) === null)
      out.push(noteAt(template, 'cfn-bad-replacement', `${peer.cidr} is not a CIDR block`, at));
    const twin = index.declarations
      .filter((one) => one.root === declaration.root && one.id !== declaration.id)
      .find((one) =>
        one.rules.some(
          (r) => r.context === rule.context && r.group === rule.group && r.shape !== null && shapeKey(r.shape) === key,
        ),
      );
    if (twin !== undefined)
      out.push(noteAt(template, 'cfn-duplicate', `line ${twin.place.line} has this rule already`, at));
  }
  return out;
}
