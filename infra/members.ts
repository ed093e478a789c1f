import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { memberTemplate } from './member-template.ts';
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
