import { describe, expect, test } from 'vitest';
import { formatGrubMenu, patchBootImage, patchCoreImage, quoteForGrub, splitParameters } from './grub.ts';

test('boot.img learns the sector of core.img, and not to believe the drive number', () => {
  const patched = patchBootImage(new Uint8Array(512).fill(0xcc), 0x1_0000_0800);
  expect(patched.length).toBe(440);
  expect(new DataView(patched.buffer).getBigUint64(0x5c, true)).toBe(0x1_0000_0800n);
  expect([...patched.subarray(0x66, 0x68)]).toEqual([0x90, 0x90]);
  expect(patched[0x68]).toBe(0xcc);
});

describe('core.img', () => {
  function core(sectors: number, segment = 0x820): Uint8Array {
    const bytes = new Uint8Array(sectors * 512 - 100);
    new DataView(bytes.buffer).setUint16(0x1fe, segment, true);
    return bytes;
  }

  test('learns where the rest of it lies', () => {
    const patched = patchCoreImage(core(311), 2048, 2 ** 20);
    const view = new DataView(patched.buffer);
    expect([view.getBigUint64(0x1f4, true), view.getUint16(0x1fc, true)]).toEqual([2049n, 310]);
    expect(patched.length).toBe(311 * 512);
  });

  test('of another GRUB, or too large, is refused', () => {
    const refusal = expect.objectContaining({ code: 'KIT_BAD_GRUB' });
    expect(() => patchCoreImage(core(10, 0), 2048, 2 ** 20)).toThrow(refusal);
    expect(() => patchCoreImage(core(10), 2048, 9 * 512)).toThrow(refusal);
    expect(() => patchBootImage(new Uint8Array(2048), 1)).toThrow(refusal);
  });
});

test('kernel parameters reach the kernel as they were written', () => {
  expect(splitParameters('quiet  viver.image="my image" x')).toEqual(['quiet', 'viver.image="my image"', 'x']);
  expect(quoteForGrub('console=ttyS0,115200')).toBe('console=ttyS0,115200');
  expect(quoteForGrub('a=magnet:?xt=urn:btmh:1220&dn=$x')).toBe("'a=magnet:?xt=urn:btmh:1220&dn=$x'");
  expect(quoteForGrub("it's")).toBe("'it'\\''s'");
});

test('a word with blanks is left to GRUB to quote', () => {
  const menu = formatGrubMenu({ title: 'x', kernel: 'k', initrd: 'i', append: 'viver.image="my image" a' });
  expect(menu).toContain("linux /k 'viver.image=my image' a\n");
});

test('the menu starts by itself, and offers to look closer', () => {
  const menu = formatGrubMenu({
    title: 'Viver: room',
    kernel: 'viver/vmlinuz',
    initrd: 'viver/initrd.img',
    append: 'quiet',
  });
  expect(menu).toContain('set timeout=2\nset default=0\n');
  expect(menu.match(/^ {2}linux .*$/gm)).toEqual([
    '  linux /viver/vmlinuz quiet',
    '  linux /viver/vmlinuz quiet viver.debug loglevel=7',
    '  linux /viver/vmlinuz quiet viver.shell',
  ]);
});
