import { beforeEach, describe, expect, test } from 'vitest';
import { FakeSys } from '../src/sys/fake.ts';
import { createMetainfo } from '../src/vfield/create-metainfo.ts';
import type { Metainfo } from '../src/vfield/metainfo.ts';
import { decodeRecord, encodeRecord, RECORD_FILE, RecordKeeper, readRecord } from './record.ts';

const KNOWN = {
  programVersion: '0.1.0',
  root: { device: '/dev/nbd0', source: 'the field' },
  findings: { role: 'node', nic: { name: 'eth0', mac: '52:54:00:00:00:01' } },
  folders: [{ runes: [{ path: 'image:/etc/RUNES/runes/a.js', text: 'export {}' }] }],
  configured: { started: [{ rune: 'a', milliseconds: 4, changed: ['/etc/a'] }], setAside: [], faults: [] },
  phases: [{ name: 'start', seconds: 3.2 }],
  peers: ['10.77.0.1:6881'],
};
const RECORD = { ...KNOWN, infoHash: '00ff' };

async function metainfoOf(fill: number): Promise<Metainfo> {
  const content = (async function* () {
    yield new Uint8Array(200_000).fill(fill);
  })();
  const image = { label: 'test', kernelRelease: '6.1', architecture: 'x86_64' };
  return createMetainfo(content, { name: 'test.squashfs', image });
}

describe('the text', () => {
  test('comes back as it was', () => {
    expect(decodeRecord(encodeRecord(RECORD))).toEqual(RECORD);
  });

  test.each([
    ['', /0 characters that are no JSON/],
    [encodeRecord(RECORD).slice(0, 90), /90 characters that are no JSON/],
    ['null', /no object/],
    [encodeRecord(RECORD).replace('"version":1', '"version":7'), /version 7 instead of 1/],
    [JSON.stringify({ version: 1 }), /no programVersion/],
    [encodeRecord(RECORD).replace('"infoHash"', '"hash"'), /no infoHash/],
    [encodeRecord(RECORD).replace('"peers":["10.77.0.1:6881"]', '"peers":"10.77.0.1:6881"'), /no peers/],
    [encodeRecord(RECORD).replace('"configured"', '"done"'), /no configured/],
    [encodeRecord(RECORD).replace('"device"', '"disk"'), /no root device/],
    [encodeRecord(RECORD).replace('"role"', '"part"'), /no role/],
  ])('%# says what is wrong with it', (text, message) => {
    const read = () => decodeRecord(text);
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ code: 'RECORD_BAD' }));
  });
});

describe('the files', () => {
  let sys: FakeSys;
  let metainfo: Metainfo;
  beforeEach(async () => {
    sys = new FakeSys();
    metainfo = await metainfoOf(1);
  });

  test('hold what the next process needs, also after changes', async () => {
    const keeper = await RecordKeeper.begin(sys, KNOWN, metainfo);
    await Promise.all([keeper.update({ peers: [] }), keeper.update({ peers: ['10.77.0.7:6881'] })]);
    const found = await readRecord(sys);
    expect(found.record).toEqual({ ...KNOWN, infoHash: metainfo.infoHashV2.toHex(), peers: ['10.77.0.7:6881'] });
    expect(found.metainfo).toEqual(metainfo);
  });

  test('are written by the next process too', async () => {
    await RecordKeeper.begin(sys, KNOWN, metainfo);
    const { record } = await readRecord(sys);
    await RecordKeeper.resume(sys, record).update({ peers: ['10.77.0.8:6881'] });
    expect((await readRecord(sys)).record.peers).toEqual(['10.77.0.8:6881']);
  });

  test('are not written anew when nothing has changed', async () => {
    const keeper = await RecordKeeper.begin(sys, KNOWN, metainfo);
    sys.files.delete(RECORD_FILE);
    await keeper.update({ peers: KNOWN.peers });
    expect(sys.files.has(RECORD_FILE)).toBe(false);
  });

  test('that could not be written are written with the next change', async () => {
    const keeper = await RecordKeeper.begin(sys, KNOWN, metainfo);
    const write = sys.replaceFile.bind(sys);
    sys.replaceFile = () => Promise.reject(new Error('ENOSPC'));
    await expect(keeper.update({ peers: ['a:1'] })).rejects.toThrow('ENOSPC');
    sys.replaceFile = write;
    await keeper.update({ phases: [] });
    expect((await readRecord(sys)).record).toMatchObject({ peers: ['a:1'], phases: [] });
  });

  test.each([
    ['no record', () => sys.files.delete(RECORD_FILE), /ENOENT/],
    ['no metainfo', () => sys.files.delete('/run/serving.torrent'), /ENOENT/],
    ['half a metainfo', () => sys.files.set('/run/serving.torrent', 'd8:announce'), /its metainfo: /],
  ])('%s is said', async (_what, spoil, message) => {
    await RecordKeeper.begin(sys, KNOWN, metainfo);
    spoil();
    await expect(readRecord(sys)).rejects.toMatchObject({
      code: 'RECORD_BAD',
      message: expect.stringMatching(message),
    });
  });

  test('a metainfo of another image is refused', async () => {
    await RecordKeeper.begin(sys, KNOWN, metainfo);
    const text = await sys.readText(RECORD_FILE);
    await RecordKeeper.begin(sys, KNOWN, await metainfoOf(2));
    await sys.writeText(RECORD_FILE, text);
    await expect(readRecord(sys)).rejects.toThrow(/not that of/);
  });
});
