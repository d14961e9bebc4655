/**
 * Whether a history of overlapping operations can be explained by a sequential specification.
 *
 * @module linearizability
 */
export { check, type Budget, type CheckResult, type Model, type PartResult, type Placed, type Verdict } from './check.js';
export { HistoryFile, HistoryFileError, readHistory } from './file.js';
export type { Entry, History } from './history.js';
export { Recorder, type RecorderOptions, type Sink } from './recorder.js';
export { shrink } from './shrink.js';
