import { describe, expect, it } from 'vitest';
import { idsOfModalias, namesOf, parseNameList } from './hardware-names.ts';

const PCI = `# comment
8086  Intel Corporation
	10d3  82574L Gigabit Network Connection
		103c 1785  NC112i 1-port Ethernet Server Adapter
	2922  82801IR/IO/IH (ICH9R/DO/DH) 6 port SATA Controller [AHCI mode]
beef  No: a device whose name has 0123  in it
C 01  Mass storage controller
	06  SATA controller
		01  AHCI 1.0
C 02  Network controller
	00  Ethernet controller
`;
const USB = `0627  Adomax Technology Co., Ltd
	0001  QEMU Tablet
AT 0100  USB Undefined
C 08  Mass Storage
	06  SCSI
		50  Bulk-Only
HUT 01  Generic Desktop Controls
	001  Pointer
L 0001  Arabic
	01  Saudi Arabia
`;

describe('names of hardware', () => {
  it('reads pci.ids: devices, subsystems and classes', () => {
    const list = parseNameList(PCI);
    const ids = idsOfModalias('pci:v00008086d000010D3sv0000103Csd00001785bc02sc00i00')!;
    expect(namesOf(list, ids)).toEqual({
      vendor: 'Intel Corporation',
      device: '82574L Gigabit Network Connection',
      subsystem: 'NC112i 1-port Ethernet Server Adapter',
      kind: 'Ethernet controller',
    });
    const sata = idsOfModalias('pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01')!;
    expect(namesOf(list, sata).kind).toBe('SATA controller (AHCI 1.0)');
    expect(list.get('beef')).toBe('No: a device whose name has 0123  in it');
  });

  it('reads usb.ids and passes its other sections over', () => {
    const list = parseNameList(USB);
    expect([...list.keys()]).toEqual(['0627', '0627/0001', 'C 08', 'C 08/06', 'C 08/06/50']);
    const disc = idsOfModalias('usb:v0627p0001d0000dc00dsc00dp00ic08isc06ip50in00')!;
    expect(namesOf(list, disc)).toEqual({
      vendor: 'Adomax Technology Co., Ltd',
      device: 'QEMU Tablet',
      subsystem: undefined,
      kind: 'SCSI (Bulk-Only)',
    });
  });

  it('has nothing to say about other buses', () => {
    expect(idsOfModalias('virtio:d00000001v00001AF4')).toBeUndefined();
  });
});
