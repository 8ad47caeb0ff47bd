// depmod's text tables, cut down to the modules that travel along. Pure.

import { moduleName } from '../../src/hwdetect/module-name.ts';
import { type ModuleTableTexts, uncompressedModulePath } from '../../src/hwdetect/module-tables.ts';

/** File name -> text of modules.dep, modules.alias, modules.softdep with lines of `names` only, and modules.builtin as it is. */
export function tablesForModprobe(files: ModuleTableTexts, names: ReadonlySet<string>): Record<string, string> {
  const of = (name: keyof ModuleTableTexts) => (files[name] ?? '').split('\n').filter((line) => line !== '');
  const dependencies = of('modules.dep').filter((line) => names.has(moduleName(line.slice(0, line.indexOf(':')))));
  const lines = {
    'modules.dep': dependencies.map((line) => line.replace(/[^\s:]+/g, uncompressedModulePath)),
    'modules.alias': of('modules.alias').filter((line) => names.has(moduleName(line.slice(line.lastIndexOf(' ') + 1)))),
    'modules.softdep': of('modules.softdep').filter((line) => names.has(moduleName(line.split(' ')[1] ?? ''))),
    'modules.builtin': of('modules.builtin'),
  };
  return Object.fromEntries(
    Object.entries(lines).map(([name, kept]) => [name, kept.map((line) => `${line}\n`).join('')]),
  );
}
