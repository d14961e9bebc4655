import type { Operation } from '../../model/index.js';
import type { RequirementId } from '../../spec/index.js';
import type { Adapter } from '../contract.js';
import { contested } from '../engine/contested.js';
import { Unanswered, Violation } from '../engine/findings.js';
import { offers } from '../engine/offers.js';
import { within } from '../engine/patience.js';
import { surroundings, type Observed } from '../engine/registry-history.js';
import { showOperation } from '../engine/show.js';
import type { Entry, History } from '../linearizability/index.js';
import type { Situation } from '../report/result.js';
import { judgeOrder, misshapenIn, showEnding, toldApart } from './judge.js';
import type { Ledger } from './ledger.js';
import { runLoad, type LoadOptions } from './run-load.js';
import type { Site } from './site.js';

/** What came of a load during which something happened to the registry as a whole. */
export interface ScenarioResult {
  readonly title: string;
  readonly requirement: RequirementId;
  readonly evidence: number;
  readonly situation: Situation;
  readonly violation?: Violation;
  readonly inconclusive?: string;
}

type Done = Entry<Operation, Observed>;

const isRegistration = ({ invocation }: Done): boolean => invocation.op === 'registerServer' || invocation.op === 'registerTransport';
const isRefused = ({ response }: Done, code: string): boolean => response?.kind === 'refused' && response.code === code;
const shown = ({ invocation, response }: Done): string => `${showOperation(invocation)} → ${showEnding(invocation, response!)}`;

/** Admission is closed by hand while clients are at work, and opened again: registrations are refused in between, and nothing else is. ADM-3, ADM-5, ADM-6, CON-3. */
export async function admissionDuringLoad(adapter: Adapter, options: LoadOptions): Promise<ScenarioResult[]> {
  const title = 'admission closes and opens again during a load';
  let offered = false;
  const run = await runLoad(adapter, {
    ...options,
    meanwhile: async (site, ledger) => {
      offered = offers(adapter, site.rig.subject, 'override');
      if (!offered) return;
      await reaches(ledger, options, 1 / 3);
      await call(site, ledger, { op: 'setAdmission', mode: 'closed' });
      await reaches(ledger, options, 2 / 3);
      await call(site, ledger, { op: 'setAdmission', mode: 'open' });
    },
  });
  const [closed, opened] = ['closed', 'open'].map((mode) => run.history.find(({ invocation, response }) => invocation.op === 'setAdmission' && invocation.mode === mode && response?.kind === 'done'));
  // That it works is for the checks before; here it is only what it does while others are at work.
  if (!offered || closed === undefined || opened === undefined) return [];
  const { history } = run;
  const during = history.filter((one) => one.start > closed.end && one.end < opened.start);
  const registrations = during.filter(isRegistration);
  const result = (requirement: RequirementId, what: string, seen: readonly Done[], wrong: Done | undefined, message: string, expected: string): ScenarioResult => ({
    title, requirement, evidence: history.length, situation: { what, occurred: seen.length },
    ...(wrong !== undefined && { violation: new Violation(message, expected, shown(wrong), requirement) }),
  });
  const others = during.filter((one) => !isRegistration(one));
  const after = history.filter((one) => isRegistration(one) && one.start > opened.end);
  const order = await judgeOrder(toldApart(run), { milliseconds: judgeMs, isEventual: false });
  const results: ScenarioResult[] = [
    result('ADM-5', 'a registration while admission is closed', registrations, registrations.find(({ response }) => response?.kind === 'done'), 'a registration was accepted while admission was closed', 'refused: admission_control_active'),
    result('ADM-3', 'something else than a registration, while admission is closed', others, others.find((one) => isRefused(one, 'admission_control_active')), 'something else than a registration was refused while admission was closed', 'what it answers as ever'),
    result('ADM-6', 'a registration after admission was opened again', after, after.find((one) => isRefused(one, 'admission_control_active')), 'a registration was refused although admission had been opened', 'what it answers as ever'),
    {
      title, requirement: 'CON-3', evidence: history.length,
      situation: { what: 'a registration refused for no reason of its own', occurred: registrations.filter(({ response }) => response?.kind === 'refused' && surroundings.has(response.code)).length },
      ...(order.violations[0] && { violation: order.violations[0].violation }),
      ...(order.undecided !== undefined && { inconclusive: order.undecided }),
    },
  ];
  // That nothing came about while admission was closed is for those to say who close it with nobody at work.
  return results.filter(({ situation }) => situation.occurred > 0);
}

