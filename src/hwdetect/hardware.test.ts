import { describe, expect, it } from 'vitest';
import { createLog, type LogLevel } from '../log.ts';
import { FakeSys } from '../sys/fake.ts';
import type { ModuleLoadResult } from '../sys/sys.ts';
import { Hardware, type HardwareOptions } from './hardware.ts';
import { parseModuleArguments } from './module-arguments.ts';
import { buildModuleTables } from './module-tables.ts';

const FILES = {
  'modules.dep': `kernel/usb/uas.ko: kernel/usb/usb-storage.ko kernel/usb/usbcore.ko
kernel/usb/usb-storage.ko: kernel/usb/usbcore.ko
kernel/usb/xhci-pci.ko: kernel/usb/usbcore.ko
kernel/usb/usbcore.ko:
kernel/scsi/sd_mod.ko:
kernel/scsi/slow.ko:
kernel/fs/ext4.ko: kernel/fs/gone.ko kernel/fs/jbd2.ko
kernel/fs/jbd2.ko:
kernel/fs/btrfs.ko:
kernel/crypto/crc-fast.ko:
kernel/crypto/crc_generic.ko:
kernel/a.ko: kernel/b.ko
kernel/b.ko: kernel/a.ko
kernel/block/nbd.ko:
`,
  'modules.alias': `alias pci:xhci* xhci_pci
alias pci:slow slow
alias usb:disc* usb_storage
alias usb:disc* uas
alias scsi:t-0x00* sd_mod
alias crc crc_fast
alias crc crc_generic
`,
  'modules.softdep': 'softdep btrfs pre: crc nobody post: sd_mod\nsoftdep crc_fast pre: btrfs\n',
  'modules.builtin': 'kernel/fs/fat.ko\n',
};

/** A machine in which loading a module makes devices appear. */
class Machine extends FakeSys {
  readonly appears: Record<string, Record<string, string>> = {};
  readonly delaysMs: Record<string, number> = {};

  override async loadModule(path: string, parameters = ''): Promise<ModuleLoadResult> {
    const name = path.replace(/^.*\/|\.ko$/g, '');
    await new Promise((done) => setTimeout(done, this.delaysMs[name] ?? 1));
    const result = await super.loadModule(path, parameters);
    for (const [file, text] of Object.entries(this.appears[name] ?? {})) this.files.set(file, text);
    return result;
  }

  names(): string[] {
    return this.loadedModules.map((path) => path.replace(/^.*\/|\.ko/g, ''));
  }
}

function start(sys: Machine, more: Partial<HardwareOptions> = {}) {
  const lines: string[] = [];
  const log = createLog((level: LogLevel, _area, message) => lines.push(`${level} ${message}`), '', 'debug');
  const tables = buildModuleTables({ files: FILES });
  return { lines, hardware: new Hardware({ sys, sysRoot: '/sys', tables, moduleRoot: '/modules', log, ...more }) };
}

