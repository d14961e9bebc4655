import { expect, test } from 'vitest';
import { attach, detach, ServerEntry, TransportEntry } from './entry.js';
import { Outbox } from './outbox.js';
import { Probe } from './testing/fixtures.js';

test('members are copied only while a broadcast reads them', () => {
  const outbox = new Outbox();
  const probe = new Probe();
  const registration = { id: 'x', endpoint: probe, config: {} };
  const server = new ServerEntry(registration, 1);
  const transports = [2, 3, 4].map((incarnation) => new TransportEntry(registration, incarnation));
  for (const transport of transports) {
    transport.group = { signal: probe.signal, first: undefined, listener: () => undefined };
    attach(transport, server);
  }
  const before = server.members!;
  probe.react = () => {
    probe.react = undefined;
    outbox.postAll(before, 's', 2);
    detach(transports[0]!);
    detach(transports[1]!);
  };
  outbox.postAll(before, 's', 1);
  expect(probe.got.map(({ message }) => message)).toEqual([1, 1, 1, 2, 2, 2]);
  expect(before).toEqual({ list: transports, readers: 0 });
  const after = server.members!;
  expect(after).toEqual({ list: [transports[2]], readers: 0 });
  outbox.postAll(after, 's', 3);
  attach(transports[0]!, server);
  expect(server.members).toBe(after);
  // Most servers of a large registry may have none, so they keep nothing for them.
  for (const transport of transports) detach(transport);
  expect(server.members).toBeUndefined();
});
