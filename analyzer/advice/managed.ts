import type { SecurityGroup } from '../model/inventory.ts';

/**
 * Who keeps a group, when it is not the people whose source we edit: AWS or a controller would put a removed rule back, or break.
 * Null for a group of their own. CloudFormation's and Service Catalog's tags only say which stack made the group.
 */
export function managedBy(group: SecurityGroup): string | null {
  for (const key of Object.keys(group.tags).sort()) {
    if (/^aws:(cloudformation|servicecatalog):/.test(key)) continue;
    if (key.startsWith('aws:')) return `tag ${key}`;
    if (CONTROLLER_TAGS.some((tag) => tag.test(key))) return `tag ${key}`;
  }
  const named = MANAGED_NAMES.find(({ name }) => name.test(group.groupName));
  return named === undefined ? null : named.by;
}

const CONTROLLER_TAGS: readonly RegExp[] = [
  /^elbv2\.k8s\.aws\//, // AWS Load Balancer Controller
  /^(ingress|service)\.k8s\.aws\//,
  /^kubernetes\.io\/cluster\//, // EKS and the Kubernetes cloud provider
  /^elasticbeanstalk:/,
  /^GuardDutyManaged$/,
];

const MANAGED_NAMES: readonly { name: RegExp; by: string }[] = [
  { name: /^ElasticMapReduce-/, by: 'EMR' },
  { name: /^d-[0-9a-f]{10}_controllers$/, by: 'Directory Service' },
  { name: /^(rds-(ec2|lambda|rdsproxy)|(ec2|lambda|rdsproxy)-rds)-\d+$/, by: 'RDS' },
  { name: /^eks-cluster-sg-/, by: 'EKS' },
  { name: /^k8s-(elb-|traffic-)/, by: 'Kubernetes' },
  { name: /^GuardDutyManagedSecurityGroup-/, by: 'GuardDuty' },
  { name: /^default_elb_/, by: 'Elastic Load Balancing' },
];
