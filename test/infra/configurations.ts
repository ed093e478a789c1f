/** The stacks that the tests deploy: the least one can say, and everything at once. */
const LOGS = { name: 'main', bucket: 'acme-flow-logs', accounts: ['111122223333'], regions: ['eu-west-1'] };

export const LEAST: Readonly<Record<string, unknown>> = { flowLogs: [LOGS] };

export const EVERYTHING: Readonly<Record<string, unknown>> = {
  flowLogs: [
    { ...LOGS, accounts: ['111122223333', '444455556666'], regions: ['eu-west-1', 'us-east-1'] },
    { ...LOGS, name: 'lake', bucket: 'acme-lake', prefix: 'net/', layout: 'hive', format: 'parquet' },
  ],
  inventory: {
    organization: true,
    roleName: 'PareInventory',
    externalId: 'pare-4711',
    regions: ['all'],
    configHistory: '120d',
    ruleAges: true,
  },
  repositories: ['acme/infra'],
  notify: ['platform@example.com', 'security@example.com'],
  digestFrom: 'pare@example.com',
  digestTopics: ['arn:aws:sns:eu-west-1:111122223333:chat'],
  digestWebhook: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:pare-hook-AbCdEf',
  githubUrl: 'https://github.example.com/api/v3',
  compute: 'fargate',
  image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/pare:1',
  subnets: ['subnet-0a1b2c3d'],
  securityGroups: ['sg-0a1b2c3d'],
  createFlowLogs: ['vpc-0a1b2c3d'],
  members: ['ou-abcd-11112222'],
  quicksight: 'arn:aws:quicksight:eu-west-1:111122223333:user/default/mia',
};

/** As `pulumi config set` stores it: text as it stands, everything else as JSON. */
export function stored(configuration: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(configuration).map(([key, value]) => [
      `pare:${key}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}
