import { BlockList, isIP } from "node:net";

/** What an address is for the guard: `never` is refused whatever the settings say. */
export type AddressKind = "public" | "private" | "never";

/** Names under which clouds offer a machine's own secrets. */
const metadataNames = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "instance-data",
  "instance-data.ec2.internal",
]);

/** Link-local networks, and the addresses outside them under which clouds hand out secrets (AWS over IPv6, Alibaba, Oracle, Azure). */
const neverV4 = [
  ["169.254.0.0", 16],
  ["100.100.100.200", 32],
  ["192.0.0.192", 32],
  ["168.63.129.16", 32],
] as const;
const neverV6 = [
  ["fe80::", 10],
  ["fd00:ec2::254", 128],
  ["fd20:ce::254", 128],
] as const;

const privateV4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["224.0.0.0", 3],
] as const;
const privateV6 = [
  ["::", 127],
  ["fc00::", 7],
  ["ff00::", 8],
] as const;

/** Tells kinds of addresses apart; made once and asked often. */
export interface AddressBook {
  readonly kindOf: (address: string) => AddressKind;
}

/** A book over the networks above. */
export const addressBook = (): AddressBook => {
  const never = blockList(neverV4, neverV6);
  const within = blockList(privateV4, privateV6);
  const isIn = (list: BlockList, address: string): boolean =>
    list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  return {
    kindOf: (address) => {
      const plain = unwrapped(address);
      if (isIP(plain) === 0) return "public";
      if (isIn(never, plain)) return "never";
      return isIn(within, plain) ? "private" : "public";
    },
  };
};

type Network = readonly [address: string, bits: number];

const blockList = (v4: readonly Network[], v6: readonly Network[]): BlockList => {
  const list = new BlockList();
  for (const [address, bits] of v4) list.addSubnet(address, bits, "ipv4");
  for (const [address, bits] of v6) list.addSubnet(address, bits, "ipv6");
  return list;
};

/** Several IPv6 forms carry an IPv4 address within (mapped, NAT64, 6to4); it is that one which is reached. */
const unwrapped = (address: string): string => {
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const dotted = /^(?:::ffff:|64:ff9b::)(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (dotted !== undefined) return dotted;
  const groups = /^(?:::ffff:|64:ff9b::|2002:)([0-9a-f]{1,4}):([0-9a-f]{1,4})(?:::?.*)?$/i.exec(bare);
  if (groups === null) return bare;
  const [high, low] = [Number.parseInt(groups[1] ?? "0", 16), Number.parseInt(groups[2] ?? "0", 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
};

/** True for a host name that a cloud answers with the machine's secrets. */
export const isMetadataName = (hostname: string): boolean =>
  metadataNames.has(hostname.toLowerCase().replace(/\.$/, ""));

/** True when a host of the settings (`bi.example.com`, `127.0.0.1:8088`, `*.example.com`) covers this address. */
export const isListed = (url: URL, hosts: readonly string[]): boolean =>
  hosts.some((host) => covers(host.toLowerCase(), url));

const covers = (host: string, url: URL): boolean => {
  if (host === url.host || host === url.hostname.replace(/\.$/, "")) return host === url.host || url.port === "";
  return host.startsWith("*.") && url.port === "" && url.hostname.endsWith(host.slice(1));
};