/** The registry is closed while clients are at work: whatever was called is answered, and from then on nothing is found. CLS-1, DLK-4. */
export async function closeDuringLoad(adapter: Adapter, options: LoadOptions): Promise<ScenarioResult[]> {
  const title = 'the registry is closed during a load';
  let offered = false;
  const run = await runLoad(adapter, {
    ...options,
    meanwhile: async (site, ledger) => {
      offered = offers(adapter, site.rig.subject, 'close');
      if (!offered) return;
      await reaches(ledger, options, 1 / 2);
      await call(site, ledger, { op: 'close' });
    },
  });
  if (!offered) return [];
  const { history, unanswered, blocked, connected } = run;
  const closing = history.find(({ invocation, response }) => invocation.op === 'close' && response?.kind === 'done');
  const progress: ScenarioResult = {
    title, requirement: 'DLK-4', evidence: history.length,
    situation: { what: 'an operation that is open when the registry is closed, or called later', occurred: history.filter(({ end }) => end > (closing?.start ?? Infinity)).length },
    ...(blocked && { violation: new Violation('calls are never answered after the registry was closed', 'every operation ends', `${unanswered.length} wait for ever: ${unanswered.slice(0, 6).map((one) => showOperation(one)).join('; ')}`, 'DLK-4') }),
    ...(!blocked && unanswered.length > 0 && { inconclusive: `not answered after the registry was closed: ${unanswered.length} calls` }),
  };
  // How clients elsewhere find their server gone, is their adapter's.
  if (closing === undefined || connected) return [progress];
  const misshapen = misshapenIn(history)?.violation;
  const errors: ScenarioResult = {
    title, requirement: 'ERR-1', evidence: history.length,
    situation: { what: 'an operation refused because the registry was closed', occurred: history.filter((one) => isRefused(one, 'registry_closed')).length },
    ...(misshapen && { violation: misshapen }),
  };
  const after = history.filter(({ start }) => start > closing.end);
  const found = after.find((one) => one.response?.kind === 'done' && (isRegistration(one) || showsName(one)));
  return [
    progress,
    ...(misshapen || errors.situation.occurred > 0 ? [errors] : []),
    {
      title, requirement: 'CLS-1', evidence: history.length,
      situation: { what: 'an operation called after the registry was closed', occurred: after.length },
      ...(found && { violation: new Violation('a registry that had been closed during a load still takes names, or shows them', 'nothing, or refused: registry_closed', shown(found), 'CLS-1') }),
    },
    ...(await beforeClose(title, toldApart(run), closing.start)),
  ];
}

/** What had been answered when the registry was closed is to be explained; of the rest only that it may have happened. */
async function beforeClose(title: string, history: History<Operation, Observed>, closed: number): Promise<ScenarioResult[]> {
  const before = history.filter(({ start }) => start < closed).map((one): Done => (one.end < closed ? one : { ...one, response: undefined, end: Infinity }));
  const { violations: [wrong], undecided } = await judgeOrder(before, { milliseconds: judgeMs, isEventual: false });
  const situation = { what: 'an operation that overlaps another on the same name, where one of them is a write', occurred: contested(before).operations };
  // Nor has what did not overlap anything to say here.
  if (situation.occurred === 0) return [];
  return [{ title, requirement: 'CON-1', evidence: before.length, situation, ...(wrong && { violation: wrong.violation }), ...(undecided !== undefined && { inconclusive: undecided }) }];
}

const judgeMs = 20_000;

const showsName = ({ invocation, response }: Done): boolean => {
  const value = response?.kind === 'done' ? response.value : undefined;
  return /^(find|get|list|route|broadcast)/.test(invocation.op) && value !== undefined && value !== 0 && !(Array.isArray(value) && value.length === 0);
};

/** Waits until this share of all calls has been made, or no more are being made. */
async function reaches(ledger: Ledger, { operations, milliseconds }: LoadOptions, share: number): Promise<void> {
  const end = performance.now() + (milliseconds * share) / 2;
  while (ledger.size < operations * share && performance.now() < end) await new Promise((resolve) => void setImmediate(resolve));
}

async function call(site: Site, ledger: Ledger, operation: Operation): Promise<void> {
  const id = ledger.called('meanwhile', operation, ledger.now());
  try {
    const ending = await within(site.rig.patienceMs, operation.op, Promise.resolve(site.perform(operation)));
    if (ending !== undefined) ledger.answered(id, ending, ledger.now());
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    ledger.lost(id);
  }
}
