// Who asks: what a request says about the machine and the program that sent it. Pure.
// RFC 4578 (options 93, 94, 97), RFC 3004 (user class), PXE 2.1 and UEFI 2.10 24.7 (vendor class). A machine speaks several times
// in one boot, as PXE ROM, as iPXE, as its operating system, each time with another client identifier; so it is known by its MAC.

import { ANY_ADDRESS } from './ipv4.ts';
import { Architecture, DhcpOption } from './option-codes.ts';
import { addressOption, type DhcpOptions, numbersOption, textOption } from './options.ts';
import type { DhcpPacket } from './packet.ts';

/** The program that asks, as far as it decides what to boot. `uefi-other` is UEFI of a processor that is not x64. */
export type FirmwareKind = 'bios' | 'uefi-x64' | 'uefi-http' | 'uefi-other' | 'ipxe' | 'os';

/** What an address book needs to know. */
export interface ClientIdentity {
  readonly mac: string;
  /** The name that the client gives itself. */
  readonly hostName?: string;
  /** The address it had before and would like again (option 50). */
  readonly requestedAddress?: string;
}

export interface ClientFacts extends ClientIdentity {
  readonly firmware: FirmwareKind;
  /** First value of option 93. */
  readonly architecture?: number;
  readonly vendorClass?: string;
  readonly userClasses: readonly string[];
  /** SMBIOS UUID of the machine, as option 97 has it: `00112233-4455-6677-8899-aabbccddeeff`. */
  readonly uuid?: string;
  /** The vendor class says PXEClient: it looks at boot answers of any server, proxies too. */
  readonly isPxe: boolean;
  /** The vendor class says HTTPClient: it wants a URL. */
  readonly isHttp: boolean;
  readonly isUefi: boolean;
}

/** Reads the facts from a request. Options that are malformed count as missing. */
export function describeClient(packet: DhcpPacket): ClientFacts {
  const { options } = packet;
  const vendorClass = textOption(options, DhcpOption.vendorClass);
  const architecture = architectureOf(options, vendorClass);
  const userClasses = userClassesOf(options);
  const isPxe = vendorClass?.startsWith('PXEClient') ?? false;
  const isHttp = vendorClass?.startsWith('HTTPClient') ?? false;
  return {
    mac: packet.mac,
    hostName: textOption(options, DhcpOption.hostName),
    requestedAddress: requestedAddressOf(packet),
    firmware: firmwareKind({ architecture, userClasses, isPxe, isHttp }),
    architecture,
    vendorClass,
    userClasses,
    uuid: uuidOf(options),
    isPxe,
    isHttp,
    isUefi: architecture !== undefined && architecture !== Architecture.bios && architecture !== Architecture.biosHttp,
  };
}

/** Which program asks. iPXE is known by its user class whatever firmware it runs on. */
export function firmwareKind(
  facts: Pick<ClientFacts, 'architecture' | 'userClasses' | 'isPxe' | 'isHttp'>,
): FirmwareKind {
  if (facts.userClasses.includes('iPXE')) return 'ipxe';
  if (!facts.isPxe && !facts.isHttp) return 'os';
  if (facts.isHttp) return facts.architecture === Architecture.efiX64Http ? 'uefi-http' : 'uefi-other';
  switch (facts.architecture ?? Architecture.bios) {
    case Architecture.bios:
      return 'bios';
    case Architecture.efiByteCode:
    case Architecture.efiX64:
      return 'uefi-x64';
    case Architecture.efiX64Http:
      return 'uefi-http';
    default:
      return 'uefi-other';
  }
}

/** Option 93, or `PXEClient:Arch:00007:...` where a ROM leaves 93 out. */
function architectureOf(options: DhcpOptions, vendorClass: string | undefined): number | undefined {
  const listed = numbersOption(options, DhcpOption.clientArchitecture)?.[0];
  const named = /^(?:PXE|HTTP)Client:Arch:(\d{5})/.exec(vendorClass ?? '')?.[1];
  return listed ?? (named === undefined ? undefined : Number(named));
}

/** RFC 3004 has length-prefixed strings; iPXE, gPXE and others send bare text. Both readings are offered. */
function userClassesOf(options: DhcpOptions): string[] {
  const raw = options.get(DhcpOption.userClass);
  if (!raw || raw.length === 0) return [];
  const classes = [new TextDecoder().decode(raw)];
  for (let offset = 0; offset < raw.length; offset += 1 + raw[offset]!) {
    const end = offset + 1 + raw[offset]!;
    if (raw[offset] === 0 || end > raw.length) return classes;
    classes.push(new TextDecoder().decode(raw.subarray(offset + 1, end)));
  }
  return classes;
}

function requestedAddressOf(packet: DhcpPacket): string | undefined {
  const requested = addressOption(packet.options, DhcpOption.requestedAddress);
  return requested === ANY_ADDRESS ? undefined : requested;
}

/** Type 0 and 16 bytes (RFC 4578 2.3), written as sent, without the swapping of byte groups that Windows tools do. */
function uuidOf(options: DhcpOptions): string | undefined {
  const raw = options.get(DhcpOption.clientUuid);
  if (raw?.length !== 17 || raw[0] !== 0) return undefined;
  const hex = Array.from(raw.subarray(1), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
