import { namedRules } from './named-rules.ts';

/*
 * What well-known registry modules make of their inputs, for trees where `terraform init` has not put the module's own code. Each is a module
 * of its own that takes the rule inputs which the real one documents, and has resources of the same names and keys, so that addresses in a
 * state lead here. Everything else that the real module does is left out.
 */

interface Model {
  /** The module's address in the registry and its repository's name. */
  source: RegExp;
  name: string;
  text: () => string;
}

const REGISTRY = '(?:registry\\.(?:terraform\\.io|opentofu\\.org)/)?';
const GIT = '(?:git::)?(?:https://|ssh://git@|git@)?github\\.com[:/]';

function registry(namespace: string, name: string): RegExp {
  const repository = `${GIT}${namespace}/terraform-aws-${name}(?:\\.git)?(?:\\?.*)?`;
  return new RegExp(`^(?:${REGISTRY}${namespace}/${name}/aws|${repository})$`);
}

const MODELS: readonly Model[] = [
  {
    name: 'terraform-aws-modules/security-group',
    source: registry('terraform-aws-modules', 'security-group'),
    text: securityGroup,
  },
  { name: 'terraform-aws-modules/alb', source: registry('terraform-aws-modules', 'alb'), text: alb },
  { name: 'terraform-aws-modules/rds-aurora', source: registry('terraform-aws-modules', 'rds-aurora'), text: aurora },
  { name: 'terraform-aws-modules/eks', source: registry('terraform-aws-modules', 'eks'), text: eks },
  { name: 'cloudposse/security-group', source: registry('cloudposse', 'security-group'), text: cloudposse },
];

const FOLDER = '.terraform/modules/~';

/** A directory that stands for one call of a known module; null for any other source. */
export function modelDirectory(source: string, caller: string, call: string): string | null {
  const model = MODELS.find((one) => one.source.test(source));
  if (model === undefined) return null;
  return `${caller === '.' ? '' : `${caller}/`}${FOLDER}${model.name}/${call}`;
}

export function isModel(directory: string): boolean {
  return directory.includes(FOLDER);
}

/** The text of the model at such a directory. */
export function modelText(directory: string): string | null {
  const at = directory.indexOf(FOLDER);
  if (at < 0) return null;
  const name = directory.slice(at + FOLDER.length).replace(/\/[^/]*$/, '');
  return MODELS.find((one) => one.name === name)?.text() ?? null;
}

function variables(defaults: Readonly<Record<string, string>>): string {
  return Object.entries(defaults)
    .map(([name, value]) => `variable "${name}" {\n  default = ${value}\n}\n`)
    .join('');
}

/** Versions 3 to 5: lists of names and lists of objects, each counted. */
function securityGroup(): string {
  const lists: Record<string, string> = {};
  const blocks: string[] = [];
  for (const type of ['ingress', 'egress']) {
    lists[`${type}_rules`] = '[]';
    lists[`${type}_cidr_blocks`] = type === 'egress' ? '["0.0.0.0/0"]' : '[]';
    lists[`${type}_ipv6_cidr_blocks`] = type === 'egress' ? '["::/0"]' : '[]';
    lists[`${type}_prefix_list_ids`] = '[]';
    for (const computed of ['', 'computed_']) {
      if (computed !== '') {
        lists[`computed_${type}_rules`] = '[]';
        lists[`number_of_computed_${type}_rules`] = '0';
      }
      const names = `var.${computed}${type}_rules`;
      blocks.push(
        counted(`${computed}${type}_rules`, type, computed !== '', {
          cidr_blocks: `var.${type}_cidr_blocks`,
          ipv6_cidr_blocks: `var.${type}_ipv6_cidr_blocks`,
          prefix_list_ids: `var.${type}_prefix_list_ids`,
          from_port: `local.rules[${names}[count.index]][0]`,
          to_port: `local.rules[${names}[count.index]][1]`,
          protocol: `local.rules[${names}[count.index]][2]`,
        }),
      );
      for (const [kind, peer] of Object.entries(PEERS)) {
        const name = `${computed}${type}_with_${kind}`;
        lists[name] = '[]';
        if (computed !== '') lists[`number_of_${name}`] = '0';
        const element = `var.${name}[count.index]`;
        const rule = `local.rules[lookup(${element}, "rule", "_")]`;
        blocks.push(
          counted(name, type, computed !== '', {
            ...peer(element, type),
            description: `lookup(${element}, "description", null)`,
            from_port: `lookup(${element}, "from_port", ${rule}[0])`,
            to_port: `lookup(${element}, "to_port", ${rule}[1])`,
            protocol: `lookup(${element}, "protocol", ${rule}[2])`,
          }),
        );
      }
    }
  }
  const head = variables({
    create: 'true',
    create_sg: 'true',
    use_name_prefix: 'true',
    security_group_id: 'null',
    name: 'null',
    vpc_id: 'null',
    ...lists,
  });
  return `${head}locals {
  rules = merge(${namedRules()}, { "_" = [-1, -1, ""] })
  id    = !var.create_sg ? var.security_group_id : var.use_name_prefix ? aws_security_group.this_name_prefix[0].id : aws_security_group.this[0].id
}
resource "aws_security_group" "this" {
  count = var.create && var.create_sg && !var.use_name_prefix ? 1 : 0
  name  = var.name
}
resource "aws_security_group" "this_name_prefix" {
  count       = var.create && var.create_sg && var.use_name_prefix ? 1 : 0
  name_prefix = var.name
}
${blocks.join('')}output "security_group_id" {
  value = local.id
}
`;
}

