import { fileURLToPath } from 'node:url';
import { ENTRIES_ACTION, INVENTORY_ACTIONS } from './inventory-actions.ts';

/** The template on its own, also for accounts outside of the organization; `node infra/member-template.ts` prints it. */
export function memberTemplate(): object {
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'Lets Pare read security groups and interfaces of this account, and nothing else',
    Parameters: {
      Caller: { Type: 'String', AllowedPattern: '^arn:aws[a-zA-Z-]*:iam::[0-9]{12}:role/.+$' },
      ExternalId: { Type: 'String', MinLength: 2, MaxLength: 256, NoEcho: true },
      RoleName: { Type: 'String', MinLength: 1, MaxLength: 64 },
    },
    Resources: {
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: { Ref: 'RoleName' },
          MaxSessionDuration: 3600,
          AssumeRolePolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { AWS: { Ref: 'Caller' } },
                Action: ['sts:AssumeRole', 'sts:TagSession'],
                Condition: { StringEquals: { 'sts:ExternalId': { Ref: 'ExternalId' } } },
              },
            ],
          },
          Policies: [
            {
              PolicyName: 'PareInventory',
              PolicyDocument: {
                Version: '2012-10-17',
                Statement: [
                  { Sid: 'PareInventory1', Effect: 'Allow', Action: INVENTORY_ACTIONS, Resource: '*' },
                  {
                    Sid: 'PareInventory2',
                    Effect: 'Allow',
                    Action: [ENTRIES_ACTION],
                    Resource: { 'Fn::Sub': 'arn:${AWS::Partition}:ec2:*:*:prefix-list/*' },
                  },
                ],
              },
            },
          ],
        },
      },
    },
    Outputs: { RoleArn: { Value: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(`${JSON.stringify(memberTemplate(), null, 2)}\n`);
