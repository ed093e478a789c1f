import { vi } from 'vitest';
import { runtime } from '../../infra/testing.ts';
import { stored } from './configurations.ts';

export interface Made {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** What the provider adds to what it was given; shaped as AWS's, so that policies can be read. */
export function stateOf(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  const own = typeof inputs.name === 'string' ? inputs.name : name;
  const service = type.split(':')[1]?.split('/')[0] ?? '';
  const region = 'eu-west-1:111122223333';
  const arns: Record<string, string> = {
    s3: `arn:aws:s3:::${name}`,
    iam: `arn:aws:iam::111122223333:role/${name}`,
    sfn: `arn:aws:states:${region}:stateMachine:${own}`,
    lambda: `arn:aws:lambda:${region}:function:${own}`,
    cloudwatch: `arn:aws:logs:${region}:log-group:${own}`,
    dynamodb: `arn:aws:dynamodb:${region}:table/${own}`,
    secretsmanager: `arn:aws:secretsmanager:${region}:secret:${own}-AbCdEf`,
    ecs: `arn:aws:ecs:${region}:${type.includes('cluster') ? 'cluster' : 'task-definition'}/${own}`,
    kms: `arn:aws:kms:${region}:key/${name}`,
  };
  return {
    ...inputs,
    name: own,
    arn: arns[service] ?? `arn:aws:${service}:${region}:${own}`,
    url: `https://sqs.eu-west-1.amazonaws.com/111122223333/${own}`,
    executionArn: `arn:aws:execute-api:${region}:${own}`,
    apiEndpoint: `https://${own}.execute-api.eu-west-1.amazonaws.com`,
  };
}

export const CALLS: Readonly<Record<string, Record<string, unknown>>> = {
  'aws:index/getCallerIdentity:getCallerIdentity': { accountId: '111122223333' },
  'aws:index/getRegion:getRegion': { region: 'eu-west-1' },
  'aws:index/getPartition:getPartition': { partition: 'aws' },
};

/** Runs the program with Pulumi's mocks: every resource it registers, as the engine would get it. */
export async function deploy(
  configuration: Readonly<Record<string, unknown>>,
): Promise<{ made: Made[]; outputs: Record<string, unknown> }> {
  const made: Made[] = [];
  vi.resetModules();
  const sdk = await import('../../infra/testing.ts');
  await sdk.runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        const given = inputs as Record<string, unknown>;
        made.push({ type, name, inputs: given });
        return { id: `${name}-id`, state: stateOf(type, name, given) };
      },
      call: ({ token, inputs }) => CALLS[token] ?? (inputs as Record<string, unknown>),
    },
    'pare',
    'test',
    false,
  );
  sdk.runtime.setAllConfig(stored(configuration));
  const program = (await import('../../infra/index.ts')) as Record<string, unknown>;
  const outputs = await new Promise<Record<string, unknown>>((resolve) => {
    sdk.all(program as Record<string, string>).apply((known) => resolve(known));
  });
  await runtime.disconnect();
  // What is registered is settled by then: disconnect waits for all that is under way.
  return { made: made.sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1)), outputs };
}
