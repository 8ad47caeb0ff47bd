// Requests as real programs send them, built field by field (addresses and UUIDs are made up), for tests of this folder.
// The option lists follow Intel's PXE 2.1 ROMs, EDK2, iPXE 1.21 and ISC dhclient 4.4.

import { Architecture, DhcpOption, MessageType } from './option-codes.ts';
import { encodeOption, type OptionValue } from './options.ts';
import { type DhcpPacket, EMPTY_PACKET } from './packet.ts';

export const SAMPLE_MAC = '52:54:00:12:34:56';
const uuid = [0, ...Array.from({ length: 16 }, (_, index) => index * 17)];

type OptionList = ReadonlyArray<readonly [number, OptionValue]>;

/** A request of the sample machine with these options. */
export function samplePacket(options: OptionList, fields: Partial<DhcpPacket> = {}): DhcpPacket {
  const encoded = new Map(options.map(([code, value]) => [code, encodeOption(code, value)]));
  return { ...EMPTY_PACKET, xid: 0x12345678, mac: SAMPLE_MAC, ...fields, options: encoded };
}

const pxeOptions = (architecture: number, vendorClass: string): OptionList => [
  [DhcpOption.messageType, MessageType.discover],
  [DhcpOption.maximumMessageBytes, 1464],
  [DhcpOption.vendorClass, vendorClass],
  [DhcpOption.clientArchitecture, [architecture]],
  [DhcpOption.clientNetworkInterface, [1, 3, 16]],
  [DhcpOption.clientUuid, uuid],
];

/** Intel's BIOS ROM asks for options of every kind, some of which no table has. */
export const biosDiscover = samplePacket(
  [
    ...pxeOptions(Architecture.bios, 'PXEClient:Arch:00000:UNDI:002001'),
    [DhcpOption.parameterRequestList, [1, 2, 3, 5, 6, 11, 12, 13, 15, 16, 17, 18, 43, 54, 60, 67, 128, 129, 130, 135]],
  ],
  { broadcast: true },
);

export const efiDiscover = samplePacket([
  ...pxeOptions(Architecture.efiByteCode, 'PXEClient:Arch:00007:UNDI:003016'),
  [DhcpOption.parameterRequestList, [1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 43, 50, 51, 54, 58, 59, 60, 66, 67, 97]],
]);

export const httpDiscover = samplePacket([
  ...pxeOptions(Architecture.efiX64Http, 'HTTPClient:Arch:00016:UNDI:003016'),
  [DhcpOption.parameterRequestList, [1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 43, 50, 51, 54, 58, 59, 60, 66, 67, 97]],
]);

export const ipxeDiscover = samplePacket([
  ...pxeOptions(Architecture.efiByteCode, 'PXEClient:Arch:00007:UNDI:003010'),
  [DhcpOption.userClass, new TextEncoder().encode('iPXE')],
  [DhcpOption.ipxe, [0xb1, 5, 1, 0x80, 0x86, 0x10, 0x0e, 24, 1, 1, 235, 3, 1, 0, 0]],
  [DhcpOption.parameterRequestList, [1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 129, 130, 175, 203]],
]);

export const osDiscover = samplePacket([
  [DhcpOption.messageType, MessageType.discover],
  [DhcpOption.hostName, 'pc-17'],
  [DhcpOption.clientIdentifier, [1, 0x52, 0x54, 0, 0x12, 0x34, 0x56]],
  [DhcpOption.parameterRequestList, [1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42]],
]);

/** The REQUEST that follows an OFFER, from the same program as `discover`. */
export function requestAfter(discover: DhcpPacket, server: string, address: string): DhcpPacket {
  const options = new Map(discover.options);
  options.set(DhcpOption.messageType, encodeOption(DhcpOption.messageType, MessageType.request));
  options.set(DhcpOption.serverIdentifier, encodeOption(DhcpOption.serverIdentifier, server));
  options.set(DhcpOption.requestedAddress, encodeOption(DhcpOption.requestedAddress, address));
  return { ...discover, options };
}
