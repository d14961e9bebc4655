/**
 * The conformance kit: judges any name registry, through an adapter, against the specification.
 *
 * @module conformance
 */
export { AdapterError, type Adapter, type Consistency, type OpenOptions, type Subject, type Wait } from './contract.js';
export { verify, type Progress, type Resumption, type VerifyOptions } from './verify.js';
export type { Called, GivenUp } from './engine/endurance.js';
export { type Finding } from './report/summary.js';
export { type Program, type SequentialProgram, type SuiteName, type WalkName } from './engine/sequences.js';
export type { ConcurrentProgram, ScheduledProgram } from './schedules/program.js';
export type { Spread } from './load/run-load.js';
export type { ReplayedCommands } from './schedules/scheduled-commands.js';
export { VirtualClock, type VirtualTimer } from './engine/virtual-clock.js';
export { adapterFor } from './adapters/adapter-for.js';
export { commandAdapter, type CommandOptions } from './protocol/command-adapter.js';
export type { RemoteAdapter } from './protocol/remote-adapter.js';
export { serve } from './protocol/serve.js';
export { protocolSchema } from './protocol/messages.js';
export { renderConsole } from './report/console.js';
export { explorationSchema, summariseExplorations, type ExplorationReport } from './report/exploration.js';
export { renderExploration } from './report/exploration-console.js';
export { reportSchema } from './report/schema.js';
export type { CheckResult, Failure, LoadCoverage, ModelCoverage, Report, RequirementResult, ScheduleCoverage, Status } from './report/result.js';
