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
export { examine, type Examination } from './doctor.js';
export { describeConformance, type DefineTest, type DescribeOptions, type TestRunner } from './describe-conformance.js';
export { renderBadge } from './report/badge.js';
export { expectationsFrom, ExpectationsError, parseExpectations, withExpectations, type Expectations } from './report/baseline.js';
export { commandAdapter, type CommandOptions } from './protocol/command-adapter.js';
export { threadAdapter } from './protocol/thread.js';
export type { RemoteAdapter } from './protocol/remote-adapter.js';
export { serve } from './protocol/serve.js';
export { protocolSchema } from './protocol/messages.js';
export { renderConsole } from './report/console.js';
export { renderHtml, type PageAssets } from './report/html.js';
export { renderJUnit } from './report/junit.js';
export { renderMarkdown } from './report/markdown.js';
export { explorationSchema, summariseExplorations, type ExplorationReport } from './report/exploration.js';
export { renderExploration } from './report/exploration-console.js';
export { reportSchema } from './report/schema.js';
export type { Baseline, CheckResult, Conditions, Failure, LoadCoverage, MachineCoverage, ModelCoverage, Report, RequirementResult, ScheduleCoverage, Status, Timeline } from './report/result.js';
