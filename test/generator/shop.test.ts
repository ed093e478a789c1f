import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parse } from '@cdktn/hcl2json';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { generatedFiles, makeShop, SHOP, truthDocument } from '../../examples/generate.ts';
import { stackDocuments, terraformState } from '../../examples/state.ts';
import { STACK_ID } from '../../examples/story.ts';
import { loggedSpans } from './index.ts';

const { shop, world } = makeShop();
const origins = shop.state.rules.map((rule) => ({
  rule,
  origin: shop.origins.get(rule.ruleId)!,
  truth: world.truth.rules[rule.ruleId]!,
}));
const TERRAFORM = [
  'versions.tf',
  'variables.tf',
  'locals.tf',
  'vpc.tf',
  'web.tf',
  'services.tf',
  'data.tf',
  'ops.tf',
  'modules/service/main.tf',
  'modules/service/variables.tf',
  'modules/service/outputs.tf',
];

async function hcl(file: string): Promise<string> {
  return readFile(path.join(SHOP, 'terraform/network', file), 'utf8');
}

describe('the bundled example', () => {
  it('is about 200,000 records in less than 8 MB', async () => {
    const records = [...world.records];
    expect(records.length).toBeGreaterThan(180_000);
    expect(records.length).toBeLessThan(220_000);
    const sizes = await Promise.all(
      (await generatedFiles(SHOP)).map(async (file) => (await stat(path.join(SHOP, file))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(8_000_000);
  });

  it('logs every interface for its whole life in the window, but for the one with a gap', () => {
    const short = world.interfaces.filter((i) => {
      const life = Math.min(i.gone ?? world.window.to, world.window.to) - Math.max(i.created, world.window.from);
      const logged = loggedSpans(world, i).reduce((sum, span) => sum + span.to - span.from, 0);
      return logged / life < 0.98;
    });
    expect(short.map((i) => i.name)).toEqual(['search-1']);
  });

  it('was never used where a removal is expected, or covered by a narrower rule, and was used where a rule is to stay or to be narrowed', () => {
    const wrong = origins.filter(({ origin, truth }) => {
      if (origin.expect === 'review') return false;
      return (origin.expect === 'remove') !== (truth.connections === 0);
    });
    expect(wrong.map((w) => w.origin.address)).toEqual(['aws_security_group_rule.db_from_app_subnet']);
    expect(wrong.map((w) => w.truth.onlyPermitter)).toEqual([0]);
    expect(new Set(origins.map((o) => o.origin.expect))).toEqual(new Set(['keep', 'narrow', 'remove', 'review']));
  });

  it('has no visitor refused and every scan refused', () => {
    const odd = world.connections.filter((c) => c.established === (c.purpose === 'scan'));
    expect(odd).toEqual([]);
  });

  it('has the special rules that its story tells of', () => {
    const address = (ids: readonly string[]): string[] => ids.map((id) => shop.origins.get(id)!.address).sort();
    expect(address(world.truth.usedOnceRuleIds)).toEqual(['aws_security_group_rule.db_from_finance']);
    expect(address(world.truth.usedOnlyByGoneInterfaces)).toEqual([
      'aws_security_group.report',
      'aws_security_group.report',
    ]);
    expect(address(world.truth.usedOnlyBeforeSwap)).toEqual(['aws_security_group.blue']);
    expect(address(world.truth.returnTrafficOnlyRules)).toEqual([
      'aws_security_group_rule.batch_return',
      'module.search.aws_vpc_security_group_egress_rule.anywhere',
    ]);
    expect(world.truth.mutualCoverPairs.map(address)).toEqual([
      ['aws_security_group_rule.db_from_api', 'aws_security_group_rule.db_from_app_subnet'],
    ]);
  });
});

describe('the sources of the example', () => {
  it('are HCL that HashiCorp’s parser takes', async () => {
    for (const file of TERRAFORM) await expect(parse(file, await hcl(file))).resolves.toBeTypeOf('object');
    await expect(parse('terraform.tfvars', await hcl('terraform.tfvars'))).resolves.toHaveProperty('bastion_sources');
  });

  it('declare every Terraform address that a live rule comes from', async () => {
    const root = (await Promise.all(TERRAFORM.filter((f) => !f.includes('/')).map(hcl))).join('\n');
    const service = await hcl('modules/service/main.tf');
    for (const { origin } of origins) {
      if (!['inline', 'legacy', 'vpc-rule'].includes(origin.how)) continue;
      const [, type, name] = /(\w+)\.(\w+)(?:\[.*\])?$/.exec(origin.address)!;
      expect(origin.address.startsWith('module.') ? service : root).toContain(`resource "${type}" "${name}" {`);
    }
  });

  it('declare every item of the stack that a live rule comes from', async () => {
    const text = await readFile(path.join(SHOP, 'cloudformation/payments.yaml'), 'utf8');
    const template = parseYaml(text, { logLevel: 'silent' }) as {
      Resources: Record<string, { Properties: Record<string, unknown> }>;
    };
    for (const { origin, rule } of origins) {
      if (!origin.how.startsWith('cfn-')) continue;
      const [, logical, list, n] = /^(\w+)(?:\.(\w+)\[(\d+)\])?$/.exec(origin.address)!;
      const { Properties } = template.Resources[logical!]!;
      const item = (list === undefined ? Properties : (Properties[list] as unknown[])[Number(n)]) as Record<
        string,
        unknown
      >;
      expect([item.Description, item.FromPort, item.ToPort]).toEqual([rule.description, rule.fromPort, rule.toPort]);
    }
  });
});

describe('the state of the example', () => {
  interface Instance {
    index_key?: string | number;
    attributes: Record<string, unknown>;
  }
  const state = terraformState(shop) as { resources: { type: string; instances: Instance[] }[] };
  const instances = (type: RegExp): Instance[] =>
    state.resources.filter((r) => type.test(r.type)).flatMap((r) => r.instances);

  it('holds each rule made by a resource of its own exactly once', () => {
    const vpc = instances(/^aws_vpc_security_group_/).map((i) => i.attributes.security_group_rule_id);
    expect(vpc.sort()).toEqual(
      origins
        .filter((o) => o.origin.how === 'vpc-rule')
        .map((o) => o.rule.ruleId)
        .sort(),
    );
    const sources = instances(/^aws_security_group_rule$/).flatMap(({ attributes: a }) => [
      ...((a.cidr_blocks as string[] | null) ?? []),
      ...((a.ipv6_cidr_blocks as string[] | null) ?? []),
      ...(a.source_security_group_id === null ? [] : [a.source_security_group_id as string]),
      ...(a.self === true ? [a.security_group_id as string] : []),
    ]);
    expect(sources).toHaveLength(origins.filter((o) => o.origin.how === 'legacy').length);
  });

  it('knows the rule id of a legacy resource only where it has a single source', () => {
    for (const { attributes: a } of instances(/^aws_security_group_rule$/)) {
      const many = [a.cidr_blocks, a.ipv6_cidr_blocks].some((list) => Array.isArray(list) && list.length > 1);
      expect(a.security_group_rule_id === '').toBe(many);
    }
  });

  it('knows the live groups, and the stack the other two', () => {
    const inState = instances(/^aws_security_group$/).map((i) => i.attributes.id);
    const documents = stackDocuments(shop, STACK_ID, '');
    const resources = documents['describe-stack-resources.json'] as {
      StackResources: { PhysicalResourceId: string }[];
    };
    const inStack = resources.StackResources.map((r) => r.PhysicalResourceId).filter((id) => id.startsWith('sg-'));
    expect([...inState, ...inStack].sort()).toEqual(shop.state.groups.map((g) => g.groupId));
  });
});

describe('the truth of the example', () => {
  it('speaks of every live rule', () => {
    const document = truthDocument(shop, world) as { rules: { ruleId: string }[] };
    expect(document.rules.map((r) => r.ruleId)).toEqual(shop.state.rules.map((r) => r.ruleId));
  });
});
