import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCommandLine, splitParameters } from './cmdline.ts';

describe('parseCommandLine', () => {
  test('reads what the boot loaders write', () => {
    const { options, warnings } = parseCommandLine(
      'BOOT_IMAGE=/viver/vmlinuz console=ttyS0 viver.image="magnet:?xt=urn:btmh:1220aa&x.pe=10.0.0.1:6881" viver.share=128M BOOTIF=01-52-54-00-AB-cd-ef quiet\n',
    );
    expect(warnings).toEqual([]);
    expect(options.image).toBe('magnet:?xt=urn:btmh:1220aa&x.pe=10.0.0.1:6881');
    expect(options.share).toEqual({ bytes: 128 * 1024 * 1024 });
    expect(options.bootMac).toBe('52:54:00:ab:cd:ef');
    expect(options.init).toBe('/sbin/init');
  });

  test.each([
    ['viver.share=lots', 'a size such as 512M'],
    ['viver.share=101%', 'a size such as 512M'],
    ['viver.net=maybe', 'one of auto, dhcp, own, none'],
    ['viver.colour=red', 'no such parameter'],
    ['viver.wait=soon', 'whole seconds'],
    ['init=bash', 'absolute path'],
  ])('%s is reported and the default used', (text, reason) => {
    const { options, warnings } = parseCommandLine(text);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(reason);
    expect(options).toEqual(parseCommandLine('').options);
  });

  test('the last value wins', () => {
    expect(parseCommandLine('viver.wait=5 viver.wait=7').options.waitSeconds).toBe(7);
  });

  test('any text gives options', () => {
    fc.assert(fc.property(fc.string(), (text) => parseCommandLine(text).options.init.startsWith('/')));
  });
});

test('quotes keep spaces and are dropped', () => {
  expect(splitParameters('a="b c" "d=e f" g')).toEqual([
    ['a', 'b c'],
    ['d', 'e f'],
    ['g', ''],
  ]);
});
