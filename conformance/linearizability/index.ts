/**
 * Whether a history of overlapping operations can be explained by a sequential specification.
 *
 * @module linearizability
 */
export { check, checkAsync, type Budget, type CheckResult } from './check.js';
export { HistoryFile, HistoryFileError, readHistory } from './file.js';
export type { Entry, History } from './history.js';
export type { Model } from './model.js';
export type { Objects } from './objects.js';
export { checkRegisters, type Access, type RegisterView } from './registers.js';
export { Recorder, type RecorderOptions, type Sink } from './recorder.js';
export type { PartResult, Placed, Verdict } from './search.js';
export { shrink, type ShrinkBudget } from './shrink.js';
