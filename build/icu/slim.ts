// Takes out of a Node binary the ICU data that an initrd has no use for: 33 MB of locales, 9 MB of them even when compressed.
// What stays: the root locale and English, normalisation, IDNA, word breaks, code page tables that Node itself converts with. The data is
// one object in .rodata (`icudtNNl_dat` by symbol); the smaller one is written over it, the rest becomes zeros.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked } from '../../kit/child.ts';
import { ViverError } from '../../src/errors.ts';
import { parseElf, symbolRange } from '../elf/elf.ts';

/** ICU's header of a "common data" package: after size (2), magic (2) and the fixed part of UDataInfo (8). */
const COMMON_DATA_FORMAT = 'CmnD';
const FORMAT_OFFSET = 12;

/**
 * Finds ICU's data in a Node binary.
 * @param icuMajor As `process.versions.icu` begins: 78.
 */
export function findIcuData(node: Uint8Array, icuMajor: number): { offset: number; sizeBytes: number } {
  const found = symbolRange(parseElf(node), `icudt${icuMajor}_dat`);
  if (!found) throw new ViverError('ICU_NOT_FOUND', `the Node binary has no ICU ${icuMajor} data of its own`);
  const at = found.offset + FORMAT_OFFSET;
  if (Buffer.from(node.subarray(at, at + 4)).toString('latin1') !== COMMON_DATA_FORMAT) {
    throw new ViverError('ICU_NOT_FOUND', 'what lies at the symbol of the ICU data is not a data package');
  }
  return found;
}

/** Which items of the package go: all locales but root and English, and code page tables that only old documents need. */
export function isDispensableIcuItem(item: string): boolean {
  if (/^(?:translit\/|rbnf\/|zone\/tzdbNames)/.test(item)) return true;
  if (item.endsWith('.cnv')) return true;
  if (!item.endsWith('.res')) return false;
  const name = item.slice(item.lastIndexOf('/') + 1, -'.res'.length);
  return isLocaleName(name) && !/^(?:root|en|en_001|en_US|en_US_POSIX|en_GB)$/.test(name);
}

/** `de`, `zh_Hant_TW`, `sr_Latn`; the bundles of facts (`supplementalData`, `zoneinfo64`, `res_index`, `pool`) have other shapes. */
function isLocaleName(name: string): boolean {
  return /^[a-z]{2,3}(?:_[A-Za-z0-9]*)*$/.test(name) && name !== 'res_index';
}

/** Writes a copy of `node` with slim data to `output`; works in the directory `scratch`. Needs icupkg (Debian: icu-devtools). */
export async function slimIcu(node: string, output: string, icuMajor: number, scratch: string): Promise<void> {
  const bytes = await readFile(node);
  const { offset, sizeBytes } = findIcuData(bytes, icuMajor);
  const name = `icudt${icuMajor}l.dat`; // icupkg takes the package's prefix from the file's name
  const whole = join(scratch, name);
  const slim = join(scratch, 'slim', name);
  await writeFile(whole, bytes.subarray(offset, offset + sizeBytes));
  const listed = await runChecked('icupkg', ['-l', whole]);
  const items = listed.stdout.split('\n').filter((item) => item !== '' && isDispensableIcuItem(item));
  await writeFile(join(scratch, 'remove.txt'), `${items.join('\n')}\n`);
  await runChecked('mkdir', ['-p', join(scratch, 'slim')]);
  await runChecked('icupkg', ['-r', join(scratch, 'remove.txt'), whole, slim]);
  const replacement = await readFile(slim);
  if (replacement.length > sizeBytes) throw new ViverError('ICU_TOO_LARGE', 'the reduced ICU data has grown');
  bytes.fill(0, offset, offset + sizeBytes);
  bytes.set(replacement, offset);
  await writeFile(output, bytes, { mode: 0o755 });
}

/** What the program relies on of ICU; run in the changed binary, it prints `ok`. */
const SMOKE_TEST = `
const assert = require('node:assert');
assert.equal(new URL('http://b\\u00fccher.example/\\u00e4').host, 'xn--bcher-kva.example');
assert.equal('\\u0041\\u030a'.normalize('NFC'), '\\u00c5');
assert.ok(/^\\p{L}+$/u.test('\\u0171rla\\u0440'));
assert.deepEqual(['b', 'a', 'B'].sort(new Intl.Collator('en').compare), ['a', 'b', 'B']);
assert.equal(new Intl.NumberFormat('de').format(1.5).length, 3);
assert.equal((1234567.891).toLocaleString(), '1,234,567.891');
assert.equal(new Date(0).toLocaleDateString('en-US', { timeZone: 'Asia/Tokyo' }), '1/1/1970');
assert.ok([...new Intl.Segmenter('en', { granularity: 'word' }).segment('one two')].length === 3);
assert.equal(new TextDecoder('utf-16le').decode(new Uint8Array([65, 0])), 'A');
assert.equal(new TextDecoder('latin1').decode(new Uint8Array([0xe9])), '\\u00e9');
assert.equal('\\u0130'.toLocaleLowerCase('tr').length, 1);
console.log('ok');
`;

/** True when the changed binary still does all that the program needs of ICU. */
export async function passesSmokeTest(node: string): Promise<boolean> {
  const result = await runChecked(node, ['-e', SMOKE_TEST]).catch(() => undefined);
  return result?.stdout.trim() === 'ok';
}
