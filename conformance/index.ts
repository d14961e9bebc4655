/**
 * The conformance kit: judges any name registry, through an adapter, against the specification.
 *
 * @module conformance
 */
export { AdapterError, type Adapter, type Consistency, type OpenOptions, type Subject } from './contract.js';
export { verify, type Progress, type VerifyOptions } from './verify.js';
export { type Finding } from './report/summary.js';
export { type Program, type SuiteName } from './engine/sequences.js';
export { VirtualClock } from './engine/virtual-clock.js';
export { adapterFor } from './adapters/adapter-for.js';
export { renderConsole } from './report/console.js';
export { reportSchema } from './report/schema.js';
export type { CheckResult, Failure, Report, RequirementResult, Status } from './report/result.js';
