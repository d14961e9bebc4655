import type { Check } from '../engine/trial.js';
import { bindingChecks } from './binding.js';
import { admissionChecks, contentionChecks, overrideChecks } from './contention.js';
import { deliveriesChecks } from './deliveries.js';
import { inFlightChecks } from './in-flight.js';
import { lanesChecks } from './lanes.js';
import { namesChecks } from './names.js';
import { everyRegistrationChecks } from './override.js';
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
  ...deliveriesChecks,
  ...statisticsChecks,
  ...contentionChecks,
  ...inFlightChecks,
  ...admissionChecks,
  ...overrideChecks,
  ...everyRegistrationChecks,
  ...lanesChecks,
  ...progressChecks,
];
