import { OPERATIONS, type Operation } from './operations.ts';

export interface PolicyDocument {
  Version: '2012-10-17';
  Statement: readonly { Sid: string; Effect: 'Allow'; Action: readonly string[]; Resource: string }[];
}

export type Option = NonNullable<Operation['option']>;

/** What the role in a member account, or the caller for its own account, must be allowed: exactly the calls that are made. */
export function memberPolicy(
  options: readonly Option[] = ['--region all', '--config-history', '--rule-ages'],
): PolicyDocument {
  return policy('member', options, 'PareInventory');
}

/**
 * Given along with AssumeRole: the session may then do no more than the pull does, however much the role may. Resources are left open, so
 * that it fits every partition; AWS takes at most 2,048 characters.
 */
export function sessionPolicy(options: readonly Option[]): string {
  const actions = memberPolicy(options).Statement.flatMap(({ Action }) => Action);
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions.sort(), Resource: '*' }],
  });
}

/** What the caller must be allowed besides, to reach other accounts. `role` is the role's name. */
export function callerPolicy(role: string): PolicyDocument {
  const { Statement, ...rest } = policy('caller', ['--organization', '--role-arn, --role-name'], 'PareReach');
  return { ...rest, Statement: Statement.map((s) => ({ ...s, Resource: s.Resource.replace('ROLE', role) })) };
}

/** Lets the caller assume the role, and nobody who does not know the external id. */
export function trustPolicy(caller: string, externalId: string): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: caller },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Condition: { StringEquals: { 'sts:ExternalId': externalId } },
      },
    ],
  };
}

function policy(who: Operation['who'], options: readonly Option[], sid: string): PolicyDocument {
  const byResource = new Map<string, string[]>();
  for (const operation of Object.values(OPERATIONS)) {
    if (operation.who !== who || operation.action === null) continue;
    if (operation.option !== null && !options.includes(operation.option)) continue;
    const actions = byResource.get(operation.resource) ?? [];
    byResource.set(operation.resource, [...actions, operation.action].sort());
  }
  const statements = [...byResource].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    Version: '2012-10-17',
    Statement: statements.map(([Resource, Action], i) => ({
      Sid: `${sid}${i + 1}`,
      Effect: 'Allow',
      Action,
      Resource,
    })),
  };
}

/** The table of docs/permissions.md: one line for each action. */
export function permissionsTable(): string {
  const rows = Object.entries(OPERATIONS)
    .filter(([, operation]) => operation.action !== null)
    .map(
      ([, { action, resource, option, why }]) =>
        `| \`${action}\` | \`${resource}\` | ${option === null ? 'always' : `\`${option}\``} | ${why} |`,
    );
  return ['| action | resource | needed | for |', '|---|---|---|---|', ...rows].join('\n');
}
