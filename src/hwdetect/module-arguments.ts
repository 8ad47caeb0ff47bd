// What the kernel command line says about modules: kernel-parameters.txt (`module_blacklist=`) and modprobe(8) (`modprobe.blacklist=`,
// `MODULE.PARAMETER=VALUE`, which the kernel applies to built-in modules only and leaves to the loader otherwise). Pure.

import { moduleName } from './module-name.ts';

export interface ModuleArguments {
  /** Never loaded, whoever asks (`module_blacklist=`; the kernel refuses them too). */
  readonly denied: ReadonlySet<string>;
  /** Not loaded because of a device; by name and as a dependency they are (`modprobe.blacklist=`). */
  readonly blacklisted: ReadonlySet<string>;
  /** Module -> parameters as finit_module(2) takes them: `max_part=0 nbds_max=1`. */
  readonly parameters: ReadonlyMap<string, string>;
}

export const NO_MODULE_ARGUMENTS: ModuleArguments = {
  denied: new Set(),
  blacklisted: new Set(),
  parameters: new Map(),
};

/** Reads a kernel command line. Quotes keep spaces together, as in the kernel; what stands behind `--` is init's. */
export function parseModuleArguments(commandLine: string): ModuleArguments {
  const denied = new Set<string>();
  const blacklisted = new Set<string>();
  const parameters = new Map<string, string>();
  for (const word of commandLine.match(/(?:"[^"]*"?|[^\s"])+/g) ?? []) {
    if (word === '--') break;
    const found = /^"?([^=]+)(=.*)?$/s.exec(word);
    if (found === null) continue;
    const key = found[1]!.replaceAll('-', '_');
    const value = found[2] ?? '';
    if (key === 'module_blacklist') addNames(denied, value);
    else if (key === 'modprobe.blacklist') addNames(blacklisted, value);
    else if (/^[^.]+\.[^.]/.test(key)) addParameter(parameters, key, value);
  }
  return { denied, blacklisted, parameters };
}

function addNames(names: Set<string>, value: string): void {
  for (const name of value.replace(/[="]/g, '').split(',')) if (name !== '') names.add(moduleName(name));
}

function addParameter(parameters: Map<string, string>, key: string, value: string): void {
  const dot = key.indexOf('.');
  const module = key.slice(0, dot);
  const parameter = key.slice(dot + 1) + value;
  const before = parameters.get(module);
  parameters.set(module, before === undefined ? parameter : `${before} ${parameter}`);
}
