import { describe, expect, it } from 'vitest';
import { decodeManifest, encodeManifest, type Manifest } from './manifest.ts';

const manifest: Manifest = {
  version: 1,
  kernelRelease: '6.1.0-56-amd64',
  programVersion: '0.1.0',
  nodeVersion: '26.10.0',
};

describe('manifest', () => {
  it('is read as it was written', () => expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest));

  it.each([
    ['', 'no JSON object'],
    ['null', 'no JSON object'],
    ['{"version":2}', 'version 2 instead of 1'],
    ['{"version":1,"kernelRelease":"x","programVersion":""}', 'no programVersion'],
  ])('%s is refused', (text, why) => expect(() => decodeManifest(text)).toThrow(why));
});