describe('settle', () => {
  it('goes from the controller to the disc, each module after what it needs', async () => {
    const sys = new Machine({ '/sys/bus/pci/devices/0/modalias': 'pci:xhci1\n' });
    sys.appears['xhci-pci'] = { '/sys/bus/usb/devices/1-1:1.0/modalias': 'usb:disc1\n' };
    sys.appears['usb-storage'] = { '/sys/bus/scsi/devices/0:0:0:0/modalias': 'scsi:t-0x00\n' };
    const { hardware } = start(sys);
    const report = await hardware.settle();
    expect(sys.names()).toEqual(['usbcore', 'xhci-pci', 'usb-storage', 'uas', 'sd_mod']);
    expect(report.devices.map(({ id, modules }) => [id, modules])).toEqual([
      ['pci/0', ['xhci_pci']],
      ['usb/1-1:1.0', ['uas', 'usb_storage']],
      ['scsi/0:0:0:0', ['sd_mod']],
    ]);
    expect(report.modules.every(({ result, tookMs }) => result.kind === 'loaded' && tookMs! >= 0)).toBe(true);
    expect((await hardware.settle()).modules).toHaveLength(5);
  });

  it('loads what somebody waits for first, and the rest only when asked to', async () => {
    const sys = new Machine({
      '/sys/devices/system/cpu/modalias': 'pci:slow\n',
      '/sys/bus/pci/devices/1/modalias': 'pci:xhci1\n',
    });
    const { hardware } = start(sys);
    expect((await hardware.settle({ urgentOnly: true })).postponed).toEqual(['pci:slow']);
    expect(sys.names()).toEqual(['usbcore', 'xhci-pci']);
    expect((await hardware.settle()).postponed).toEqual([]);
    expect(sys.names()).toEqual(['usbcore', 'xhci-pci', 'slow']);
  });

  it('waits a while for discs that take their time, if asked to', async () => {
    const sys = new Machine({ '/sys/bus/pci/devices/0/modalias': 'pci:xhci1\n' });
    const { hardware } = start(sys);
    setTimeout(() => sys.files.set('/sys/bus/scsi/devices/0:0:0:0/modalias', 'scsi:t-0x00\n'), 60);
    await hardware.settle({ quietMs: 150 });
    expect(sys.names()).toContain('sd_mod');
  });

  it('is not held up by a slow probe, and tells that it is still under way', async () => {
    const sys = new Machine({
      '/sys/bus/pci/devices/0/modalias': 'pci:slow\n',
      '/sys/bus/pci/devices/1/modalias': 'pci:xhci1\n',
    });
    sys.delaysMs.slow = 700;
    sys.appears['xhci-pci'] = { '/sys/bus/scsi/devices/0:0:0:0/modalias': 'scsi:t-0x00\n' };
    const { hardware } = start(sys, { slots: { quick: 1, most: 2, slowMs: 15 } });
    const report = await hardware.settle({ patienceMs: 400 });
    expect(report.pending).toEqual(['slow']);
    expect(sys.names()).toEqual(['usbcore', 'xhci-pci', 'sd_mod']);
    expect((await hardware.settle()).pending).toEqual([]);
    expect(sys.names()).toContain('slow');
  });

  it('does not count the time in the queue as time that a driver takes', async () => {
    const sys = new Machine({
      '/sys/bus/pci/devices/0/modalias': 'pci:slow\n',
      '/sys/bus/pci/devices/1/modalias': 'pci:xhci1\n',
    });
    for (const name of ['slow', 'usbcore', 'xhci-pci', 'sd_mod']) sys.delaysMs[name] = 100;
    sys.appears['xhci-pci'] = { '/sys/bus/scsi/devices/0:0:0:0/modalias': 'scsi:t-0x00\n' };
    const { hardware } = start(sys, { slots: { quick: 1, most: 2, slowMs: 1000 } });
    const report = await hardware.settle({ patienceMs: 180 });
    expect(report.pending).toEqual([]);
    expect(sys.names()).toEqual(expect.arrayContaining(['slow', 'usbcore', 'xhci-pci', 'sd_mod']));
  });

  it('reports what nothing matched, what is absent and what is forbidden', async () => {
    const sys = new Machine({
      '/sys/bus/pci/devices/0/modalias': 'pci:unknown\n',
      '/sys/bus/pci/devices/1/modalias': 'pci:xhci1\n',
      '/sys/bus/pci/devices/2/modalias': 'pci:slow\n',
      '/sys/bus/usb/devices/1-1:1.0/modalias': 'usb:disc\n',
    });
    sys.moduleResults.set('/modules/kernel/usb/usb-storage.ko', { kind: 'failed', errno: 2, message: 'ENOENT' });
    const moduleArguments = parseModuleArguments('modprobe.blacklist=slow module_blacklist=xhci-pci');
    const { hardware, lines } = start(sys, { moduleArguments });
    const report = await hardware.settle();
    expect(report.unmatched).toEqual(['pci:unknown']);
    expect(report.absent).toEqual(['usb_storage']);
    expect(report.blacklisted).toEqual(['slow']);
    const kinds = Object.fromEntries(report.modules.map(({ name, result }) => [name, result.kind]));
    expect(kinds).toEqual({ xhci_pci: 'denied', usbcore: 'loaded', usb_storage: 'missing', uas: 'failed' });
    expect(lines.find((line) => line.startsWith('warn uas'))).toContain('needs usb_storage: missing');
    // By name it may be loaded all the same, as with modprobe.
    expect(await hardware.load('slow')).toEqual({ kind: 'loaded' });
  });
});

describe('load', () => {
  it('hands parameters over, those of the command line first', async () => {
    const sys = new Machine();
    const { hardware } = start(sys, { moduleArguments: parseModuleArguments('nbd.nbds_max=1') });
    expect(await hardware.load('nbd max_part=0')).toEqual({ kind: 'loaded' });
    expect(sys.loadedModules).toEqual(['/modules/kernel/block/nbd.ko nbds_max=1 max_part=0']);
  });

  it('loads once, however many ask', async () => {
    const sys = new Machine();
    const { hardware } = start(sys);
    await Promise.all([
      hardware.load('uas'),
      hardware.load('usb-storage'),
      hardware.load('usbcore'),
      hardware.load('uas'),
    ]);
    expect(sys.names()).toEqual(['usbcore', 'usb-storage', 'uas']);
  });

  it('knows built-in and unknown modules', async () => {
    const { hardware } = start(new Machine());
    expect(await hardware.load('fat')).toEqual({ kind: 'builtin' });
    expect((await hardware.load('no-such')).kind).toBe('missing');
    expect(hardware.report().absent).toEqual(['no_such']);
  });

  it('takes one working module of an alias for success', async () => {
    const sys = new Machine();
    sys.moduleResults.set('/modules/kernel/crypto/crc-fast.ko', {
      kind: 'failed',
      errno: 19,
      message: 'no such device',
    });
    expect(await start(sys).hardware.load('crc')).toEqual({ kind: 'loaded' });
  });

  it('loads soft dependencies around a module, through their circles, and never fails for them', async () => {
    const sys = new Machine();
    const { hardware } = start(sys);
    expect(await hardware.load('btrfs')).toEqual({ kind: 'loaded' });
    await hardware.settle();
    expect(sys.names()).toEqual(['crc_generic', 'crc-fast', 'btrfs', 'sd_mod']);
    expect(hardware.report().cycles).toEqual([['crc_fast', 'btrfs', 'crc_fast']]);
  });

  it('names a circle of hard dependencies and ends', async () => {
    const sys = new Machine();
    const { hardware } = start(sys);
    await Promise.all([hardware.load('a'), hardware.load('b')]);
    expect(hardware.report().cycles).toHaveLength(1);
    expect(sys.names().sort()).toEqual(['a', 'b']);
  });

  it('tells what a module lacks that is not among ours', async () => {
    const { hardware, lines } = start(new Machine());
    await hardware.load('ext4');
    expect(lines).toContain('warn ext4 needs gone, not among our modules');
  });
});