const joined = (element: string, field: string, otherwise: string) =>
  `compact(split(",", lookup(${element}, "${field}", join(",", ${otherwise}))))`;

const PEERS: Readonly<Record<string, (element: string, type: string) => Record<string, string>>> = {
  cidr_blocks: (element, type) => ({
    cidr_blocks: joined(element, 'cidr_blocks', `var.${type}_cidr_blocks`),
  }),
  ipv6_cidr_blocks: (element, type) => ({
    ipv6_cidr_blocks: joined(element, 'ipv6_cidr_blocks', `var.${type}_ipv6_cidr_blocks`),
    prefix_list_ids: `var.${type}_prefix_list_ids`,
  }),
  source_security_group_id: (element, type) => ({
    source_security_group_id: `${element}["source_security_group_id"]`,
    prefix_list_ids: `var.${type}_prefix_list_ids`,
  }),
  self: (element, type) => ({
    self: `lookup(${element}, "self", true)`,
    prefix_list_ids: `var.${type}_prefix_list_ids`,
  }),
  prefix_list_ids: (element, type) => ({
    prefix_list_ids: joined(element, 'prefix_list_ids', `var.${type}_prefix_list_ids`),
  }),
};

function counted(name: string, type: string, computed: boolean, fields: Readonly<Record<string, string>>): string {
  const count = computed ? `var.number_of_${name}` : `length(var.${name})`;
  const all = { count: `var.create ? ${count} : 0`, type: `"${type}"`, security_group_id: 'local.id', ...fields };
  return block('aws_security_group_rule', name, all);
}

function block(type: string, name: string, fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(([field, value]) => `  ${field} = ${value}\n`);
  return `resource "${type}" "${name}" {\n${lines.join('')}}\n`;
}

/** Arguments of an aws_security_group_rule from an element of a map, where it has them. */
function legacyFields(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `try(each.value.${name}, null)`]));
}

const LEGACY_PEERS = ['cidr_blocks', 'ipv6_cidr_blocks', 'prefix_list_ids', 'self', 'source_security_group_id'];
const VPC_PEERS = ['cidr_ipv4', 'cidr_ipv6', 'prefix_list_id', 'referenced_security_group_id'];

/** A map of rules for one direction, each with its own resource; `self` is the module's own group where that may be named so. */
function vpcRules(direction: string, ports: Readonly<Record<string, string>>, self: boolean): string {
  const group = 'aws_security_group.this[0].id';
  const peer = 'try(each.value.referenced_security_group_id, null)';
  return block(`aws_vpc_security_group_${direction}_rule`, 'this', {
    for_each: `{ for key, rule in var.security_group_${direction}_rules == null ? {} : var.security_group_${direction}_rules : key => rule if local.create }`,
    security_group_id: group,
    ...legacyFields(['description', ...VPC_PEERS]),
    ...ports,
    ip_protocol: 'try(coalesce(each.value.ip_protocol), "tcp")',
    ...(self ? { referenced_security_group_id: `${peer} == "self" ? ${group} : ${peer}` } : {}),
  });
}

/** The first of the fields that a rule has. */
function firstOf(...fields: readonly string[]): string {
  return `try(coalesce(${fields.map((field) => (field.includes('.') ? field : `try(each.value.${field}, null)`)).join(', ')}), null)`;
}

