import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ViverError } from '../errors.ts';
import { type BootSet, decodeBootSet, encodeBootSet, MAX_BOOT_SET_BYTES } from './boot-set.ts';

const bootSet: BootSet = {
  version: 1,
  kernel: 'viver/vmlinuz',
  initrd: 'viver/initrd.img',
  append: 'console=tty0 viver.role=first',
  kernelRelease: '6.1.0-56-amd64',
  image: { label: 'debian', infoHash: '0f'.repeat(32) },
};

test('decode(encode(x)) = x', () => {
  const line = fc.string({ maxLength: 200 }).filter((text) => !/\p{Cc}/u.test(text));
  fc.assert(
    fc.property(line, line, (append, label) => {
      const written = { ...bootSet, append, image: { ...bootSet.image, label } };
      expect(decodeBootSet(encodeBootSet(written))).toEqual(written);
    }),
  );
});

test.each([
  ['another version', { ...bootSet, version: 2 }],
  ['no kernel', { ...bootSet, kernel: undefined }],
  ['a path out of the medium', { ...bootSet, initrd: 'viver/../../etc/shadow' }],
  ['an empty path', { ...bootSet, kernel: '/' }],
  ['a second line of parameters', { ...bootSet, append: 'quiet\nmenuentry' }],
  ['no image', { ...bootSet, image: null }],
  ['a short hash', { ...bootSet, image: { label: 'x', infoHash: 'abcd' } }],
  ['a list', [bootSet]],
  ['null', null],
])('refuses %s', (_, value) => {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  expect(() => decodeBootSet(bytes)).toThrow(expect.objectContaining({ code: 'IMAGE_BAD_BOOT_SET' }));
});

test('refuses what is too long before reading it', () => {
  expect(() => decodeBootSet(new Uint8Array(MAX_BOOT_SET_BYTES + 1))).toThrow(ViverError);
});

test('any bytes decode or throw ViverError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => new TextEncoder().encode(text)),
      ),
      (bytes) => {
        try {
          decodeBootSet(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ViverError);
        }
      },
    ),
  );
});
