import { addressSet, formatAddress, formatCidr, parseAddress, parseCidr } from '../model/address.ts';
import type { InterfaceState } from '../model/interface.ts';
import type { RawInterface } from './raw.ts';
import { byText, type Located, parseTime, wrongShape } from './valid.ts';

/** What an interface is, without the when; the same from EC2 and from AWS Config. */
export type InterfaceFacts = Omit<InterfaceState, 'from' | 'to' | 'origin' | 'startKnown' | 'accountId' | 'region'>;

export function interfaceFacts(item: Located<RawInterface>, next: string): InterfaceFacts {
  const { value, file, at } = item;
  const address = (text: string): string => {
    const parsed = parseAddress(text);
    if (parsed === null)
      throw wrongShape(file, at, `${value.NetworkInterfaceId} has ${JSON.stringify(text)}, which is no address`, next);
    return formatAddress(parsed);
  };
  const prefix = (text: string): string => {
    const parsed = parseCidr(text);
    if (parsed === null)
      throw wrongShape(file, at, `${value.NetworkInterfaceId} has ${JSON.stringify(text)}, which is no prefix`, next);
    return formatCidr(parsed);
  };
  const v4 = [...(value.PrivateIpAddresses ?? [])].sort(
    (a, b) => Number(b.Primary ?? false) - Number(a.Primary ?? false),
  );
  const prefixes = [
    ...(value.Ipv4Prefixes ?? []).map((entry) => prefix(entry.Ipv4Prefix)),
    ...(value.Ipv6Prefixes ?? []).map((entry) => prefix(entry.Ipv6Prefix)),
  ].sort(byText);
  const texts = [
    ...(value.PrivateIpAddress ? [value.PrivateIpAddress] : []),
    ...v4.map((entry) => entry.PrivateIpAddress),
    ...(value.Ipv6Address ? [value.Ipv6Address] : []),
    ...(value.Ipv6Addresses ?? []).map((entry) => entry.Ipv6Address),
  ];
  const publics = [value.Association, ...v4.map((entry) => entry.Association)].flatMap((association) =>
    [association?.PublicIp, association?.CarrierIp, association?.CustomerOwnedIp].filter(
      (text) => typeof text === 'string' && text !== '',
    ),
  );
  const { existsSince, attached } = attachment(value);
  return {
    interfaceId: value.NetworkInterfaceId,
    vpcId: value.VpcId ?? null,
    subnetId: value.SubnetId ?? null,
    groups: [...new Set(value.Groups.map((group) => group.GroupId))].sort(byText),
    addresses: [...new Set([...texts.map(address), ...prefixes.flatMap(shortPrefixAddresses)])],
    ...(prefixes.length === 0 ? {} : { prefixes }),
    publicAddresses: [...new Set(publics.map((text) => address(text as string)))].sort(byText),
    interfaceType: value.InterfaceType ?? null,
    requesterManaged: value.RequesterManaged ?? false,
    description: value.Description ?? null,
    ...(attached && existsSince !== null ? { existsSince } : {}),
  };
}

/**
 * The primary interface of an instance is made with the instance and cannot be detached (EC2 user guide, elastic network interfaces): it
 * did not exist before it was attached. Any other interface may have lived elsewhere before.
 */
function attachment(value: RawInterface): { existsSince: number | null; attached: boolean } {
  const { Attachment: a } = value;
  const primary = a?.DeviceIndex === 0 && (a.NetworkCardIndex ?? 0) === 0 && Boolean(a.InstanceId);
  const time = parseTime(a?.AttachTime);
  return { existsSince: time === null ? null : Math.floor(time), attached: primary };
}

/** A delegated IPv4 prefix is a /28: its sixteen addresses are written out. IPv6 prefixes (/80) stay prefixes. */
function shortPrefixAddresses(text: string): string[] {
  const cidr = parseCidr(text);
  if (cidr === null || cidr.family !== 4 || cidr.length < 24) return [];
  const { from, to } = addressSet([cidr]).v4[0]!;
  return Array.from({ length: to - from + 1 }, (_, i) => formatAddress({ family: 4, value: from + i }));
}