/** Version 8 has one map of rules with a type, versions 9 and 10 a map for each direction. */
function alb(): string {
  const vpc = (direction: string) =>
    vpcRules(
      direction,
      {
        from_port: direction === 'egress' ? firstOf('from_port', 'to_port') : firstOf('from_port'),
        to_port: firstOf('to_port', 'from_port'),
      },
      false,
    );
  return `${variables({
    create: 'true',
    create_security_group: 'true',
    security_group_rules: '{}',
    security_group_ingress_rules: '{}',
    security_group_egress_rules: '{}',
  })}locals {
  create = var.create && var.create_security_group
}
resource "aws_security_group" "this" {
  count = local.create ? 1 : 0
}
${block('aws_security_group_rule', 'this', {
  for_each: '{ for key, rule in var.security_group_rules : key => rule if local.create }',
  security_group_id: 'aws_security_group.this[0].id',
  type: 'try(each.value.type, "ingress")',
  ...legacyFields(['description', 'from_port', 'to_port', 'protocol', ...LEGACY_PEERS]),
})}${vpc('ingress')}${vpc('egress')}output "security_group_id" {
  value = try(aws_security_group.this[0].id, null)
}
`;
}

/** Versions 8 and 9 have one map of rules, version 10 a map for each direction. */
function aurora(): string {
  const vpc = (direction: string) =>
    vpcRules(
      direction,
      {
        from_port: firstOf(...(direction === 'egress' ? ['from_port', 'to_port'] : ['from_port']), 'local.port'),
        to_port: firstOf('to_port', ...(direction === 'egress' ? [] : ['from_port']), 'local.port'),
      },
      true,
    );
  return `${variables({
    create: 'true',
    create_security_group: 'true',
    engine: '""',
    port: 'null',
    security_group_rules: '{}',
    security_group_ingress_rules: '{}',
    security_group_egress_rules: '{}',
  })}locals {
  create = var.create && var.create_security_group
  port   = coalesce(var.port, var.engine == "aurora-postgresql" || var.engine == "postgres" ? 5432 : 3306)
}
resource "aws_security_group" "this" {
  count = local.create ? 1 : 0
}
${block('aws_security_group_rule', 'this', {
  for_each: '{ for key, rule in var.security_group_rules : key => rule if local.create }',
  security_group_id: 'aws_security_group.this[0].id',
  type: 'try(each.value.type, "ingress")',
  from_port: 'try(each.value.from_port, local.port)',
  to_port: 'try(each.value.to_port, local.port)',
  protocol: 'try(each.value.protocol, "tcp")',
  ...legacyFields(['description', ...LEGACY_PEERS]),
})}${vpc('ingress')}${vpc('egress')}output "security_group_id" {
  value = try(aws_security_group.this[0].id, null)
}
`;
}

/** Versions 18 to 21, of which the last calls the cluster's rules otherwise: the rules that a caller adds. Those that the module brings itself are not the caller's to change. */
function eks(): string {
  const made = (name: 'cluster' | 'node') =>
    `var.create && var.create_${name}_security_group${name === 'cluster' ? ' && var.create_security_group' : ''}`;
  const part = (name: 'cluster' | 'node') =>
    `resource "aws_security_group" "${name}" {
  count = ${made(name)} ? 1 : 0
}
${block('aws_security_group_rule', name, {
  for_each: `{ for key, rule in ${name === 'cluster' ? 'merge(var.cluster_security_group_additional_rules, var.security_group_additional_rules)' : 'var.node_security_group_additional_rules'} : key => rule if ${made(name)} }`,
  security_group_id: `aws_security_group.${name}[0].id`,
  type: 'try(each.value.type, "ingress")',
  ...legacyFields([
    'description',
    'from_port',
    'to_port',
    ...LEGACY_PEERS.filter((one) => one !== 'source_security_group_id'),
  ]),
  protocol: 'try(coalesce(each.value.protocol), "tcp")',
  source_security_group_id: `try(each.value.source_security_group_id, try(each.value.${name === 'node' ? 'source_cluster_security_group' : 'source_node_security_group'}, false) ? aws_security_group.${name === 'node' ? 'cluster' : 'node'}[0].id : null)`,
})}output "${name}_security_group_id" {
  value = try(aws_security_group.${name}[0].id, null)
}
`;
  return `${variables({
    create: 'true',
    create_cluster_security_group: 'true',
    create_security_group: 'true',
    create_node_security_group: 'true',
    cluster_security_group_additional_rules: '{}',
    security_group_additional_rules: '{}',
    node_security_group_additional_rules: '{}',
  })}${part('cluster')}${part('node')}`;
}

