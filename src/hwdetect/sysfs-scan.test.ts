import { describe, expect, it } from 'vitest';
import { FakeSys } from '../sys/fake.ts';
import { scanDevices } from './sysfs-scan.ts';

const DISC = 'pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01';

function room(): FakeSys {
  const sys = new FakeSys({
    '/sys/devices/pci0000:00/0000:00:1f.2/modalias': `${DISC}\n`,
    '/sys/devices/pci0000:00/0000:00:1f.2/class': '0x010601\n',
    '/sys/bus/pci/drivers/ahci/bind': '',
    '/sys/devices/system/cpu/modalias': 'cpu:type:x86,ven0000\n',
    '/sys/class/input/input3/modalias': 'input:b0019v0000p0001e0000-e0\n',
    '/sys/class/input/event0/dev': '13:64\n',
    '/sys/bus/mmc/devices/mmc0:4567/uevent': 'DRIVER=mmcblk\nMMC_TYPE=SD\nMODALIAS=mmc:block\n',
    '/sys/bus/usb/devices/usb1/uevent': 'MAJOR=189\nDEVTYPE=usb_device\n',
    '/sys/bus/acpi/devices/EMPTY:00/modalias': '',
    '/sys/bus/acpi/devices/ODD:00/modalias': 'two\nlines\n',
  });
  sys.links.set('/sys/bus/pci/devices/0000:00:1f.2', '/sys/devices/pci0000:00/0000:00:1f.2');
  sys.links.set('/sys/devices/pci0000:00/0000:00:1f.2/driver', '/sys/bus/pci/drivers/ahci');
  return sys;
}

describe('scanDevices', () => {
  it('finds devices by bus, by class, at the root of a subsystem, and by what events say', async () => {
    const { devices, oddFiles } = await scanDevices(room(), '/sys', { drivers: true });
    expect(devices.map(({ id, modalias, driver }) => [id, modalias, driver])).toEqual([
      ['input/input3', 'input:b0019v0000p0001e0000-e0', undefined],
      ['mmc/mmc0:4567', 'mmc:block', undefined],
      ['pci/0000:00:1f.2', DISC, 'ahci'],
      ['system/cpu', 'cpu:type:x86,ven0000', undefined],
    ]);
    expect(oddFiles.map(({ path }) => path)).toEqual(['/sys/bus/acpi/devices/ODD:00/modalias']);
  });

  it('reads only what is new when it looks again', async () => {
    const sys = room();
    const seen = new Set<string>();
    await scanDevices(sys, '/sys', { seen });
    expect((await scanDevices(sys, '/sys', { seen })).devices).toEqual([]);
    sys.files.set('/sys/bus/usb/devices/1-1:1.0/modalias', 'usb:v1\n');
    const { devices } = await scanDevices(sys, '/sys', { seen });
    expect(devices.map(({ id }) => id)).toEqual(['usb/1-1:1.0']);
  });

  it('tries again what could not be read, and goes on', async () => {
    const sys = room();
    const read = sys.readText.bind(sys);
    let broken = true;
    sys.readText = async (path) => {
      if (broken && path.includes('1f.2')) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
      return read(path);
    };
    const seen = new Set<string>();
    const first = await scanDevices(sys, '/sys', { seen });
    expect(first.devices).toHaveLength(3);
    expect(first.oddFiles).toContainEqual({
      path: '/sys/bus/pci/devices/0000:00:1f.2/modalias',
      reason: 'EIO: i/o error',
    });
    broken = false;
    expect((await scanDevices(sys, '/sys', { seen })).devices.map(({ id }) => id)).toEqual(['pci/0000:00:1f.2']);
  });

  it('stops asking devices of a kind that has no modalias', async () => {
    const memory = Array.from({ length: 500 }, (_, at) => [`/sys/bus/memory/devices/memory${at}/state`, 'online\n']);
    const { fileOperations } = await scanDevices(new FakeSys(Object.fromEntries(memory)), '/sys');
    expect(fileOperations).toBeLessThan(25);
  });

  it('looks at a class without modaliases once', async () => {
    const sys = room();
    for (const name of ['tty0', 'tty1']) sys.files.set(`/sys/class/tty/${name}/dev`, '4:0\n');
    const listed: string[] = [];
    const list = sys.list.bind(sys);
    sys.list = async (folder) => {
      listed.push(folder);
      return list(folder);
    };
    const seen = new Set<string>();
    for (let at = 0; at < 3; at++) await scanDevices(sys, '/sys', { seen });
    expect(listed.filter((folder) => folder === '/sys/class/tty')).toHaveLength(1);
    expect(listed.filter((folder) => folder === '/sys/class/input')).toHaveLength(3);
  });

  it('says nothing about a folder that is no sysfs', async () => {
    expect((await scanDevices(new FakeSys(), '/nowhere')).devices).toEqual([]);
  });
});
