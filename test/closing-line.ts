// A vitest reporter: the last line of a run, in the plain form that any script can read.

import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const count = (state: string) => states.filter((one) => one === state).length;
    const broken = modules.filter((module) => module.state() === 'failed' && module.children.size === 0).length;
    // The default reporter prints its summary in the same step; ours comes after it.
    setTimeout(
      () => console.log(`${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`),
      0,
    );
  }
}
