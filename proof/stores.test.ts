import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { loadAdapter } from '../conformance/load-adapter.js';
import { itWith } from '../conformance/testing/requires.js';
import { systemClock, type Endpoint } from '../src/index.js';

/* The registries of other people that live outside the process: who connects to what another client has opened is in the same registry. */

const options = { clock: systemClock };

describe.each([
  ['redis', 'redis-server'],
  ['etcd', 'etcd'],
  ['nats-kv', 'nats-server'],
])('a further client of %s', (folder, program) => {
  const itHere = itWith(program, '--version');

  itHere('sees what others register, is refused what they have, and leaves it to them', async () => {
    const adapter = await loadAdapter(fileURLToPath(new URL(`../examples/registries/${folder}/adapter.mjs`, import.meta.url)));
    const first = await adapter.open(options);
    const second = await adapter.connect!(structuredClone(first.handle), options);
    const other = await adapter.open(options);
    const lifetimes = [new AbortController(), new AbortController()] as const;
    const [mine, yours] = lifetimes.map(({ signal }): Endpoint => ({ send: () => undefined, signal })) as [Endpoint, Endpoint];
    try {
      await first.registerServer('s', mine, { by: 'first' });
      expect(await second.findServer('s')).toMatchObject({ id: 's', config: { by: 'first' } });
      await expect(second.registerServer('s', yours)).rejects.toMatchObject({ code: 'already_registered' });
      await second.registerServer('t', yours, { by: 'second' });
      expect(await first.findServer('t')).toMatchObject({ id: 't', config: { by: 'second' } });
      expect((await first.listServers!()).map(({ id }) => id).sort()).toEqual(['s', 't']);
      await second.unregisterServer('s');
      expect(await first.findServer('s')).toBeUndefined();
      await first.registerServer('s', mine);
      await second.dispose!();
      expect(await first.findServer('s')).toMatchObject({ id: 's' });
      expect(await other.findServer('s')).toBeUndefined();
    } finally {
      await first.dispose!();
      await other.dispose!();
    }
  });
});
