// What `viver-kit rune new` writes: a rune that does a little, its test, and the settings that let an editor know 'viver'. Pure.

import type { Stage } from '../../src/runes/contract/rune.ts';

export interface NewFile {
  readonly name: string;
  readonly text: string;
}

/** The rune and its test. */
export function runeFiles(name: string, stage: Stage): NewFile[] {
  const [rune, test] = stage === 'configure' ? [configureRune, configureTest] : [serveRune, serveTest];
  return [
    { name: `${name}.ts`, text: rune(name) },
    { name: `${name}.test.ts`, text: test(name) },
  ];
}

/** @param kit Where the toolkit lies. Only the editor reads this file; Node does not. */
export function editorSettings(kit: string): NewFile {
  const settings = {
    compilerOptions: {
      target: 'esnext',
      module: 'preserve',
      moduleResolution: 'bundler',
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [`${kit}/node_modules/@types`],
      paths: {
        viver: [`${kit}/src/runes/viver.ts`],
        'viver/testing': [`${kit}/src/runes/testing/testing.ts`],
        zod: [`${kit}/node_modules/zod`],
        'zod/*': [`${kit}/node_modules/zod/*`],
      },
    },
    include: ['*.ts', `${kit}/types/*.d.ts`],
  };
  return { name: 'tsconfig.json', text: `${JSON.stringify(settings, null, 2)}\n` };
}

/** `load-meter` as a name in code: `loadMeter`. */
function inCode(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const configureRune = (name: string) => `// Rune ${name}: works on the files of a PC's system before that system starts.

import { defineRune, z } from 'viver';

export default defineRune({
  name: '${name}',
  version: 1,
  stage: 'configure',
  summary: 'writes /etc/${name}.conf',
  offers: [],
  needs: [],
  settings: z.object({
    server: z._default(z.string(), 'server.example.org').check(z.describe('the host that the file names')),
  }),
  async start({ facts, files, log, settings }) {
    await files.writeText('/etc/${name}.conf', \`server = \${settings.server}\\n\`);
    log.info(\`\${facts.bootNic?.mac ?? 'this PC'} uses \${settings.server}\`);
  },
});
`;

const configureTest = (name: string) => `// viver-kit rune test ${name}.test.ts

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRune } from 'viver/testing';
import ${inCode(name)} from './${name}.ts';

test('its file names the server of the settings', async () => {
  const { files, log, stop } = await startRune(${inCode(name)}, {
    files: { '/etc/${name}.conf': 'server = old\\n' },
    settings: { server: 'here.example.org' },
  });
  assert.equal(await files.readText('/etc/${name}.conf'), 'server = here.example.org\\n');
  assert.equal((await files.changes()).length, 1);
  assert.match(log[0] ?? '', /uses here\\.example\\.org$/);
  await stop();
});
`;

const serveRune = (name: string) => `// Rune ${name}: answers other runes from the start of the system until shutdown.

import { defineInterface, defineRune, z } from 'viver';

/** What the rune promises; who needs it declares the same. */
export const ${inCode(name)} = defineInterface({
  name: '${name}',
  version: 1,
  calls: {
    greet: { request: z.strictObject({ who: z.string() }), reply: z.strictObject({ text: z.string() }) },
  },
  events: { greeted: z.strictObject({ who: z.string() }) },
});

export default defineRune({
  name: '${name}',
  version: 1,
  stage: 'serve',
  summary: 'greets who asks for it',
  offers: [${inCode(name)}],
  needs: [],
  settings: z.object({
    greeting: z._default(z.string(), 'Hello').check(z.describe('the first word')),
  }),
  start({ emit, log, offer, settings }) {
    offer(${inCode(name)}, {
      greet: ({ who }) => {
        emit(${inCode(name)}, 'greeted', { who });
        return { text: \`\${settings.greeting}, \${who}\` };
      },
    });
    return { stop: () => log.info('no more greetings') };
  },
});
`;

const serveTest = (name: string) => `// viver-kit rune test ${name}.test.ts

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRune } from 'viver/testing';
import rune, { ${inCode(name)} } from './${name}.ts';

test('it greets, and says whom', async () => {
  const { ask, log, stop, told } = await startRune(rune, { settings: { greeting: 'Good morning' } });
  assert.deepEqual(await ask(${inCode(name)}).greet({ who: 'lab-07' }), { text: 'Good morning, lab-07' });
  assert.deepEqual(told(${inCode(name)}, 'greeted'), [{ who: 'lab-07' }]);
  await stop();
  assert.deepEqual(log, ['info: no more greetings']);
});
`;
