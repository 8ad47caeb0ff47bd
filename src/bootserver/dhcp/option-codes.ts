// Numbers of DHCP that have names: options (IANA "BOOTP Vendor Extensions and DHCP Options"), message types (RFC 2132 9.6),
// client system architectures (RFC 4578 2.1 and IANA's later rows). Data only.

export const DhcpOption = {
  subnetMask: 1, // address, RFC 2132 3.3
  routers: 3, // addresses, RFC 2132 3.5
  dnsServers: 6, // addresses, RFC 2132 3.8
  hostName: 12, // text, RFC 2132 3.14
  domainName: 15, // text, RFC 2132 3.17
  broadcastAddress: 28, // address, RFC 2132 5.3
  vendorInformation: 43, // bytes, RFC 2132 8.4; PXE 2.1 fills it with sub-options
  requestedAddress: 50, // address, RFC 2132 9.1
  leaseSeconds: 51, // u32, RFC 2132 9.2
  overload: 52, // u8, RFC 2132 9.3
  messageType: 53, // u8, RFC 2132 9.6
  serverIdentifier: 54, // address, RFC 2132 9.7
  parameterRequestList: 55, // option codes, RFC 2132 9.8
  message: 56, // text, RFC 2132 9.9
  maximumMessageBytes: 57, // u16, RFC 2132 9.10
  renewalSeconds: 58, // u32, RFC 2132 9.11
  rebindingSeconds: 59, // u32, RFC 2132 9.12
  vendorClass: 60, // text, RFC 2132 9.13: PXEClient..., HTTPClient...
  clientIdentifier: 61, // bytes, RFC 2132 9.14
  tftpServerName: 66, // text, RFC 2132 9.4
  bootFileName: 67, // text, RFC 2132 9.5
  userClass: 77, // bytes, RFC 3004; iPXE sends bare text
  relayAgentInformation: 82, // bytes, RFC 3046
  clientArchitecture: 93, // u16 list, RFC 4578 2.1
  clientNetworkInterface: 94, // bytes, RFC 4578 2.2
  clientUuid: 97, // bytes, RFC 4578 2.3
  ipxe: 175, // bytes, iPXE's encapsulated options
} as const;

export const MessageType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

/** BOOTP op codes (RFC 951). */
export const BootpOp = { request: 1, reply: 2 } as const;

/** UDP ports: server and client (RFC 2131 4.1), and PXE's boot service (PXE 2.1, 2.2.1). */
export const DhcpPort = { server: 67, client: 68, bootService: 4011 } as const;

/** Option 93 as IANA lists it; only what PCs send. */
export const Architecture = {
  bios: 0,
  efiIa32: 6,
  efiByteCode: 7, // what x64 firmware really sends
  efiX64: 9,
  efiArm64: 11,
  efiIa32Http: 15,
  efiX64Http: 16,
  efiByteCodeHttp: 17,
  efiArm64Http: 19,
  biosHttp: 20,
} as const;

const nameOf = (table: Record<string, number>, prefix: string) => (value: number) =>
  Object.keys(table).find((name) => table[name] === value) ?? `${prefix}${value}`;

/** `clientUuid` for 97; `option200` for a number that has no name here. */
export const optionName = nameOf(DhcpOption, 'option');
/** `discover` for 1. */
export const messageTypeName = nameOf(MessageType, 'message');
/** `efiX64` for 9. */
export const architectureName = nameOf(Architecture, 'architecture');
