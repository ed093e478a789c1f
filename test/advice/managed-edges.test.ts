import { describe, expect, it } from 'vitest';
import { managedBy } from '../../analyzer/advice/managed.ts';
import { group } from './build.ts';

const tagged = (tags: Record<string, string>): string | null => managedBy(group('sg-1', { tags }));
const named = (groupName: string): string | null => managedBy(group('sg-1', { groupName }));

describe('a group that AWS or a controller keeps', () => {
  it.each([
    'aws:autoscaling:groupName',
    'aws:elasticmapreduce:job-flow-id',
    'aws:ec2:fleet-id',
    'aws:',
    'elbv2.k8s.aws/cluster',
    'ingress.k8s.aws/resource',
    'service.k8s.aws/stack',
    'kubernetes.io/cluster/blue',
    'elasticbeanstalk:environment-id',
    'GuardDutyManaged',
  ])('is known by its tag %s', (key) => expect(tagged({ Name: 'x', [key]: 'y' })).toBe(`tag ${key}`));

  it('is told by the first such tag as text', () => {
    expect(tagged({ 'kubernetes.io/cluster/b': '', 'aws:x': '', 'elbv2.k8s.aws/cluster': '' })).toBe('tag aws:x');
    expect(tagged({ 'kubernetes.io/cluster/b': '', 'kubernetes.io/cluster/a': '' })).toBe(
      'tag kubernetes.io/cluster/a',
    );
  });

  it.each([
    ['ElasticMapReduce-master', 'EMR'],
    ['d-0123456789_controllers', 'Directory Service'],
    ['rds-ec2-1', 'RDS'],
    ['rds-lambda-12', 'RDS'],
    ['rds-rdsproxy-1', 'RDS'],
    ['ec2-rds-1', 'RDS'],
    ['lambda-rds-1', 'RDS'],
    ['rdsproxy-rds-345', 'RDS'],
    ['eks-cluster-sg-blue-123', 'EKS'],
    ['k8s-elb-a1b2', 'Kubernetes'],
    ['k8s-traffic-blue-1', 'Kubernetes'],
    ['GuardDutyManagedSecurityGroup-vpc-1', 'GuardDuty'],
    ['default_elb_1a2b', 'Elastic Load Balancing'],
  ])('is known by its name %s', (name, by) => expect(named(name)).toBe(by));
});

describe("a group of somebody's own", () => {
  it.each([
    'Name',
    'team',
    'aws',
    'AWS:x',
    'my-aws:tag',
    'aws:cloudformation:stack-name',
    'aws:servicecatalog:productArn',
    'x-elbv2.k8s.aws/cluster',
    'elbv2.k8s.aws',
    'elbv2xk8s.aws/cluster',
    'elbv2.k8sxaws/cluster',
    'my.ingress.k8s.aws/x',
    'ingressxk8s.aws/x',
    'egress.k8s.aws/x',
    'x-kubernetes.io/cluster/blue',
    'kubernetes.io/name',
    'kubernetesxio/cluster/blue',
    'my-elasticbeanstalk:x',
    'GuardDutyManagedBy',
    'NotGuardDutyManaged',
  ])('is not lost to the tag %s', (key) => expect(tagged({ [key]: 'y' })).toBeNull());

  it('is not hidden by a stack’s tag beside a controller’s', () => {
    expect(tagged({ 'aws:cloudformation:stack-id': 'x', 'kubernetes.io/cluster/blue': 'owned' })).toBe(
      'tag kubernetes.io/cluster/blue',
    );
    expect(
      managedBy(group('sg-1', { groupName: 'eks-cluster-sg-x', tags: { 'aws:cloudformation:stack-id': 'x' } })),
    ).toBe('EKS');
  });

  it.each([
    'web',
    'my-ElasticMapReduce-x',
    'ElasticMapReduce',
    'd-012345678_controllers',
    'd-01234567890_controllers',
    'd-012345678g_controllers',
    'xd-0123456789_controllers',
    'd-0123456789_controllers2',
    'rds-ec2-',
    'rds-ec2-a',
    'rds-ec2-1a',
    'my-rds-ec2-1',
    'rds-web-1',
    'web-rds-1',
    'rds-rds-1',
    'my-eks-cluster-sg-blue',
    'k8s-web',
    'my-k8s-elb-x',
    'NotGuardDutyManagedSecurityGroup-x',
    'GuardDutyManagedSecurityGroup',
    'my_default_elb_x',
    'default_elb',
  ])('is not taken for one by its name %s', (name) => expect(named(name)).toBeNull());
});
