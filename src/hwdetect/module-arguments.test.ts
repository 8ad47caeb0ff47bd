import { expect, it } from 'vitest';
import { parseModuleArguments } from './module-arguments.ts';

it('reads what the kernel command line says about modules', () => {
  const found = parseModuleArguments(
    'root=/dev/sda1 modprobe.blacklist=radeon,snd-hda module_blacklist=nouveau nbd.max_part=0 nbd.nbds_max=1 ' +
      'usb-storage.quirks="1234:5678:u 1:2:x" usbcore.nousb quiet -- kvm.no=1',
  );
  expect([...found.blacklisted]).toEqual(['radeon', 'snd_hda']);
  expect([...found.denied]).toEqual(['nouveau']);
  expect(Object.fromEntries(found.parameters)).toEqual({
    nbd: 'max_part=0 nbds_max=1',
    usb_storage: 'quirks="1234:5678:u 1:2:x"',
    usbcore: 'nousb',
  });
});
