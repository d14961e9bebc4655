/** A part of our own code, and the tests that alone have to notice when it is changed. */
export interface Part {
  readonly id: string;
  readonly title: string;
  /** Which files are changed. */
  readonly files: readonly string[];
  readonly tests: readonly string[];
  /** The least score, in percent, of which the part may be. What survives must have a reason at any score. */
  readonly least: number;
}

const engine = (...names: string[]): string[] => names.map((name) => `conformance/engine/${name}.ts`);
const checker = (...names: string[]): string[] => names.map((name) => `conformance/linearizability/${name}.ts`);

/** What is put to the test, and by which tests: those beside it and no others, because every mutant runs all that reach it. */
export const parts: readonly Part[] = [
  {
    id: 'registry',
    title: 'The registry',
    files: ['src/**/*.ts', '!src/**/*.test.ts', '!src/testing/**', '!src/index.ts'],
    // The package test looks at files, not at what they do.
    tests: ['src/!(package).test.ts'],
    least: 85,
  },
  {
    id: 'oracle',
    title: 'The oracle, and whom it blames',
    files: engine('oracle', 'blame', 'reaction', 'answer', 'plain-answer'),
    tests: engine('oracle.test', 'engine.test', 'plain-answer.test'),
    least: 85,
  },
  {
    id: 'intervals',
    title: 'What is said of lists and messages while others write',
    files: engine('intervals', 'lifetimes', 'list-intervals', 'delivery-intervals', 'periods', 'moments'),
    tests: engine('intervals.test', 'moments.test', 'periods.test'),
    least: 85,
  },
  {
    id: 'model',
    title: 'The model',
    files: ['model/registry.ts', 'model/names.ts', 'model/contention.ts', 'model/id.ts', 'model/state.ts', 'model/tables.ts', 'model/compile.ts', 'model/guards.ts', 'model/machines/!(*.test).ts', '!model/machines/index.ts'],
    tests: ['model/*.test.ts', 'model/machines/*.test.ts'],
    least: 85,
  },
  {
    id: 'checker',
    title: 'The linearizability checker',
    files: checker('check', 'search', 'candidates', 'configurations', 'states', 'memory', 'hash'),
    // How long judging takes is not for a machine to say that is busy with this.
    tests: checker('check.test', 'search.test', 'budget.test', 'candidates.test', 'collisions.test', 'configurations.test', 'states.test', 'memory.test', 'porcupine.test'),
    least: 85,
  },
  {
    id: 'registers',
    title: 'The checker of registers',
    files: checker('registers'),
    tests: checker('registers.test'),
    least: 85,
  },
  {
    id: 'shrink',
    title: 'What makes violated histories small',
    files: checker('shrink'),
    tests: checker('shrink.test'),
    least: 85,
  },
  {
    id: 'recording',
    title: 'Recorded histories',
    files: checker('recorder', 'file'),
    tests: checker('recorder.test'),
    least: 85,
  },
  {
    id: 'worlds',
    title: 'The checker of long histories',
    files: [...checker('worlds', 'islands'), ...engine('registry-objects')],
    tests: [...checker('islands.test', 'worlds.test'), ...engine('registry-objects.test')],
    least: 85,
  },
];