/** Version 2: rules, rules_map and rule_matrix, each rule under the key that the module gives it. */
function cloudposse(): string {
  const plain = (rule: string, peers: Readonly<Record<string, string>>) => {
    const all = ['cidr_blocks', 'ipv6_cidr_blocks', 'prefix_list_ids', 'source_security_group_id', 'self'];
    const common = ['type', 'from_port', 'to_port', 'protocol'].map((field) => `${field} = ${rule}.${field}`);
    return [
      ...common,
      `description = try(${rule}.description, "Managed by Terraform")`,
      ...all.map((field) => `${field} = ${peers[field] ?? 'null'}`),
    ].join('\n    ');
  };
  const given = (of: string, fields: readonly string[]) =>
    Object.fromEntries(fields.map((field) => [field, `try(${of}.${field}, null)`]));
  const lists = ['cidr_blocks', 'ipv6_cidr_blocks', 'prefix_list_ids'];
  const matrix = '"${try(coalesce(subject.key), "_m[${i}]")}#${try(coalesce(rule.key), "[${j}]")}';
  const fields = ['type', 'from_port', 'to_port', 'protocol', 'description', ...LEGACY_PEERS];
  const rules = (name: string, collection: string) =>
    block('aws_security_group_rule', name, {
      for_each: collection,
      security_group_id: 'local.id',
      ...Object.fromEntries(fields.map((field) => [field, `each.value.${field}`])),
    });
  return `${variables({
    enabled: 'true',
    create_before_destroy: 'true',
    preserve_security_group_id: 'false',
    target_security_group_id: '[]',
    allow_all_egress: 'true',
    rules: '[]',
    rules_map: '{}',
    rule_matrix: '[]',
  })}locals {
  create = var.enabled && length(var.target_security_group_id) == 0
  id     = !local.create ? var.target_security_group_id[0] : var.create_before_destroy ? aws_security_group.cbd[0].id : aws_security_group.default[0].id
  listed = merge(concat([{}], [for k, rules in merge({ _list_ = var.rules }, var.rules_map) : { for i, rule in rules : try(coalesce(rule.key), "\${k}[\${i}]") => {
    ${plain('rule', given('rule', LEGACY_PEERS))}
  } }])...)
  blocks = merge(concat([{}], [for i, subject in var.rule_matrix : { for j, rule in subject.rules : ${matrix}#cidr" => {
    ${plain('rule', given('subject', lists))}
  } if try(length(subject.cidr_blocks), 0) + try(length(subject.ipv6_cidr_blocks), 0) + try(length(subject.prefix_list_ids), 0) > 0 }])...)
  selves = merge(concat([{}], [for i, subject in var.rule_matrix : { for j, rule in subject.rules : ${matrix}#self" => {
    ${plain('rule', { self: 'true' })}
  } if try(rule.self, null) == true }])...)
  groups = merge(concat([{}], flatten([for i, subject in var.rule_matrix : [for j, rule in subject.rules : { for n, group in try(subject.source_security_group_ids, []) : ${matrix}#sg#\${n}" => {
    ${plain('rule', { source_security_group_id: 'group' })}
  } }]]))...)
  egress = var.allow_all_egress ? { "_allow_all_egress_" = {
    type = "egress"
    from_port = 0
    to_port = 0
    protocol = "-1"
    description = "Allow all egress"
    cidr_blocks = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
    prefix_list_ids = null
    source_security_group_id = null
    self = null
  } } : {}
  keyed = { for key, rule in merge(local.listed, local.blocks, local.selves, local.groups, local.egress) : key => rule if var.enabled }
  cbd   = var.create_before_destroy && !(var.preserve_security_group_id && local.create)
}
resource "random_id" "rule_change_forces_new_security_group" {
  count = local.cbd ? 1 : 0
}
resource "aws_security_group" "default" {
  count = local.create && !var.create_before_destroy ? 1 : 0
}
resource "aws_security_group" "cbd" {
  count = local.create && var.create_before_destroy ? 1 : 0
}
${rules('keyed', '{ for key, rule in local.keyed : key => rule if local.cbd }')}${rules('dbc', '{ for key, rule in local.keyed : key => rule if !local.cbd }')}output "id" {
  value = local.id
}
`;
}
