import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type * as kit from '../index.js';
import { VirtualClock } from '../engine/virtual-clock.js';
import { throughProtocol } from '../testing/through-protocol.js';
import { verify } from '../verify.js';
import { nullAdapter } from '../sla/null-adapter.js';
import type { RemoteAdapter } from './remote-adapter.js';

// As it is installed: programs and threads are of what was built.
const { commandAdapter, threadAdapter } = (await import(new URL('../../dist/conformance/index.js', import.meta.url).href)) as typeof kit;
const program = fileURLToPath(new URL('../../dist/conformance/protocol/null-program.js', import.meta.url));

it.each<[string, () => Promise<RemoteAdapter>]>([
  ['a program', () => commandAdapter([process.execPath, program])],
  ['a thread', () => threadAdapter(undefined)],
])('beside %s there is one in which a registry does nothing', async (_, start) => {
  const adapter = await start();
  const nothing = await adapter.nothing();
  const subject = await nothing.open({ clock: new VirtualClock() });
  expect([nothing.name, await subject.findServer('who')]).toEqual(['nothing', expect.objectContaining({ id: 'who', config: {} })]);
  await nothing.end();
  // The one is of no matter to the other.
  await adapter.open({ clock: new VirtualClock() });
  await adapter.end();
});

it('is what levels of service are told against, and ended when they are', async () => {
  const adapter = await throughProtocol({ ...nullAdapter, name: 'as good as nothing' });
  let [begun, opened, ended] = [0, 0, 0];
  const watched: RemoteAdapter = {
    ...adapter,
    async nothing() {
      begun++;
      const nothing = await adapter.nothing();
      return { ...nothing, open: (options) => (opened++, nothing.open(options)), end: () => (ended++, nothing.end()) };
    },
  };
  await verify(watched, { seed: 1, profile: 'sla', only: ['SLA-1'], effort: 0.05 });
  expect([begun, opened > 0, ended]).toEqual([1, true, 1]);
  await verify(watched, { seed: 1, runs: 1, only: ['REG-2'] });
  expect(begun).toBe(1);
  await adapter.end();
});
