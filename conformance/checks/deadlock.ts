import type { Operation } from '../../model/index.js';
import { Violation } from '../engine/findings.js';
import { eventually } from '../engine/patience.js';
import type { Call } from '../engine/rig.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { underWatch } from './under-watch.js';

const server = (id: string, endpoint = 'e1'): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint = 'e2'): Operation => ({ op: 'registerTransport', id, endpoint });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });
const unregister = (id: string): Operation => ({ op: 'unregisterServer', id });

/** From now on commits take a moment, so that calls are in each other's way. */
const slowly = async (t: Trial, ms = 1): Promise<void> => {
  if (t.offers('slow-commit')) await t.rig.slowCommit(ms);
};

/** Calls that were made a moment ago are on their way: how far depends on how long ago it was. Milliseconds, of the kit's clock at least; more than 0, or not even a job may come between. */
const onTheWay = (t: Trial, ms: number): Promise<void> => t.rig.clock.advance(ms);

/** Two ids, of two partitions if it can be told. */
async function idsApart(t: Trial): Promise<[string, string]> {
  if (!t.offers('stats') || (await t.stats()).length < 2) return t.ids(2) as [string, string];
  return (await t.idPerPartition(2)).map(({ id }) => id) as [string, string];
}

export const deadlockChecks = [
  check('DLK-4', 'a thousand calls at once, on a few names, all come to an end', 'many calls that are open at once', async (t) => {
    await underWatch(t, {}, async ({ call, allEnd }) => {
      const ids = t.ids(20);
      const binds = t.offers('transports') && t.offers('binding');
      await slowly(t);
      const calls: Call[] = [];
      for (let i = 0; i < 1_000; i++) {
        const id = ids[(i * 7) % ids.length]!;
        const other = ids[(i * 3) % ids.length]!;
        const operations: Operation[] = [server(id), { op: 'findServer', id }, unregister(id)];
        if (binds) operations.push(transport(id), bind(id, other), { op: 'unregisterTransport', id });
        calls.push(call(operations[(i * 11 + (i >> 4)) % operations.length]!));
      }
      t.occurred(t.underWay(calls, 2));
      await allEnd('a thousand calls were made at once');
    });
  }),

  check('DLK-4', 'hundreds of writes that wait for their turn all come to an end, however many of them are refused', 'hundreds of writes of one name that wait behind another', async (t) => {
    for (const [first, others] of [[server, server], [unregister, server], [server, unregister]] as const) {
      await underWatch(t, { partitions: 1 }, async ({ call, allEnd }) => {
        const [held, id] = t.ids(2) as [string, string];
        await t.setup(server(held), server(id));
        await slowly(t, 20);
        // One that takes its time; then so many that are refused, or do nothing; in the end some that are done.
        const calls = [call(unregister(held)), ...Array.from({ length: 200 }, () => call(first(id, 'e3'))), ...Array.from({ length: 10 }, () => call(others(id, 'e4'))), call(server(held, 'e5'))];
        t.occurred(t.underWay(calls, 100));
        await allEnd('hundreds of writes waited behind one');
      });
    }
  }),

  check('DLK-4', 'a recipient that waits for a call of its own, about its name or another, keeps nobody waiting', 'a call made from within a send, and open', async (t) => {
    const reactions: readonly ((s: string, a: string) => Operation)[] = [
      (s) => unregister(s),
      (s) => server(s),
      (s) => server(`${s}-2`),
      (_, a) => ({ op: 'unregisterTransport', id: a }),
      ...(t.offers('update') ? [(s: string): Operation => ({ op: 'updateServer', id: s, config: { v: 1 } })] : []),
      ...(t.offers('binding') ? [(s: string, a: string): Operation => bind(a, s), (_: string, a: string): Operation => ({ op: 'unbindTransport', transportId: a })] : []),
      (s, a) => ({ op: 'routeToTransport', transportId: a, serverId: s, message: 'back' }),
    ];
    for (const reaction of reactions) {
      await underWatch(t, {}, async ({ call, allEnd }) => {
        const [s, a] = t.ids(2) as [string, string];
        await t.setup(server(s), transport(a));
        await slowly(t);
        const operation = reaction(s, a);
        t.rig.mailbox.reaction = {
          endpoint: 'e1',
          run: async () => {
            const made = call(operation);
            t.occurred(t.underWay([made]));
            await made.answer;
          },
        };
        // Other writes stand in line for the same names.
        call(server(s, 'e3'));
        call({ op: 'routeToServer', serverId: s, transportId: a, message: 'm' });
        call(transport(a, 'e3'));
        await allEnd(`the recipient of a message waits for ${showOperation(operation)}`);
      });
    }
  }, { needs: ['transports', 'routing', 'send-awaited'] }),

  check('DLK-4', 'whoever hears that an endpoint is down may call, before the registry has heard it and after', 'a call made by whoever hears that an endpoint is down, and open', async (t) => {
    for (const react of [unregister, server, (id: string): Operation => server(id, 'e2'), (id: string): Operation => ({ op: 'findServer', id })]) {
      await underWatch(t, {}, async ({ call, allEnd }) => {
        const [held, coming, free] = t.ids(3) as [string, string, string];
        const { signal } = t.rig.endpoint('e1');
        const listen = (): void => signal.addEventListener('abort', () => t.occurred(t.underWay([held, coming, free].map((id) => call(react(id))))), { once: true });
        listen();
        await t.setup(server(held));
        listen();
        await slowly(t);
        call(server(coming));
        await onTheWay(t, 1);
        await t.rig.perform({ op: 'down', endpoint: 'e1' });
        await allEnd(`listeners of a signal called ${showOperation(react(held))} and others`);
      });
    }
  }, { needs: ['liveness'] }),

  check('DLK-4', 'bindings that cross, A to B and B to A, come to an end while both are removed', 'binds and removals of the same names that are open at once', async (t) => {
    for (const [apart, behind] of [[0, false], [1, false], [2, false], [0, true], [1, true]] as const) {
      await underWatch(t, {}, async ({ call, allEnd }) => {
        const [a, b] = await idsApart(t);
        // The same ids in both namespaces: whoever has one lane for an id has them cross.
        await t.setup(server(a), server(b), transport(a), transport(b), bind(a, a), bind(b, b));
        await slowly(t, behind ? 20 : 1);
        const calls: Call[] = [];
        for (const operation of [
          // Behind other writes, so that both come to their turn at the same time.
          ...(behind ? [a, b].map((transportId): Operation => ({ op: 'unbindTransport', transportId })) : []),
          bind(a, b), bind(b, a), unregister(a), bind(b, b), { op: 'unregisterTransport', id: b }, bind(a, a), unregister(b), server(a), transport(b), bind(b, a), { op: 'unregisterTransport', id: a },
        ] satisfies Operation[]) {
          calls.push(call(operation));
          if (apart > 0) await onTheWay(t, apart);
        }
        t.occurred(t.underWay(calls, 2));
        await allEnd('bindings crossed');
      });
    }
  }, { needs: ['transports', 'binding'] }),

  check('DLK-4', 'bindings that go round, each to a server of the next partition, come to an end', 'binds of names in several partitions that are open at once', async (t) => {
    const count = t.offers('stats') ? (await t.stats()).length : 1;
    const all = count < 3 ? t.ids(8) : (await t.idPerPartition(count)).sort((a, b) => a.partition - b.partition).map(({ id }) => id);
    // Evenly spread, so that no way round the partitions is the shorter one for all of them.
    for (const steps of new Set([3, 4, 5, 8, all.length])) {
      if (steps > all.length) continue;
      for (const back of [false, true]) {
        await underWatch(t, {}, async ({ call, allEnd }) => {
          const ring = Array.from({ length: steps }, (_, i) => all[Math.floor((i * all.length) / steps)]!);
          if (back) ring.reverse();
          await t.setup(...ring.flatMap((id) => [server(id), transport(id)]));
          await slowly(t, 5);
          const next = (i: number): string => ring[(i + 1) % steps]!;
          const calls = [...ring.map((id, i) => call(bind(id, next(i)))), ...ring.map((id, i) => call(bind(next(i), id)))];
          t.occurred(t.underWay(calls, 2));
          await allEnd(`${steps} transports were bound at once, each to the server after it, and then to the one before`);
        });
      }
    }
  }, { needs: ['transports', 'binding'] }),

  check('PRT-4', 'many calls in all other partitions come to an end while a write is stuck in one', 'a call that is open, on an id whose writes are counted in another partition', async (t) => {
    // Each needs some forty milliseconds, of the minute that the write is stuck; before it is given up, should the registry do that.
    await underWatch(t, { partitions: 4, withinMs: 1_000 }, async ({ call, allEnd }) => {
      const [stuck, ...free] = await t.idPerPartition(4);
      for (const { id } of free) await t.answers(server(id), ...(t.offers('update') ? [{ op: 'updateServer', id, config: {} } as const] : []), { op: 'findServer', id }, unregister(id));
      t.occurred(t.underWay([await t.stall(server(stuck!.id), 60_000)]));
      await slowly(t);
      for (let round = 0; round < 10; round++) {
        for (const { id } of free) {
          call(server(id));
          if (t.offers('update')) call({ op: 'updateServer', id, config: { round } });
          call({ op: 'findServer', id });
          call(unregister(id));
        }
      }
      await allEnd('a write is stuck in one partition of four');
    });
  }, { needs: ['partitions'] }),

  check('DLK-4', 'closing answers every call that is open, and ends', 'calls that are open when the registry is closed', async (t) => {
    for (const ms of [0, 2, 6]) {
      await underWatch(t, {}, async ({ call, allEnd }) => {
        const ids = t.ids(6);
        await t.setup(...ids.slice(0, 3).map((id) => server(id)));
        await slowly(t, 5);
        const calls = Array.from({ length: 60 }, (_, i) => call(i % 3 === 2 ? unregister(ids[i % 6]!) : server(ids[(i * 5) % 6]!, `e${i % 4}`)));
        if (ms > 0) await onTheWay(t, ms);
        t.occurred(t.underWay(calls));
        const closing = call({ op: 'close' });
        for (const id of ids) call(server(id));
        await allEnd('the registry was closed while calls were open');
        if (closing.settled?.kind !== 'done') return;
        for (const id of ids) {
          await t.eventually(async () => {
            const answer = await t.rig.perform({ op: 'findServer', id });
            if (answer.kind === 'done' && answer.value !== undefined) throw new Violation('a call that was open when the registry closed left a name in it', 'nothing, or refused: registry_closed', showOperation({ op: 'findServer', id }), 'CLS-1');
          });
        }
      });
    }
  }, { needs: ['close'] }),

  check('CON-3', 'what is refused because admission closes meanwhile has not happened', 'a registration refused by admission control while others are open', async (t) => {
    await underWatch(t, { breaks: 'DLK-4' }, async ({ call, allEnd }) => {
      const ids = Array.from({ length: 60 }, (_, i) => `${t.id()}-${i}`);
      // Admission may be asked before a call joins its line, and then registrations alone never overlap while it is closed.
      const leaving = ids.map((id) => `${id}-leaves`);
      await t.setup(...leaving.map((id) => server(id)));
      await slowly(t, 2);
      const calls: { readonly id: string; readonly made: Call; readonly amongOthers: boolean }[] = [];
      for (const [i, id] of ids.entries()) {
        if (i % 10 === 5) call({ op: 'setAdmission', mode: 'closed' });
        if (i % 10 === 8) call({ op: 'setAdmission', mode: i % 20 === 8 ? 'open' : 'auto' });
        const other = call(unregister(leaving[i]!));
        calls.push({ id, amongOthers: t.underWay([other, ...calls.map(({ made }) => made)]), made: call(server(id)) });
        if (i % 3 > 0) await onTheWay(t, i % 3);
      }
      await allEnd('admission was closed and opened while calls were open');
      await t.setup({ op: 'setAdmission', mode: 'open' });
      for (const { id, made, amongOthers } of calls) {
        if (made.settled?.kind !== 'refused' || made.settled.code === 'outcome_unknown') continue;
        t.occurred(amongOthers && made.settled.code === 'admission_control_active');
        const answer = await t.rig.perform({ op: 'findServer', id });
        t.check(answer.kind !== 'done' || answer.value === undefined, `a registration refused with ${made.settled.code} has happened`, 'nothing', answer);
      }
    });
  }, { needs: ['override'] }),

  check('DLK-4', 'a registration whose endpoint dies on the way comes to an end, and its name is free', 'registrations that are open when their endpoints go down', async (t) => {
    for (const ms of [0, 1, 2]) {
      await underWatch(t, {}, async ({ call, allEnd }) => {
        const ids = t.ids(4);
        await slowly(t, 2);
        const calls: Call[] = [];
        // Each registers twice, so that one dies with a name, or in line for one.
        for (const [i, id] of ids.entries()) {
          calls.push(call(server(id, `dies${i}`)), call(server(ids[(i + 1) % ids.length]!, `dies${i}`)));
        }
        if (ms > 0) await onTheWay(t, ms);
        t.occurred(t.underWay(calls));
        for (const i of ids.keys()) await t.rig.perform({ op: 'down', endpoint: `dies${i}` });
        await allEnd('the endpoints of registrations went down meanwhile');
        for (const id of ids) {
          const taken = async (): Promise<void> => {
            const made = call(server(id));
            await allEnd('it is registered by another afterwards');
            const { settled } = made;
            if (settled?.kind === 'refused' && settled.code === 'already_registered') throw new Violation(`${showOperation(server(id))}: everybody who asked for the name before is dead`, 'success', 'refused: already_registered', 'DWN-1');
          };
          await eventually(t.downMs, taken);
        }
      });
    }
  }, { needs: ['liveness'] }),
];
