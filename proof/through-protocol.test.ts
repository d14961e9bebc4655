import { describe, expect, it } from 'vitest';
import { throughProtocol } from '../conformance/testing/through-protocol.js';
import { verify } from '../conformance/verify.js';
import { findMutant } from './catalogue.js';

/** Broken registries of every chapter. `node dist/proof/through-protocol.js` judges them all, for everything. */
const some: readonly string[] = [
  'sender-unchecked',
  'code-units-counted',
  'uuids-in-any-case',
  'unregister-unbinds-namesake',
  'few-names-per-endpoint',
  'errors-without-codes',
  'full-table',
  'same-transport-twice',
  'dead-endpoint-in-silence',
  'refused-transport-is-bound-anyway',
  'no-way-back',
  'update-registers-anew',
  'names-are-paths',
  'gone-is-an-error',
  'list-misses-updates',
  'late-down-of-transports',
  'bindings-outlive-a-down-transport',
  'bind-once-seen',
  'cascade-skips-every-second',
  'config-binding-ignored',
  'bindings-survive-down',
  'routing-to-nobody-counts',
  'eight-slots-an-endpoint',
  'routes-cached-for-each-pair',
  'hash-of-first-character',
  'attempts-counted',
  'min-writes-too-high',
  'alarm-polled',
  'two-thirds',
  'any-mode',
  'bindings-outlive-close',
  'lost-update',
];

describe('a broken registry fails, through the protocol, the requirement that it breaks', () => {
  it.each(some)('%s', async (id) => {
    const { adapter: inProcess, breaks } = findMutant(id)!;
    const adapter = await throughProtocol(inProcess);
    const report = await verify(adapter, { only: breaks, seed: 1, runs: 5, patienceMs: 5_000 });
    expect(report.requirements.filter(({ status }) => status === 'failed').map((one) => one.id)).toContain(breaks[0]);
    await adapter.end();
  });
});
