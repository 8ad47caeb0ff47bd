import { expect, test } from 'vitest';
import { adjtimeText } from './clock.ts';
import { withoutDisks } from './local-disks.ts';

test('crypttab: disks become comments, the rest stays, a second time changes nothing', () => {
  const text =
    '# <target> <source>\nsda3_crypt UUID=6d6a none luks,discard\nswap /dev/sda2 /dev/urandom swap\nfile /srv/box.img none\n';
  const once = withoutDisks(text);
  expect(once).toBe(
    '# <target> <source>\n# not on this machine (viver): sda3_crypt UUID=6d6a none luks,discard\n' +
      '# not on this machine (viver): swap /dev/sda2 /dev/urandom swap\nfile /srv/box.img none\n',
  );
  expect(withoutDisks(once)).toBe(once);
});

test('adjtime: the third line says what the clock keeps', () => {
  expect(adjtimeText('local').split('\n')[2]).toBe('LOCAL');
});
