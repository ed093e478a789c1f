import { formatProtocol } from '@pare/analyzer/model/protocol.ts';
import { peerText, portsText, type SecurityGroupRule } from '@pare/analyzer/model/rule.ts';

/** What a person can do with a rule that no source declares. Text only: nothing here is run. Values are AWS identifiers, quoted all the same. */
export interface UnmanagedHelp {
  /** A Terraform import block, to take the rule under management. Null where the rule has no sgr- id. */
  importBlock: string | null;
  /** The AWS CLI command that revokes exactly this rule. */
  revoke: string;
}

export function unmanagedHelp(rule: SecurityGroupRule): UnmanagedHelp {
  const real = /^sgr-[0-9a-f]+$/.test(rule.ruleId);
  const region = word(rule.region);
  const verb = `aws ec2 revoke-security-group-${rule.direction} --region ${region} --group-id ${word(rule.groupId)}`;
  if (!real) return { importBlock: null, revoke: `${verb} --ip-permissions ${permission(rule)}` };
  const name = `adopted_${rule.ruleId.replace(/[^a-z0-9]/g, '_')}`;
  return {
    importBlock: `import {\n  to = aws_vpc_security_group_${rule.direction}_rule.${name}\n  id = "${rule.ruleId}"\n}`,
    revoke: `${verb} --security-group-rule-ids ${rule.ruleId}`,
  };
}

/** One line: `ingress tcp 22 from 10.0.0.0/8 of sg-1`. */
export function ruleLine(rule: SecurityGroupRule): string {
  const protocol = rule.protocol === -1 ? 'all protocols' : formatProtocol(rule.protocol);
  const way = rule.direction === 'ingress' ? 'from' : 'to';
  const ports = rule.protocol === -1 ? '' : ` ${portsText(rule)}`;
  return `${rule.direction} ${protocol}${ports} ${way} ${peerText(rule.peer)} of ${rule.groupId}`;
}

function permission(rule: SecurityGroupRule): string {
  const { peer } = rule;
  const source =
    peer.kind === 'cidrIpv4'
      ? { IpRanges: [{ CidrIp: peer.cidr }] }
      : peer.kind === 'cidrIpv6'
        ? { Ipv6Ranges: [{ CidrIpv6: peer.cidr }] }
        : peer.kind === 'prefixList'
          ? { PrefixListIds: [{ PrefixListId: peer.prefixListId }] }
          : {
              UserIdGroupPairs: [
                { GroupId: peer.groupId, ...(peer.accountId === undefined ? {} : { UserId: peer.accountId }) },
              ],
            };
  const ports = rule.fromPort === null ? {} : { FromPort: rule.fromPort, ToPort: rule.toPort };
  return quoted(JSON.stringify([{ IpProtocol: formatProtocol(rule.protocol), ...ports, ...source }]));
}

function word(text: string): string {
  return /^[A-Za-z0-9_.:/-]+$/.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
