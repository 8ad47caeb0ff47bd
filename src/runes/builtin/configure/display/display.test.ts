import { afterEach, describe, expect, test } from 'vitest';
import { type ConfiguredRoot, openConfiguredRoot } from '../../../testing/configured-root.ts';
import { display } from './display.ts';
import { encodeEdid } from './edid.ts';
import { timingOf } from './timing.ts';
import { isOfOneMachine, modeline } from './xorg.ts';

describe('timings', () => {
  // libxcvt's, but for the start of the horizontal pulse, which it puts 8 pixels behind VESA's place, and 533.000 where VESA's formula gives 533.280.
  test.each([
    ['1280x800', '83.500 1280 1352 1480 1680 800 803 809 831 -hsync +vsync'],
    ['1440x900', '106.500 1440 1520 1672 1904 900 903 909 934 -hsync +vsync'],
    ['1680x1050', '146.250 1680 1784 1960 2240 1050 1053 1059 1089 -hsync +vsync'],
    ['1024x600', '49.000 1024 1064 1168 1312 600 603 613 624 -hsync +vsync'],
    ['1024x768@75', '82.000 1024 1088 1192 1360 768 771 775 805 -hsync +vsync'],
    ['1920x1200', '154.000 1920 1968 2000 2080 1200 1203 1209 1235 +hsync -vsync'],
    ['2560x1440', '241.500 2560 2608 2640 2720 1440 1443 1448 1481 +hsync -vsync'],
    ['3840x2160', '533.250 3840 3888 3920 4000 2160 2163 2168 2222 +hsync -vsync'],
    ['1280x1024', '108.000 1280 1328 1440 1688 1024 1025 1028 1066 +hsync +vsync'],
    ['1366x768', '85.500 1366 1436 1579 1792 768 771 774 798 +hsync +vsync'],
  ])('%s', (mode, expected) => expect(modeline(timingOf(mode))).toBe(expected));

  test.each(['', '1x1', '1281x1024', '4096x2160', '1024x768@30', '3840x2160@120', '9999x9999'])('none: %s', (mode) =>
    expect(() => timingOf(mode)).toThrow(/is no screen mode/),
  );
});

test('an EDID has the right sum, and its mode in it', () => {
  for (const mode of ['1280x1024', '1366x768', '3840x2160', '640x480']) {
    const { width, height, clockKhz } = timingOf(mode);
    const bytes = encodeEdid(timingOf(mode), 'digital');
    expect(bytes).toHaveLength(128);
    expect(bytes.reduce((sum, byte) => sum + byte, 0) % 256).toBe(0);
    expect(bytes[56]! | ((bytes[58]! >> 4) << 8)).toBe(width);
    expect(bytes[59]! | ((bytes[61]! >> 4) << 8)).toBe(height);
    expect((bytes[54]! | (bytes[55]! << 8)) * 10).toBe(Math.round(clockKhz / 10) * 10);
  }
});

describe('the rune', () => {
  let root: ConfiguredRoot;
  afterEach(() => root.remove());

  const nvidia = 'Section "Device"\n  Identifier "Card0"\n  Driver "nvidia"\n  BusID "PCI:1:0:0"\nEndSection\n';
  const keyboard =
    '# Section "Device"\nSection "InputClass"\n  Identifier "keyboard"\n  Option "XkbLayout" "de"\nEndSection\n';

  test('without settings: what belongs to another machine goes, a keyboard stays', async () => {
    root = await openConfiguredRoot({ 'etc/X11/xorg.conf': nvidia, 'etc/X11/xorg.conf.d/00-keyboard.conf': keyboard });
    const { changed, lines } = await root.run(display);
    expect(changed).toEqual(['/etc/X11/xorg.conf', '/etc/X11/xorg.conf.viver-saved']);
    expect(await root.text('etc/X11/xorg.conf.viver-saved')).toBe(nvidia);
    expect(lines.join('\n')).toContain('/etc/X11/xorg.conf is of another machine');
    expect((await root.run(display)).lines.join('\n')).toContain('nothing to do');
  });

  test('an image for PCs that are all alike keeps its own', async () => {
    root = await openConfiguredRoot({ 'etc/X11/xorg.conf': nvidia });
    expect((await root.run(display, { settings: { keepXorgConf: true } })).changed).toEqual([]);
  });

  test('a mode goes to the kernel and to X', async () => {
    root = await openConfiguredRoot({ 'etc/X11/Xsession': '' });
    const { changed } = await root.run(display, { settings: { mode: '1280x1024', driver: 'vesa' } });
    expect(changed).toEqual([
      '/etc/X11/xorg.conf.d/10-viver.conf',
      '/etc/modprobe.d/viver-edid.conf',
      '/etc/systemd/system/sysinit.target.wants/viver-edid.service',
      '/etc/systemd/system/viver-edid.service',
      '/usr/local/lib/viver/load-edid',
    ]);
    expect(await root.text('etc/X11/xorg.conf.d/10-viver.conf')).toContain('\tDriver "vesa"\n');
    expect(await root.text('etc/modprobe.d/viver-edid.conf')).toBe(
      'options drm edid_firmware=VGA-1:edid/viver-analog.bin,VGA-2:edid/viver-analog.bin,edid/viver-digital.bin\n',
    );
    const again = await root.run(display, { settings: { mode: '1280x1024' } });
    expect(again.lines.join('\n')).not.toContain('another machine');
  });

  test('a mode for one plug, in an image without X', async () => {
    root = await openConfiguredRoot({});
    const { changed } = await root.run(display, { settings: { mode: '1920x1080', output: 'HDMI-A-1' } });
    expect(changed).not.toContain('/etc/X11/xorg.conf.d/10-viver.conf');
    expect(await root.text('usr/local/lib/viver/load-edid')).toContain(
      "echo 'HDMI-A-1:edid/viver-digital.bin' >$parameter",
    );
  });

  test.each(['big', '1281x1000'])('%s is refused before anything is changed', async (mode) => {
    root = await openConfiguredRoot({ 'etc/X11/xorg.conf': nvidia });
    const { changed, setAside } = await root.run(display, { settings: { mode } });
    expect(changed).toEqual([]);
    expect(setAside).toMatch(/1280x1024/);
  });
});

test('which configuration is of one machine', () => {
  expect(isOfOneMachine('section "screen"\nEndSection')).toBe(true);
  expect(isOfOneMachine('Section "ServerFlags"\nEndSection')).toBe(false);
});
