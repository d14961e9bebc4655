import type { Check } from '../engine/trial.js';
import { alarmsUnaskedChecks } from './alarms-unasked.js';
import { afterCloseChecks } from './after-close.js';
import { amidBroadcastsChecks } from './amid-broadcasts.js';
import { anyCallChecks } from './any-call.js';
import { anyConfigChecks } from './any-config.js';
import { anyEndpointChecks } from './any-endpoint.js';
import { anyMessageChecks } from './any-message.js';
import { anyPartitionChecks } from './any-partition.js';
import { anyWindowChecks } from './any-window.js';
import { bindingHistoryChecks } from './binding-histories.js';
import { bindingChecks } from './binding.js';
import { closedAdmissionChecks } from './closed-admission.js';
import { closingChecks } from './closing.js';
import { admissionChecks, contentionChecks, overrideChecks } from './contention.js';
import { configServerIdsChecks } from './config-server-ids.js';
import { spelledBroadcastsChecks } from './spelled-broadcasts.js';
import { routingMemoryChecks } from './routing-memory.js';
import { copiesChecks } from './copies.js';
import { deadlockChecks } from './deadlock.js';
import { deliveriesChecks } from './deliveries.js';
import { downMeanwhileChecks } from './down-meanwhile.js';
import { fromWithinChecks } from './from-within.js';
import { homesChecks } from './homes.js';
import { idleChecks } from './idle.js';
import { inFlightChecks } from './in-flight.js';
import { lanesChecks } from './lanes.js';
import { lateEffectsChecks } from './late-effects.js';
import { lifetimeChecks } from './lifetimes.js';
import { manyPartitionsChecks } from './many-partitions.js';
import { manyChecks } from './many.js';
import { namesChecks } from './names.js';
import { everyRegistrationChecks } from './override.js';
import { progressChecks } from './progress.js';
import { refusalChecks } from './refusals.js';
import { registrationChecks } from './registration.js';
import { routingChecks } from './routing.js';
import { rightAfterChecks } from './right-after.js';
import { spellingChecks } from './spelling.js';
import { stalenessChecks } from './staleness.js';
import { statisticsChecks } from './statistics.js';
import { wrapAroundChecks } from './wrap-around.js';
import { yieldingReadsChecks } from './yielding-reads.js';

/** Every hand-written check, what is simple first. */
export const checks: readonly Check[] = [
  ...namesChecks,
  ...spellingChecks,
  ...registrationChecks,
  ...refusalChecks,
  ...anyCallChecks,
  ...anyEndpointChecks,
  ...copiesChecks,
  ...anyConfigChecks,
  ...bindingChecks,
  ...bindingHistoryChecks,
  ...lifetimeChecks,
  ...downMeanwhileChecks,
  ...rightAfterChecks,
  ...manyChecks,
  ...wrapAroundChecks,
  ...routingChecks,
  ...deliveriesChecks,
  ...anyMessageChecks,
  ...fromWithinChecks,
  ...homesChecks,
  ...statisticsChecks,
  ...contentionChecks,
  ...inFlightChecks,
  ...admissionChecks,
  ...overrideChecks,
  ...everyRegistrationChecks,
  ...closedAdmissionChecks,
  ...lanesChecks,
  ...manyPartitionsChecks,
  ...idleChecks,
  ...progressChecks,
  ...deadlockChecks,
  ...closingChecks,
  ...lateEffectsChecks,
  ...yieldingReadsChecks,
  ...stalenessChecks,
  ...amidBroadcastsChecks,
  ...afterCloseChecks,
  ...routingMemoryChecks,
  ...spelledBroadcastsChecks,
  ...configServerIdsChecks,
  ...anyPartitionChecks,
  ...anyWindowChecks,
  ...alarmsUnaskedChecks,
];
