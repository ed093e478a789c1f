/**
 * `node test/corpus/registry.ts FOLDER`: what Pare's models of registry modules make of a call against what the module's own code makes, as
 * `terraform init` would put it into the tree. FOLDER holds work trees named `owner+repository`. Prints a line for each module and what
 * differs; exit 1 where anything does. Rules that the module brings itself (the nodes of a cluster) are not the caller's, so the models
 * leave them out, and so does this.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSource } from '../../bot/cli/read-source.ts';
import type { SourceFile } from '../../bot/source/contract.ts';
import { createTerraformLanguage } from '../../bot/source/terraform/index.ts';
import { sourceTree } from '../../bot/source/tree.ts';

const ONE = '"10.1.0.0/16"';
const LISTS = `cidr_blocks = [${ONE}, "10.2.0.0/16"], ipv6_cidr_blocks = ["fd00::/8"]`;

/** `only`: addresses of the rules that the caller's inputs make. */
const CALLS: readonly { repository: string; source: string; inputs: string; only?: RegExp }[] = [
  {
    repository: 'terraform-aws-modules+terraform-aws-security-group',
    source: 'terraform-aws-modules/security-group/aws',
    inputs: `name = "n"
  vpc_id              = "vpc-1"
  ingress_cidr_blocks = [${ONE}]
  ingress_rules       = ["https-443-tcp", "all-icmp"]
  egress_rules        = ["all-all"]
  ingress_with_cidr_blocks = [
    { from_port = 8080, to_port = 8090, protocol = "tcp", cidr_blocks = "10.2.0.0/16,10.3.0.0/16" },
    { rule = "postgresql-tcp" },
  ]
  ingress_with_self = [{ rule = "ssh-tcp" }]
  ingress_with_source_security_group_id = [{ rule = "http-80-tcp", source_security_group_id = "sg-2" }]
  computed_ingress_with_cidr_blocks = [{ rule = "mysql-tcp", cidr_blocks = ${ONE} }]
  number_of_computed_ingress_with_cidr_blocks = 1`,
  },
  {
    repository: 'terraform-aws-modules+terraform-aws-alb',
    source: 'terraform-aws-modules/alb/aws',
    inputs: `name = "n"
  vpc_id = "vpc-1"
  security_group_ingress_rules = {
    a = { from_port = 80, cidr_ipv4 = ${ONE} }
    b = { from_port = 443, to_port = 445, ip_protocol = "udp", cidr_ipv6 = "fd00::/8" }
    c = { from_port = 22, to_port = 22, referenced_security_group_id = "sg-2" }
  }
  security_group_egress_rules = {
    d = { ip_protocol = "-1", cidr_ipv4 = "0.0.0.0/0" }
    e = { to_port = 53, ip_protocol = "udp", prefix_list_id = "pl-1" }
    f = { from_port = 1, to_port = 2, cidr_ipv4 = ${ONE} }
  }`,
  },
  {
    repository: 'terraform-aws-modules+terraform-aws-rds-aurora',
    source: 'terraform-aws-modules/rds-aurora/aws',
    inputs: `name = "n"
  vpc_id = "vpc-1"
  engine = "aurora-postgresql"
  security_group_ingress_rules = {
    a = { cidr_ipv4 = ${ONE} }
    b = { from_port = 6000, to_port = 6001, referenced_security_group_id = "sg-2" }
    c = { referenced_security_group_id = "self" }
  }
  security_group_egress_rules = {
    d = { to_port = 443, cidr_ipv4 = "10.2.0.0/16" }
  }`,
  },
  {
    repository: 'terraform-aws-modules+terraform-aws-eks',
    source: 'terraform-aws-modules/eks/aws',
    inputs: `name = "n"
  vpc_id = "vpc-1"
  security_group_additional_rules = {
    mine_a = { from_port = 443, to_port = 443, cidr_blocks = [${ONE}] }
    mine_b = { from_port = 1, to_port = 2, protocol = "udp", type = "egress", source_node_security_group = true }
  }
  node_security_group_additional_rules = {
    mine_c = { from_port = 9000, to_port = 9100, self = true }
    mine_d = { from_port = 5, to_port = 5, source_cluster_security_group = true }
    mine_e = { from_port = 6, to_port = 6, cidr_blocks = ["10.2.0.0/16", ${ONE}], ipv6_cidr_blocks = ["fd00::/8"] }
  }`,
    only: /\["mine_/,
  },
  ...['true', 'false'].map((first) => ({
    repository: 'cloudposse+terraform-aws-security-group',
    source: 'cloudposse/security-group/aws',
    inputs: `vpc_id = "vpc-1"
  create_before_destroy = ${first}
  rules = [
    { key = "ssh", type = "ingress", from_port = 22, to_port = 22, protocol = "tcp", ${LISTS} },
  ]
  rules_map = {
    own  = [{ type = "ingress", from_port = 1, to_port = 1, protocol = "tcp", self = true }]
    more = [{ type = "egress", from_port = 2, to_port = 3, protocol = "udp", source_security_group_id = "sg-2" }]
  }
  rule_matrix = [{
    ${LISTS.replace(', ipv6', '\n    ipv6')}
    source_security_group_ids = ["sg-3", "sg-4"]
    rules = [
      { key = "web", type = "ingress", from_port = 443, to_port = 443, protocol = "tcp" },
      { type = "ingress", from_port = 80, to_port = 80, protocol = "tcp", self = true },
    ]
  }]`,
  })),
];

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('give the folder that holds the modules');
const language = await createTerraformLanguage();
let wrong = 0;
for (const { repository, source, inputs, only } of CALLS) {
  const directory = join(folder, repository);
  if (!existsSync(directory)) {
    console.log(`${repository}: not in ${folder}`);
    wrong += 1;
    continue;
  }
  const main = { path: 'main.tf', text: `module "m" {\n  source = "${source}"\n  ${inputs}\n}\n` };
  const { tree } = await readSource(directory);
  const own = vendored(tree.files, 'm');
  const label = join(folder, 'cloudposse+terraform-null-label');
  const parts = repository.startsWith('cloudposse+') ? vendored((await readSource(label)).tree.files, 'm.this') : [];
  const installed = ['m', ...(parts.length > 0 ? ['m.this'] : [])];
  const modules = JSON.stringify({ Modules: installed.map((key) => ({ Key: key, Dir: `.terraform/modules/${key}` })) });
  const real = rules([main, ...own, ...parts, { path: '.terraform/modules/modules.json', text: modules }], only);
  const model = rules([main], only);
  const missing = real.filter((text) => !model.includes(text));
  const invented = model.filter((text) => !real.includes(text));
  console.log(`${repository}: ${real.length} rules by its own code, ${model.length} by the model`);
  for (const text of missing) console.log(`  only its own code: ${text}`);
  for (const text of invented) console.log(`  only the model: ${text}`);
  if (missing.length + invented.length > 0 || real.length === 0) wrong += 1;
}
process.exitCode = wrong > 0 ? 1 : 0;

function vendored(files: readonly SourceFile[], key: string): SourceFile[] {
  return files
    .filter((file) => !/^(examples|test|wrappers|exports)\//.test(file.path))
    .map(({ path, text }): SourceFile => ({ path: `.terraform/modules/${key}/${path}`, text }));
}

function rules(files: readonly SourceFile[], only: RegExp = /^/): string[] {
  const index = language.index(sourceTree([...files]), { states: [], stacks: [] });
  return index.declarations
    .flatMap((declaration) => declaration.rules)
    .filter((rule) => only.test(rule.address))
    .map((r) => [r.address, r.group, r.direction, r.protocol, r.fromPort, r.toPort, r.peerKind, r.peer].join(' '))
    .sort();
}
