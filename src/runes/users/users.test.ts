import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstChoiceUid, withUsers } from './account-files.ts';
import { MAX_USERS_BYTES, parseUsers } from './parse-users.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleExa anna@laptop';
const HASH = '$y$j9T$abcdefghijklmnop$0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef.';

const image = {
  passwd:
    'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\nteacher:x:1000:1000::/home/teacher:/bin/bash\n',
  group: 'root:x:0:\nsudo:x:27:teacher\naudio:x:29:\nteacher:x:1000:\n',
  shadow: 'root:*:19000:0:99999:7:::\nteacher:!:19000:0:99999:7:::\n',
  gshadow: 'root:*::\nsudo:*::teacher\naudio:*::\nteacher:!::\n',
};
const lay = (text: string, files: Parameters<typeof withUsers>[0] = image) =>
  withUsers(files, parseUsers(text).users, '/bin/bash');

describe('the list', () => {
  test('accounts with groups, settings and keys', () => {
    const { users, faults } = parseUsers(`# the lab
anna  sudo,audio  password=${HASH} uid=2001
    ${KEY}
\t# a comment

    from="10.0.0.0/8" ${KEY}
root
    ${KEY}
guest - shell=/bin/sh home=/srv/guest
`);
    expect(faults).toEqual([]);
    expect(users).toEqual([
      {
        line: 2,
        name: 'anna',
        groups: ['sudo', 'audio'],
        uid: 2001,
        passwordHash: HASH,
        keys: [KEY, `from="10.0.0.0/8" ${KEY}`],
      },
      { line: 7, name: 'root', groups: [], keys: [KEY] },
      { line: 9, name: 'guest', groups: [], shell: '/bin/sh', home: '/srv/guest', keys: [] },
    ]);
  });

  test.each([
    ['Anna', "'Anna' is no user name (small letters, digits, - and _, 32 at most)"],
    ['first', 'first is in line 1 already'],
    ['anna sudo,Audio', "'Audio' is no group name"],
    ['anna - uid=999', 'uid=999: a number from 1000 to 60000 is wanted'],
    ['anna - uid=3000', "uid 3000 is first's, in line 1"],
    ['anna - shell=bash', 'shell=bash: an absolute path is wanted'],
    ['anna - password=secret', "password= wants a hash, as 'mkpasswd' or 'openssl passwd -6' prints it"],
    ['anna - quota=1', "'quota=1' is none of uid=, shell=, home=, password="],
    ['anna sudo audio', "'audio' is none of uid=, shell=, home=, password="],
    ['  ssh-dss AAAA x', "no SSH public key: 'ssh-dss AAAA x'"],
    ['  -----BEGIN OPENSSH PRIVATE KEY-----', 'a private key: only public ones belong here'],
  ])('%s', (line, message) => {
    expect(parseUsers(`first - uid=3000\n${line}\n`).faults).toEqual([{ line: 2, message }]);
  });

  test('a key above all accounts, and a list that is too long', () => {
    expect(parseUsers(`  ${KEY}\n`).faults).toEqual([{ line: 1, message: 'a key without an account above it' }]);
    expect(parseUsers('#'.repeat(MAX_USERS_BYTES + 1))).toMatchObject({ users: [], faults: [{ line: 0 }] });
  });

  test('no text makes a line of another file', () => {
    const word = fc.constantFrom(
      'anna',
      'bert',
      'sudo',
      '\n',
      '\n ',
      ':',
      'uid=2000',
      `password=${HASH}`,
      KEY,
      'x:0:0',
      '\0',
      '\r',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 40 }), (words) => {
        const { files, added } = withUsers(image, parseUsers(words.join(' ')).users, '/bin/bash');
        const rows = files.passwd.trimEnd().split('\n');
        expect(rows).toHaveLength(3 + added.length);
        for (const row of rows) expect(row.split(':')).toHaveLength(7);
        expect(rows.filter((row) => row.split(':')[2] === '0')).toHaveLength(1);
        expect(rows.every((row) => !/[\p{Cc}]/u.test(row))).toBe(true);
      }),
    );
  });
});

describe('the account files', () => {
  test('a new account has a number of its own, a group of its own, and a lock or a hash', () => {
    const { files, added, faults } = lay(`anna sudo,audio password=${HASH}\nbert\n`);
    const [anna, bert] = [firstChoiceUid('anna'), firstChoiceUid('bert')];
    expect(faults).toEqual([]);
    expect(added).toEqual([`anna (${anna})`, `bert (${bert})`]);
    expect(files.passwd).toBe(
      `${image.passwd}anna:x:${anna}:${anna}::/home/anna:/bin/bash\nbert:x:${bert}:${bert}::/home/bert:/bin/bash\n`,
    );
    expect(files.shadow).toBe(`${image.shadow}anna:${HASH}::0:99999:7:::\nbert:!::0:99999:7:::\n`);
    expect(files.group).toContain('sudo:x:27:teacher,anna\naudio:x:29:anna\n');
    expect(files.group).toContain(`anna:x:${anna}:\n`);
    expect(files.gshadow).toContain('sudo:*::teacher,anna\naudio:*::anna\n');
  });

  test('the number of an account does not depend on who else is listed', () => {
    const of = (text: string) => /^anna:x:(\d+):/m.exec(lay(text).files.passwd)?.[1];
    expect(of('bert\nanna\n')).toBe(of('anna\ncarl\n'));
  });

  test('two names with one first choice get two numbers', () => {
    const uid = firstChoiceUid('anna');
    const { files } = lay('anna\n', { ...image, passwd: `${image.passwd}other:x:${uid}:${uid}::/:/bin/sh\n` });
    expect(files.passwd).toContain(`anna:x:${uid + 1}:`);
  });

  test('an account of the system gets groups, and no password; a person that is there gets one', () => {
    const { files, faults } = lay(`daemon audio password=${HASH} uid=2000\nteacher audio password=${HASH}\n`);
    expect(files.passwd).toBe(image.passwd);
    expect(files.shadow).toBe(`root:*:19000:0:99999:7:::\nteacher:${HASH}:19000:0:99999:7:::\n`);
    expect(files.group).toContain('audio:x:29:daemon,teacher\n');
    expect(faults).toMatchObject([
      { line: 1, message: 'daemon is in the image already: uid= is not for it' },
      { line: 1, message: "daemon is an account of the system: its password is the image's" },
    ]);
  });

  test('a uid and a group that the image has not, or has for another', () => {
    const { files, faults, added } = lay('anna printers uid=1000\nbert printers\n');
    expect(faults).toMatchObject([
      { line: 1, message: "uid 1000 is teacher's in the image: anna is not made" },
      { line: 2, message: 'the image has no group printers: bert is not in it' },
    ]);
    expect(added).toHaveLength(1);
    expect(files.group).not.toContain('printers');
  });

  test('a second time changes nothing', () => {
    const text = `anna sudo password=${HASH}\nteacher audio\n`;
    const once = lay(text).files;
    expect(lay(text, once).files).toEqual(once);
  });
});
