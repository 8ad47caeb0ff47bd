import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAliases } from './kernel-tables.ts';
import { normalizeAlias } from './module-name.ts';
import { buildModuleTables, decodeModuleTables, encodeModuleTables } from './module-tables.ts';
import { isBuiltin, resolve } from './resolve.ts';
import { instanceOf } from './testdata/pattern-instances.ts';

const ALIASES = readFileSync(new URL('./testdata/modules.alias', import.meta.url), 'latin1');
const DEP = `kernel/drivers/usb/storage/uas.ko.xz: kernel/drivers/usb/storage/usb-storage.ko.xz kernel/drivers/usb/core/usbcore.ko.xz
kernel/drivers/usb/storage/usb-storage.ko.xz: kernel/drivers/usb/core/usbcore.ko.xz
kernel/drivers/usb/core/usbcore.ko.xz:
kernel/crypto/crc32c_generic.ko.zst:
kernel/arch/x86/crypto/crc32c-intel.ko.zst:
kernel/fs/ext4/ext4.ko: kernel/fs/gone.ko
`;
const FILES = {
  'modules.alias': ALIASES,
  'modules.dep': DEP,
  'modules.softdep': 'softdep ext4 pre: crypto-crc32c\nsoftdep elsewhere pre: x\n',
  'modules.builtin': 'kernel/lib/libcrc32c.ko\nkernel/drivers/tty/serial/8250/8250.ko\n',
  'modules.builtin.modinfo': '8250.alias=char-major-4-*\0debugfs.alias=fs-debugfs\0debugfs.license=GPL\0',
  'modules.symbols': '# Aliases\nalias symbol:usb_register_driver usbcore\n',
};

describe('resolve', () => {
  const tables = buildModuleTables({ files: FILES, symbols: true });

  it('finds each pattern of a table by its instances', () => {
    const cases = fc
      .constantFrom(...parseAliases(ALIASES))
      .chain(({ pattern, module }) => fc.tuple(instanceOf(pattern), fc.constant(module)));
    fc.assert(
      fc.property(cases, ([modalias, module]) => {
        expect(resolve(tables, modalias)).toContain(module);
      }),
      { numRuns: 2000 },
    );
  });

  it('answers in the order of modules.dep, once for each matching pattern', () => {
    expect(resolve(tables, 'usb:v03EBp2002d0100dc00dsc00dp00ic08isc06ip50in00')).toEqual([
      'uas',
      'usb_storage',
      'usb_storage',
    ]);
    expect(resolve(tables, 'crypto-crc32c')).toEqual(['crc32c_generic', 'crc32c_intel']);
  });

  it.each([
    ['ext4', ['ext4']],
    ['crc32c-intel', ['crc32c_intel']],
    ['sd_mod', []], // has aliases, but modules.dep does not have it
    ['libcrc32c', ['libcrc32c']],
    ['debugfs', []], // not in modules.builtin
    ['fs-debugfs', ['debugfs']],
    ['char-major-4-64', ['8250']],
    ['symbol:usb_register_driver', ['usbcore']],
    ['symbol:nothing', []],
    ['/ext4', []],
    ['./ext4', []],
    ['ext4.ko', []],
    ['ext4]', []],
    ['[ext4', []],
    ['', []],
    ['platform:rtc-bmos', ['rtc_cmos']],
    [`acpi:PNP0F13:${'x'.repeat(5000)}`, []],
  ])('%s', (alias, modules) => expect(resolve(tables, alias)).toEqual(modules));

  it.each([
    ['scsi:t-0x00', 'sd_mod'],
    ['scsi:t-0x05', 'sr_mod'],
    ['usb:v0781p5581d0100dc00dsc00dp00ic08isc06ip50in00', 'usb_storage'],
    ['usb:v0781p5581d0100dc00dsc00dp00ic08isc06ip62in00', 'uas'],
    ['mmc:block', 'mmc_block'],
    ['virtio:d00000002v00001AF4', 'virtio_blk'],
    ['pci:v00001033d00000194sv00001033sd00000194bc0Csc03i30', 'xhci_pci'],
  ])('discs need no rule of ours: %s announces %s', (modalias, module) => {
    expect(resolve(tables, modalias)).toContain(module);
  });

  it('never throws, whatever the alias', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 200 }), (alias) =>
        Array.isArray(resolve(tables, alias)),
      ),
    );
  });
});

describe('tables', () => {
  it('keep what is included, with uncompressed paths and what is lacking', () => {
    const tables = buildModuleTables({ files: FILES, include: new Set(['ext4', 'uas', 'usb_storage']) });
    expect(tables.modules).toEqual([
      ['kernel/drivers/usb/storage/uas.ko', [1]],
      ['kernel/drivers/usb/storage/usb-storage.ko', []],
      ['kernel/fs/ext4/ext4.ko', []],
    ]);
    expect(tables.lacking).toEqual({ uas: ['usbcore'], usb_storage: ['usbcore'], ext4: ['gone'] });
    expect(tables.softdeps).toEqual({ ext4: { pre: ['crypto-crc32c'], post: [] } });
    expect(resolve(tables, 'scsi:t-0x00')).toEqual([]);
    expect(isBuiltin(tables, 'debugfs')).toBe(true);
  });

  it('survive encoding', () => {
    const tables = buildModuleTables({ files: FILES });
    expect(decodeModuleTables(encodeModuleTables(tables))).toEqual(tables);
  });

  it.each(['', '{}', 'null', '[]', '{"version":2,"modules":[],"aliases":[]}'])('refuse %s', (text) => {
    expect(() => decodeModuleTables(text)).toThrow(expect.objectContaining({ code: 'HWDETECT_TABLES_BAD' }));
  });

  it('take a row of an old map only for a module without an alias of that bus', () => {
    const files = {
      'modules.alias': 'alias pci:v00008086d00001000sv*sd*bc*sc*i* e1000\n',
      'modules.pcimap': 'e1000 0x8086 0x1001 0xffffffff 0xffffffff 0 0 0\nohci 0x1 0x2 0xffffffff 0xffffffff 0 0 0\n',
    };
    const tables = buildModuleTables({ files });
    expect(resolve(tables, 'pci:v00008086d00001001sv00000000sd00000000bc02sc00i00')).toEqual([]);
    expect(resolve(tables, 'pci:v00000001d00000002sv00000000sd00000000bc02sc00i00')).toEqual(['ohci']);
  });
});

describe('normalizeAlias', () => {
  it.each([
    ['a-b', 'a_b'],
    ['d[0-9]-x', 'd[0-9]_x'],
    ['a]', undefined],
    ['[a', undefined],
    ['[a]]', undefined],
    ['x'.repeat(5000), 'x'.repeat(4095)],
  ])('%s', (alias, expected) => expect(normalizeAlias(alias)).toBe(expected));
});
