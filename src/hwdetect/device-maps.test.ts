import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hexRangePatterns, parsePciMap, parseUsbMap } from './device-maps.ts';
import { matches } from './glob.ts';

const PCI = `# pci module         vendor     device     subvendor  subdevice  class      class_mask driver_data
e1000                0x00008086 0x00001000 0xffffffff 0xffffffff 0x00000000 0x00000000 0x0
usb-ohci             0xffffffff 0xffffffff 0xffffffff 0xffffffff 0x000c0310 0xffffffff 0x0
i810                 0x00008086 0x00007121 0xffffffff 0xffffffff 0x00030000 0x00ff0000 0x0
odd                  0x00001234 0xffffffff 0xffffffff 0xffffffff 0x00010200 0x00fffe00 0x0
short                0x1
words                one two three four five six
`;
const USB = `# usb module         match_flags idVendor idProduct bcdDevice_lo bcdDevice_hi bDeviceClass bDeviceSubClass bDeviceProtocol bInterfaceClass bInterfaceSubClass bInterfaceProtocol driver_info
usb-storage          0x000f      0x03ee   0x0000    0x0000       0x0245       0x00         0x00            0x00            0x00            0x00               0x00               0x0
usb-storage          0x0380      0x0000   0x0000    0x0000       0x0000       0x00         0x00            0x00            0x08            0x06               0x50               0x0
`;

describe('maps of old kernels', () => {
  it('makes of a pcimap row the alias that the kernel would write', () => {
    expect(parsePciMap(PCI)).toEqual([
      { pattern: 'pci:v00008086d00001000sv*sd*bc*sc*i*', module: 'e1000' },
      { pattern: 'pci:v*d*sv*sd*bc0Csc03i10', module: 'usb_ohci' },
      { pattern: 'pci:v00008086d00007121sv*sd*bc03sc*i*', module: 'i810' },
      { pattern: 'pci:v00001234d*sv*sd*bc01sc0[23]i*', module: 'odd' },
    ]);
  });

  it('makes of a usbmap row patterns for its range and classes', () => {
    const lines = parseUsbMap(USB);
    const modules = (modalias: string) =>
      lines.filter(({ pattern }) => matches(pattern, modalias)).map(({ module }) => module);
    expect(modules('usb:v03EEp0000d0100dc00dsc00dp00icFFisc00ip00')).toEqual(['usb_storage']);
    expect(modules('usb:v03EEp0000d0246dc00dsc00dp00icFFisc00ip00')).toEqual([]);
    expect(modules('usb:v0951p1666d0001dc00dsc00dp00ic08isc06ip50in00')).toEqual(['usb_storage']);
  });

  it('covers exactly a range', () => {
    const number = fc.nat(0xffff);
    fc.assert(
      fc.property(number, number, number, (low, high, probe) => {
        const text = probe.toString(16).toUpperCase().padStart(4, '0');
        const hits = hexRangePatterns(low, high, 4).filter((pattern) => matches(pattern, text));
        expect(hits).toHaveLength(low <= probe && probe <= high ? 1 : 0);
      }),
      { numRuns: 2000 },
    );
  });
});
