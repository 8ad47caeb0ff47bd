import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ViverError } from '../../src/errors.ts';
import { findIcuData, isDispensableIcuItem } from '../icu/slim.ts';
import { dynamicNames, interpreter, isElf, parseElf, sectionBytes } from './elf.ts';
import { sharedLibraries } from './libraries.ts';

const node = process.execPath;
const bytes = await readFile(node);

describe('parseElf', () => {
  it('finds what readelf finds in Node', () => {
    const elf = parseElf(bytes);
    const { needed } = dynamicNames(elf);
    const listed = execFileSync('readelf', ['-dW', node], { encoding: 'utf8' });
    expect(needed).toEqual([...listed.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]));
    expect(interpreter(elf)).toBe('/lib64/ld-linux-x86-64.so.2');
    expect(sectionBytes(elf, '.no-such')).toBeUndefined();
  });

  it('throws nothing but ViverError for damaged files', async () => {
    const small = await readFile('/lib/x86_64-linux-gnu/libdl.so.2');
    const headers = fc.array(
      fc.tuple(fc.oneof(fc.nat(63), fc.integer({ min: small.length - 2000, max: small.length - 1 })), fc.nat(255)),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(headers, (changes) => {
        const damaged = Buffer.from(small);
        for (const [at, value] of changes) damaged[at] = value;
        try {
          const elf = parseElf(damaged);
          dynamicNames(elf);
          interpreter(elf);
        } catch (error) {
          expect(error).toBeInstanceOf(ViverError);
        }
      }),
      { numRuns: 500 },
    );
    expect(isElf(Buffer.from('MZ'))).toBe(false);
  });
});

describe('sharedLibraries', () => {
  it('names just what ldd names', async () => {
    const listed = execFileSync('ldd', [node], { encoding: 'utf8' });
    const expected = [...listed.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]).sort();
    expect(await sharedLibraries(node)).toEqual(expected);
  });

  it('is empty for a static program', async () => {
    expect(await sharedLibraries('/bin/busybox')).toEqual([]);
  });
});

describe('ICU data', () => {
  it('lies where the symbol says', () => {
    const { offset, sizeBytes } = findIcuData(bytes, Number.parseInt(process.versions.icu!, 10));
    expect(bytes.readUInt16LE(offset + 2)).toBe(0x27da);
    expect(sizeBytes).toBeGreaterThan(20e6);
    expect(() => findIcuData(bytes, 12)).toThrow('no ICU 12 data');
  });

  it.each([
    ['de.res', true],
    ['curr/zh_Hant_TW.res', true],
    ['coll/es_.res', true],
    ['ibm-37_P100-1995.cnv', true],
    ['root.res', false],
    ['en.res', false],
    ['res_index.res', false],
    ['supplementalData.res', false],
    ['zoneinfo64.res', false],
    ['brkitr/word.brk', false],
    ['nfkc.nrm', false],
  ])('%s goes: %s', (item, goes) => expect(isDispensableIcuItem(item)).toBe(goes));
});
