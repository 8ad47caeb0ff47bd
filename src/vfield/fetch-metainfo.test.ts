import { expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { bytesSource } from './block-source.ts';
import { createMetainfo } from './create-metainfo.ts';
import { openField } from './field.ts';
import { formatMagnet } from './magnet.ts';

test('a magnet link leads to a metainfo of many parts over real TCP', async () => {
  const bytes = new Uint8Array(2_500 * 16_384).map((_, at) => at >>> 12);
  const image = { label: 'large', kernelRelease: '6.1.0', architecture: 'x86_64' };
  async function* chunks() {
    yield bytes;
  }
  const metainfo = await createMetainfo(chunks(), { name: 'large.squashfs', pieceBytes: 16_384, image });
  const node = { listen: { host: '127.0.0.1', port: 0 }, shareBytes: 0, discovery: false, log: silentLog } as const;
  const first = await openField({ ...node, metainfo: { ...metainfo, bootTrace: [9, 4] }, local: bytesSource(bytes) });
  const magnet = formatMagnet({ infoHashV2: metainfo.infoHashV2, name: metainfo.name, peers: [] });
  const peers = [`127.0.0.1:${first.port}`];
  const second = await openField({ ...node, magnet, peers, signal: AbortSignal.timeout(20_000) });
  expect(second.metainfo).toEqual(metainfo);
  await second.close();
  await first.close();
}, 30_000);
