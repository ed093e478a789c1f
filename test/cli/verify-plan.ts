import type { ProposalsDocument } from '../../bot/change/proposals.ts';

const GROUP = 'sg-0123456789abcdef0';

/** An aws_vpc_security_group_ingress_rule as the provider fills it. */
export function attributesOf(port: number): object {
  return {
    arn: 'arn:aws:ec2:eu-west-1:111122223333:security-group-rule/sgr-0a',
    cidr_ipv4: '10.1.0.0/16',
    cidr_ipv6: null,
    description: 'administrators',
    from_port: port,
    id: 'sgr-0a',
    ip_protocol: 'tcp',
    prefix_list_id: null,
    referenced_security_group_id: null,
    security_group_id: GROUP,
    security_group_rule_id: 'sgr-0a',
    tags: null,
    tags_all: {},
    to_port: port,
  };
}

/** proposals.json with the removal of SSH from 10.1.0.0/16 in each context. */
export function proposalsOf(...contexts: string[]): ProposalsDocument {
  return {
    schemaVersion: 1,
    window: { from: '2026-07-03T00:00:00Z', to: '2026-10-01T00:00:00Z' },
    batches: [
      {
        key: 'terraform:.',
        language: 'terraform',
        root: '.',
        branch: 'pare/root',
        title: 'Remove a rule',
        patch: 'patches/root.patch',
        body: 'bodies/root.md',
        files: ['main.tf'],
        proposals: contexts.map((context) => ({
          findingId: `finding-${context}`,
          ruleId: 'sgr-0a',
          groupId: GROUP,
          action: 'remove',
          live: { direction: 'ingress', protocol: 'tcp', fromPort: 22, toPort: 22, cidrIpv4: '10.1.0.0/16' },
          address: 'aws_vpc_security_group_ingress_rule.ssh',
          context,
          place: { file: 'main.tf', line: 1 },
          form: 'vpc-rule',
          mapping: { declaredRuleId: 'x#0', method: 'rule-id', confidence: 0.99, reason: 'the state holds it' },
          replacements: [],
          edits: [],
          togetherWith: [],
          warnings: [],
        })),
        verification: { rulesBefore: 1, rulesAfter: 0, removed: 1, added: 0, contexts, filesChecked: ['main.tf'] },
      },
    ],
    refused: [],
  };
}
