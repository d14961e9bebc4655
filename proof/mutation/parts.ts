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

/** What is put to the test, and by which tests: those beside it, because every mutant runs all that reach it. */
export const parts: readonly Part[] = [
  {
    id: 'registry',
    title: 'The registry',
    files: ['src/**/*.ts', '!src/**/*.test.ts', '!src/testing/**', '!src/index.ts'],
    // The package test looks at files, not at what they do.
    tests: ['src/**/!(package).test.ts'],
    least: 85,
  },
];
