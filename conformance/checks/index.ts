import type { Check } from '../engine/trial.js';
import { bindingChecks } from './binding.js';
import { admissionChecks, contentionChecks, overrideChecks } from './contention.js';
import { deadlockChecks } from './deadlock.js';
import { namesChecks } from './names.js';
import { progressChecks } from './progress.js';
import { registrationChecks } from './registration.js';
import { routingChecks } from './routing.js';
import { statisticsChecks } from './statistics.js';

/** Every hand-written check, in the order of the specification. */
export const checks: readonly Check[] = [
  ...namesChecks,
  ...registrationChecks,
  ...bindingChecks,
  ...routingChecks,
  ...statisticsChecks,
  ...contentionChecks,
  ...admissionChecks,
  ...overrideChecks,
  ...progressChecks,
  ...deadlockChecks,
];
