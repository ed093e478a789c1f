import { parseCidr } from '@pare/analyzer/model/address.ts';
import { isRecord, type RawResource } from './raw.ts';

/**
 * The attributes that rules refer to, by resource type; nothing else of a state is kept, for state holds secrets. The same names serve
 * resources and data sources.
 */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  aws_vpc: ['id', 'cidr_block', 'ipv6_cidr_block', 'default_security_group_id'],
  aws_default_vpc: ['id', 'cidr_block', 'ipv6_cidr_block', 'default_security_group_id'],
  aws_vpc_ipv4_cidr_block_association: ['cidr_block'],
  aws_vpc_ipv6_cidr_block_association: ['ipv6_cidr_block'],
  aws_subnet: ['id', 'cidr_block', 'ipv6_cidr_block'],
  aws_default_subnet: ['id', 'cidr_block', 'ipv6_cidr_block'],
  aws_security_group: ['id', 'vpc_id', 'name'],
  aws_security_groups: ['ids'],
  aws_default_security_group: ['id', 'vpc_id', 'name'],
  aws_ec2_managed_prefix_list: ['id'],
  aws_prefix_list: ['id', 'prefix_list_id', 'cidr_blocks'],
  aws_vpc_endpoint: ['prefix_list_id', 'cidr_blocks'],
  aws_vpc_peering_connection: ['cidr_block', 'peer_cidr_block'],
  aws_ip_ranges: ['cidr_blocks', 'ipv6_cidr_blocks'],
  aws_eip: ['public_ip', 'private_ip'],
  aws_nat_gateway: ['public_ip', 'private_ip'],
  aws_instance: ['private_ip', 'public_ip', 'ipv6_addresses', 'secondary_private_ips'],
  aws_spot_instance_request: ['private_ip', 'public_ip'],
  aws_network_interface: ['private_ip', 'private_ips', 'ipv6_addresses'],
  aws_directory_service_directory: ['security_group_id', 'dns_ip_addresses'],
  aws_elb: ['source_security_group_id'],
  aws_db_instance: ['port'],
  aws_rds_cluster: ['port'],
  aws_redshift_cluster: ['port'],
  aws_elasticache_cluster: ['port'],
  aws_elasticache_replication_group: ['port'],
  aws_lb_listener: ['port'],
  aws_lb_target_group: ['port'],
  aws_caller_identity: ['account_id'],
  aws_region: ['name', 'region', 'id'],
};

type Kept = string | readonly string[];

/** `address.attribute` → text or list of text, for one resource. */
export function valuesOf({ address, mode, type, attributes }: RawResource): [string, Kept][] {
  if (mode === 'data' && type === 'terraform_remote_state') return remoteOutputs(address, attributes);
  const kept = Object.hasOwn(KEPT, type) ? KEPT[type]! : [];
  return kept.flatMap((name): [string, Kept][] => {
    const value = keptValue(attributes[name]);
    return value === null ? [] : [[`${address}.${name}`, value]];
  });
}

/** Outputs of another state may be anything, secrets too: only addresses and ids of groups, lists, VPCs and subnets are kept. */
function remoteOutputs(address: string, attributes: Readonly<Record<string, unknown>>): [string, Kept][] {
  const { outputs } = attributes;
  // A state file wraps a value of any type as {value, type}; show -json gives it bare.
  const bare = isRecord(outputs) && isRecord(outputs.value) && 'type' in outputs ? outputs.value : outputs;
  if (!isRecord(bare)) return [];
  return Object.entries(bare).flatMap(([name, output]): [string, Kept][] => {
    const value = keptValue(output);
    if (value === null || value.length === 0) return [];
    const texts = typeof value === 'string' ? [value] : value;
    return texts.every(isNetworkText) ? [[`${address}.outputs.${name}`, value]] : [];
  });
}

function isNetworkText(text: string): boolean {
  return /^(sg|pl|vpc|subnet)-[0-9a-z]+$/.test(text) || parseCidr(text) !== null;
}

function keptValue(value: unknown): Kept | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value === 'number') return String(value);
  if (!Array.isArray(value)) return null;
  return value.every((one) => typeof one === 'string') ? value : null;
}
