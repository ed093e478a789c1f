import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { ENTRIES_ACTION, INVENTORY_ACTIONS } from './step-grants.ts';
import type { Tags } from './types.ts';

export interface MembersArgs {
  /** Organizational units, or the root, whose accounts get the role; new accounts get it by themselves. */
  units: readonly string[];
  roleName: string;
  externalId: string;
  /** ARN of the role that assumes it: that of the inventory step. */
  caller: pulumi.Input<string>;
  region: pulumi.Input<string>;
  tags: Tags;
}

/** The role that the inventory assumes, in every account of an organization, by a StackSet that CloudFormation manages. */
export class Members extends pulumi.ComponentResource {
  constructor(name: string, args: MembersArgs, options?: pulumi.ComponentResourceOptions) {
    super('pare:infra:Members', name, {}, options);
    const child = { parent: this };
    const set = new aws.cloudformation.StackSet(
      name,
      {
        name,
        description: 'Lets Pare read security groups and interfaces, and nothing else',
        permissionModel: 'SERVICE_MANAGED',
        autoDeployment: { enabled: true, retainStacksOnAccountRemoval: false },
        capabilities: ['CAPABILITY_NAMED_IAM'],
        templateBody: JSON.stringify(memberTemplate()),
        parameters: { Caller: args.caller, ExternalId: args.externalId, RoleName: args.roleName },
        tags: args.tags,
      },
      child,
    );
    new aws.cloudformation.StackSetInstance(
      name,
      {
        stackSetName: set.name,
        deploymentTargets: { organizationalUnitIds: [...args.units].sort() },
        // Roles are global: one Region is enough.
        stackSetInstanceRegion: args.region,
        operationPreferences: { failureTolerancePercentage: 100, maxConcurrentPercentage: 25 },
      },
      child,
    );
    this.registerOutputs({});
  }
}

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
