import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Grant, Tags } from './types.ts';

export interface ServiceRoleArgs {
  /** As in `lambda.amazonaws.com`. */
  service: string;
  /** Only for what this account asks the service to do (the confused deputy); Lambda names no source. */
  sourceAccount?: pulumi.Input<string>;
  grants: readonly Grant[];
  tags: Tags;
}

/** A role of a service with one inline policy, which goes when the role goes and is nobody else's. */
export function serviceRole(name: string, args: ServiceRoleArgs, options: pulumi.ResourceOptions): aws.iam.Role {
  const role = new aws.iam.Role(
    name,
    {
      assumeRolePolicy: pulumi.jsonStringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: args.service },
            Action: 'sts:AssumeRole',
            ...(args.sourceAccount === undefined
              ? {}
              : { Condition: { StringEquals: { 'aws:SourceAccount': args.sourceAccount } } }),
          },
        ],
      }),
      tags: args.tags,
    },
    options,
  );
  new aws.iam.RolePolicy(name, { role: role.id, policy: policyOf(args.grants) }, options);
  return role;
}

/** The grants as a policy document. */
export function policyOf(grants: readonly Grant[]): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: '2012-10-17',
    Statement: grants.map(({ sid, actions, resources, condition }) => ({
      Sid: sid,
      Effect: 'Allow',
      Action: [...actions].sort(),
      Resource: resources,
      ...(condition === undefined ? {} : { Condition: condition }),
    })),
  });
}
