import type { SourceFile } from '../contract.ts';
import { subParts } from './functions.ts';
import { childOf, entryOf, type MapEntry, type MapNode, type SyntaxNode, textOf, walk } from './syntax.ts';

export const GROUP_TYPE = 'AWS::EC2::SecurityGroup';
export const INGRESS_TYPE = 'AWS::EC2::SecurityGroupIngress';
export const EGRESS_TYPE = 'AWS::EC2::SecurityGroupEgress';

export interface Resource {
  logicalId: string;
  type: string;
  entry: MapEntry;
  properties: SyntaxNode | undefined;
  condition: string | null;
}

/** A template's sections, by name. */
export interface Template {
  file: SourceFile;
  root: MapNode;
  format: 'yaml' | 'json';
  parameters: ReadonlyMap<string, MapEntry>;
  mappings: SyntaxNode | undefined;
  conditions: ReadonlyMap<string, MapEntry>;
  resources: ReadonlyMap<string, Resource>;
  /** Why nothing of this template may be edited (trap 17), with the offset that shows it. */
  generated: { code: string; message: string; offset: number } | null;
  /** Fn::ForEach loops over resources: what they make is not listed. */
  loops: readonly MapEntry[];
}

/** Transforms that leave security-group resources as they are written. */
const HARMLESS_TRANSFORMS = new Set([
  'AWS::Serverless-2016-10-31',
  'AWS::LanguageExtensions',
  'AWS::SecretsManager-2020-07-23',
  'AWS::SecretsManager-2024-09-16',
  'AWS::CodeDeployBlueGreen',
]);

export function templateOf(file: SourceFile, format: 'yaml' | 'json', root: MapNode): Template {
  const resources = new Map<string, Resource>();
  const loops: MapEntry[] = [];
  const section = childOf(root, 'Resources');
  for (const entry of section?.kind === 'map' ? section.entries : []) {
    if (entry.key.startsWith('Fn::ForEach')) {
      loops.push(entry);
      continue;
    }
    const type = textOf(childOf(entry.value, 'Type'));
    if (type === undefined) continue;
    resources.set(entry.key, {
      logicalId: entry.key,
      type,
      entry,
      properties: childOf(entry.value, 'Properties'),
      condition: textOf(childOf(entry.value, 'Condition')) ?? null,
    });
  }
  return {
    file,
    root,
    format,
    parameters: entriesOf(root, 'Parameters'),
    mappings: childOf(root, 'Mappings'),
    conditions: entriesOf(root, 'Conditions'),
    resources,
    generated: generatedBy(root, section),
    loops,
  };
}

function entriesOf(root: MapNode, key: string): ReadonlyMap<string, MapEntry> {
  const section = childOf(root, key);
  return new Map(section?.kind === 'map' ? section.entries.map((entry) => [entry.key, entry]) : []);
}

function generatedBy(root: MapNode, resources: SyntaxNode | undefined): Template['generated'] {
  const transform = entryOf(root, 'Transform');
  if (transform !== undefined) {
    const names = transform.value.kind === 'list' ? transform.value.items : [transform.value];
    for (const name of names) {
      const text = textOf(name) ?? textOf(childOf(name, 'Name'));
      if (text !== undefined && HARMLESS_TRANSFORMS.has(text)) continue;
      const message = `the template is rewritten by ${text ?? 'a transform'} before it is deployed`;
      return { code: 'cfn-macro', message, offset: transform.start };
    }
  }
  for (const node of [root, resources]) {
    const included = entryOf(node, 'Fn::Transform');
    const message = 'a part of the template is included by Fn::Transform';
    if (included !== undefined) return { code: 'cfn-macro', message, offset: included.start };
  }
  if (resources?.kind === 'call')
    return { code: 'cfn-macro', message: `Resources is made by ${resources.name}`, offset: resources.start };
  const cdk = cdkMark(root, resources);
  if (cdk === null) return null;
  return { code: 'cfn-cdk', message: 'the template is synthesised by the CDK: change the construct', offset: cdk };
}

function cdkMark(root: MapNode, resources: SyntaxNode | undefined): number | null {
  for (const entry of resources?.kind === 'map' ? resources.entries : []) {
    if (entry.key === 'CDKMetadata' || textOf(childOf(entry.value, 'Type')) === 'AWS::CDK::Metadata')
      return entry.start;
    const path = entryOf(childOf(entry.value, 'Metadata'), 'aws:cdk:path');
    if (path !== undefined) return path.start;
  }
  const bootstrap = entryOf(childOf(root, 'Parameters'), 'BootstrapVersion');
  const fallback = textOf(childOf(bootstrap?.value, 'Default')) ?? '';
  return bootstrap !== undefined && fallback.includes('/cdk-bootstrap/') ? bootstrap.start : null;
}

/** One mention of a logical id, other than its own declaration. */
export interface Mention {
  kind: 'depends-on' | 'value';
  /** The resource whose DependsOn holds it; null for other places. */
  resource: Resource | null;
  offset: number;
}

/** Everything that would dangle if `logicalId` went: DependsOn, Ref, Fn::GetAtt, Fn::Sub. The resource's own body is not looked at. */
export function mentionsOf(template: Template, logicalId: string): Mention[] {
  const out: Mention[] = [];
  const own = template.resources.get(logicalId)?.entry;
  for (const section of template.root.entries) {
    const parts = section.key === 'Resources' && section.value.kind === 'map' ? section.value.entries : [section];
    for (const part of parts) {
      if (part === own) continue;
      const resource = template.resources.get(part.key);
      const isResource = resource?.entry === part;
      const dependsOn = isResource ? childOf(part.value, 'DependsOn') : undefined;
      for (const name of dependsOn?.kind === 'list' ? dependsOn.items : dependsOn === undefined ? [] : [dependsOn])
        if (textOf(name) === logicalId)
          out.push({ kind: 'depends-on', resource: resource ?? null, offset: name.start });
      for (const node of walk(part.value))
        if (node.kind === 'call' && mentions(node.name, node.argument, logicalId))
          out.push({
            kind: 'value',
            resource: isResource && resource !== undefined ? resource : null,
            offset: node.start,
          });
    }
  }
  return out;
}

function mentions(name: string, argument: SyntaxNode, logicalId: string): boolean {
  if (name === 'Ref') return textOf(argument) === logicalId;
  if (name === 'Fn::GetAtt') {
    if (argument.kind === 'list') return textOf(argument.items[0]) === logicalId;
    return (textOf(argument) ?? '').split('.')[0] === logicalId;
  }
  if (name !== 'Fn::Sub') return false;
  const template = textOf(argument.kind === 'list' ? argument.items[0] : argument) ?? '';
  return subParts(template).some((part) => 'name' in part && part.name.split('.')[0] === logicalId);
}
