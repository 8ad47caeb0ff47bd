import { describe, expect, test } from 'vitest';
import type { ImageCandidate } from './candidate.ts';
import type { Drive } from './drives.ts';
import { chooseImage, describeChoice, isFulfilled, isWantedImage, kindsOf, MEDIA_KINDS } from './score.ts';

function drive(fields: Partial<Drive>): Drive {
  return {
    name: 'sda',
    devicePath: '/dev/sda',
    sizeBytes: 2 ** 30,
    readOnly: false,
    removable: false,
    rotational: false,
    optical: false,
    transport: 'sata',
    hasPartitions: false,
    ...fields,
  };
}

const DRIVES = {
  nvme: drive({ name: 'nvme0n1p2', partitionOf: 'nvme0n1', transport: 'nvme' }),
  ssd: drive({ name: 'sda1', partitionOf: 'sda' }),
  virtual: drive({ name: 'vda', transport: 'virtio', rotational: true }),
  hdd: drive({ name: 'sdb1', partitionOf: 'sdb', rotational: true }),
  usb3: drive({ name: 'sdc3', partitionOf: 'sdc', transport: 'usb', usbSpeed: 5000, rotational: true }),
  card: drive({ name: 'mmcblk0p1', partitionOf: 'mmcblk0', transport: 'mmc' }),
  usb2: drive({ name: 'sdd1', partitionOf: 'sdd', transport: 'usb', usbSpeed: 480 }),
  cd: drive({ name: 'sr0', optical: true, rotational: true, transport: 'ide' }),
};
const FASTEST_FIRST = ['nvme', 'ssd', 'virtual', 'hdd', 'usb3', 'card', 'usb2', 'cd'] as const;

function image(
  on: Drive,
  { file = 'debian.viver', label = 'debian', created = 100, fsLabel = '' } = {},
): ImageCandidate {
  return {
    drive: on,
    fileSystem: { type: 'ext4', ...(fsLabel ? { label: fsLabel } : {}), uuid: 'AAAA-1111' },
    mountPoint: `/m/${on.name}`,
    path: `/m/${on.name}/boot/${file}`,
    name: file,
    metainfo: { lengthBytes: 4096, image: { label, kernelRelease: '6.1' }, createdSeconds: created },
    metainfoBytes: new Uint8Array(),
  };
}

describe('chooseImage', () => {
  test.each(FASTEST_FIRST.slice(1).map((slower, index) => [FASTEST_FIRST[index]!, slower] as const))(
    '%s before %s, whatever their order and age',
    (faster, slower) => {
      const [good, bad] = [image(DRIVES[faster], { created: 1 }), image(DRIVES[slower], { created: 2 })];
      expect(chooseImage([good, bad], {})?.chosen).toBe(good);
      expect(chooseImage([bad, good], {})?.chosen).toBe(good);
    },
  );

  test('on equal media the newer image', () => {
    const [old, fresh] = [image(DRIVES.ssd, { created: 1 }), image(drive({ name: 'sdz' }), { created: 2 })];
    expect(chooseImage([old, fresh], {})?.chosen).toBe(fresh);
  });

  test('nothing out of nothing', () => expect(chooseImage([], {})).toBeUndefined());

  test.each([
    ['usb', 'usb3'],
    ['cd', 'cd'],
    ['hdd', 'hdd'],
    ['flash', 'usb3'],
    ['mmc', 'card'],
    ['sdd', 'usb2'],
    ['sdd1', 'usb2'],
    ['/dev/sdb1', 'hdd'],
    ['UUID=aaaa-1111', 'nvme'],
  ] as const)('viver.media=%s takes %s', (wish, expected) => {
    const all = FASTEST_FIRST.map((name) => image(DRIVES[name]));
    const choice = chooseImage(all, { media: [wish] });
    expect(choice?.chosen.drive).toBe(DRIVES[expected]);
    expect(choice?.unmet).toEqual([]);
  });

  test('LABEL= names the file system, not the image', () => {
    const [plain, labelled] = [image(DRIVES.nvme), image(DRIVES.cd, { fsLabel: 'STICK' })];
    expect(chooseImage([plain, labelled], { media: ['LABEL=STICK'] })?.chosen).toBe(labelled);
    expect(chooseImage([plain, labelled], { media: ['LABEL='] })?.chosen).toBe(plain);
  });

  test('the first of several wishes counts most', () => {
    const all = FASTEST_FIRST.map((name) => image(DRIVES[name]));
    expect(chooseImage(all, { media: ['floppy', 'cd', 'nvme'] })?.chosen.drive).toBe(DRIVES.cd);
  });

  test('a named image beats a wanted medium', () => {
    const [named, onWanted] = [image(DRIVES.cd, { file: 'kiosk.viver', label: 'x' }), image(DRIVES.usb2)];
    expect(chooseImage([named, onWanted], { image: 'kiosk', media: ['usb'] })?.chosen).toBe(named);
  });

  test('what is wanted and nowhere does not keep a PC from starting, but is said', () => {
    const choice = chooseImage([image(DRIVES.hdd)], { image: 'none', media: ['nvme'] })!;
    expect(choice.unmet).toEqual(['viver.image=none', 'viver.media=nvme']);
    expect(isFulfilled(choice, { image: 'none' })).toBe(false);
    expect(isFulfilled(choice, { media: ['hdd'] })).toBe(true);
    expect(isFulfilled(choice, {})).toBe(true);
    expect(isFulfilled(undefined, {})).toBe(false);
  });
});

test.each(['debian', 'debian.viver', 'DEBIAN.VIVER', 'Room 1'])('viver.image=%s names the image', (wanted) => {
  expect(isWantedImage(image(DRIVES.ssd, { label: 'room 1' }), wanted)).toBe(true);
});

test('every kind of viver.media= is the kind of some drive', () => {
  const raid = drive({ transport: 'scsi' });
  const kinds = new Set([...Object.values(DRIVES), raid].flatMap(kindsOf));
  expect(MEDIA_KINDS.filter((kind) => !kinds.has(kind))).toEqual([]);
});

test('the choice and the losers can be read', () => {
  const choice = chooseImage([image(DRIVES.usb2), image(DRIVES.nvme)], { media: ['usb'], image: 'x' })!;
  expect(describeChoice(choice)).toEqual([
    'viver.image=x is on no drive; taking what is there',
    'image sdd1:/boot/debian.viver (debian, kernel 6.1): viver.media=usb, usb2 300',
    '  not nvme0n1p2:/boot/debian.viver (debian, kernel 6.1): nvme 900',
  ]);
});
