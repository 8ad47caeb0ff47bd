import { expect } from 'vitest';
import type { Check } from './check.ts';

/** A volume group on a disk that is there suddenly, as when a PC's own disk appears. Prints whether its volume is active. */
const LVM = `set -e
export LVM_SUPPRESS_FD_WARNINGS=1
show() {
	losetup /dev/loop7 /run/bench-disk; udevadm settle; sleep 2
	lvs --noheadings -o active bench | tr -d ' '
	vgchange -q -q -an bench; losetup -d /dev/loop7; udevadm settle
}
modprobe dm-mod
truncate -s 64M /run/bench-disk
losetup /dev/loop7 /run/bench-disk
pvcreate -q -q /dev/loop7; vgcreate -q -q bench /dev/loop7; lvcreate -q -q -an -Zn -n volume -L 16M bench
losetup -d /dev/loop7; udevadm settle
echo "quiet:$(show)"
mv /etc/udev/rules.d/69-lvm.rules /run/; udevadm control --reload
echo "else:$(show)"
mv /run/69-lvm.rules /etc/udev/rules.d/; udevadm control --reload
rm /run/bench-disk`;

export const quiet: readonly Check[] = [
  {
    rune: 'local-disks',
    title: 'volumes of a disk that appears stay inactive; without the rune they would not',
    run: async ({ sh }) => {
      expect(await sh(LVM)).toBe('quiet:\nelse:active');
    },
  },
  {
    rune: 'local-disks',
    title: 'nobody assembles, watches or offers disks',
    version: 12,
    run: async ({ sh }) => {
      const units = 'systemctl is-active multipathd smartmontools mdmonitor || true';
      expect(await sh(units)).toBe('inactive\ninactive\ninactive');
      expect(await sh('ls -l /etc/udev/rules.d')).toMatch(/64-md-raid-assembly\.rules -> \/dev\/null/);
      const rules = await sh('udevadm test --action=add /sys/class/block/sda 2>/dev/null || true');
      if (rules.includes('ID_BUS=')) expect(rules).toMatch(/UDISKS_IGNORE=1|ID_BUS=usb/);
    },
  },
  {
    rune: 'local-disks',
    title: 'an encrypted disk of the old machine is not waited for',
    version: 13,
    inUserland: true,
    run: async ({ sh }) => {
      expect(await sh('cat /etc/crypttab')).toMatch(/^# not on this machine \(viver\): sda3_crypt /m);
      expect(await sh('systemctl list-units --all --plain --no-legend "systemd-cryptsetup@sda3*"')).toBe('');
    },
  },
  {
    rune: 'hardware-detection',
    title: 'a module of the old machine that is missing is no failure, and its cards are forgotten',
    version: 12,
    inUserland: true,
    run: async ({ sh }) => {
      expect(await sh('cat /etc/modules')).toContain('module-of-the-old-machine');
      expect(await sh('systemctl is-active systemd-modules-load')).toBe('active');
      expect(await sh('ls /etc/udev/rules.d')).not.toContain('70-persistent-net.rules');
    },
  },
];
