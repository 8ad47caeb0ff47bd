import { expect, test } from 'vitest';
import { ipxeScript } from './ipxe-script.ts';

const entry = { kernel: 'vmlinuz', initrd: 'initrd', append: 'viver.image=magnet:?xt=urn:btmh:1220ab&dn=x quiet' };

test('the iPXE script', () => {
  expect(ipxeScript(entry)).toBe(`#!ipxe
:start
imgfree
echo Viver: kernel and initrd by HTTP
kernel vmlinuz initrd=initrd.img BOOTIF=01-\${netX/mac:hexhyp} viver.image=magnet:?xt=urn:btmh:1220ab&dn=x quiet || goto failed
initrd --name initrd.img initrd || goto failed
boot || goto failed
:failed
echo Not started, next try in 3 seconds
sleep 3
goto start
`);
});

test('parameters of single machines', () => {
  const appendFor = new Map([['52:54:00:00:00:07', 'viver.role=lab']]);
  const lines = ipxeScript({ ...entry, appendFor }).split('\n');
  expect(lines[1]).toBe(`iseq \${netX/mac} 52:54:00:00:00:07 && set own viver.role=lab ||`);
  expect(lines.find((line) => line.startsWith('kernel'))).toMatch(/ quiet \$\{own\} \|\| goto failed$/);
});

test.each([
  { ...entry, appendFor: new Map([['netX', 'viver.role=lab']]) },
  { ...entry, appendFor: new Map([['52:54:00:00:00:07', 'quiet\nshell']]) },
  { ...entry, kernel: 'vmlinuz || shell' },
  { ...entry, initrd: '' },
  { ...entry, append: 'quiet\nshell' },
])('values that would change the script are refused: %j', (bad) => {
  expect(() => ipxeScript(bad)).toThrow(expect.objectContaining({ code: 'MENU_BAD_VALUE' }));
});

test('an append line starts no other command', () => {
  expect(ipxeScript({ ...entry, append: `a || shell && b $\{net0/ip}` })).toContain(
    ' a | | shell & & b $ {net0/ip} || goto',
  );
});
