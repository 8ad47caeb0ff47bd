import { expect, test } from 'vitest';
import { describeClient, type FirmwareKind, firmwareKind } from './client.ts';
import { DhcpOption } from './option-codes.ts';
import { biosDiscover, efiDiscover, httpDiscover, ipxeDiscover, osDiscover, samplePacket } from './sample-packets.ts';

test('real requests are told apart', () => {
  const kinds = [biosDiscover, efiDiscover, httpDiscover, ipxeDiscover, osDiscover].map(
    (packet) => describeClient(packet).firmware,
  );
  expect(kinds).toEqual(['bios', 'uefi-x64', 'uefi-http', 'ipxe', 'os']);
});

test.each<[number | undefined, boolean, boolean, FirmwareKind]>([
  [undefined, true, false, 'bios'],
  [0, true, false, 'bios'],
  [6, true, false, 'uefi-other'],
  [7, true, false, 'uefi-x64'],
  [9, true, false, 'uefi-x64'],
  [11, true, false, 'uefi-other'],
  [15, false, true, 'uefi-other'],
  [16, false, true, 'uefi-http'],
  [19, false, true, 'uefi-other'],
  [0, false, false, 'os'],
])('architecture %s, PXE %s, HTTP %s: %s', (architecture, isPxe, isHttp, kind) => {
  expect(firmwareKind({ architecture, isPxe, isHttp, userClasses: [] })).toBe(kind);
});

test('facts of a PXE client', () => {
  expect(describeClient(efiDiscover)).toMatchObject({
    mac: '52:54:00:12:34:56',
    architecture: 7,
    isPxe: true,
    isUefi: true,
    uuid: '00112233-4455-6677-8899-aabbccddeeff',
  });
  expect(describeClient(osDiscover)).toMatchObject({ hostName: 'pc-17', isPxe: false, isUefi: false, uuid: undefined });
});

test('the architecture is read from the vendor class where option 93 is missing', () => {
  const packet = samplePacket([[DhcpOption.vendorClass, 'PXEClient:Arch:00007:UNDI:003016']]);
  expect(describeClient(packet).firmware).toBe('uefi-x64');
});

test('user classes in the form of RFC 3004 and as bare text', () => {
  const classes = (bytes: number[]) => describeClient(samplePacket([[DhcpOption.userClass, bytes]])).userClasses;
  expect(classes([4, 0x69, 0x50, 0x58, 0x45])).toContain('iPXE');
  expect(classes([0x69, 0x50, 0x58, 0x45])).toContain('iPXE');
  expect(classes([0])).toEqual(['\0']);
});
