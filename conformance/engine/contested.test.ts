import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../../model/index.js';
import type { Entry } from '../linearizability/index.js';
import { cases } from '../testing/cases.js';
import { contested, sum, uncontested } from './contested.js';
import type { Observed } from './registry-history.js';

type Done = Entry<Operation, Observed>;

/** Who called does not matter. */
const someone = { id: 0, actor: 'a' };

const [s, t, e] = [fc.constantFrom('s1', 's2'), fc.constantFrom('t1', 't2'), fc.constantFrom('e1', 'e2')];
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ op: fc.constant('registerServer' as const), id: s, endpoint: e }),
  fc.record({ op: fc.constant('registerTransport' as const), id: t, endpoint: e }),
  fc.record({ op: fc.constantFrom('findServer' as const, 'unregisterServer' as const), id: s }),
  fc.record({ op: fc.constantFrom('findTransport' as const, 'unregisterTransport' as const), id: t }),
  fc.record({ op: fc.constant('bindTransportToServer' as const), transportId: t, serverId: s }),
  fc.record({ op: fc.constant('unbindTransport' as const), transportId: t }),
  fc.record({ op: fc.constant('down' as const), endpoint: e }),
);
const response: fc.Arbitrary<Observed | undefined> = fc.constantFrom<Observed | undefined>({ kind: 'done', value: undefined }, { kind: 'refused', code: 'server_not_found' }, undefined);
const entry: fc.Arbitrary<Done> = fc
  .tuple(operation, response, fc.nat(12), fc.integer({ min: 1, max: 6 }))
  .map(([invocation, response, start, lasted]) => ({ ...someone, invocation, response, start, end: response === undefined ? Infinity : start + lasted }));

const done = (invocation: Operation, start: number, end: number, response: Observed = { kind: 'done', value: undefined }): Done => ({ ...someone, invocation, response, start, end });
const refused: Observed = { kind: 'refused', code: 'server_not_found' };

describe('what is contested in a history', () => {
  it('is what overlaps, and not what touches', () => {
    const find = (start: number, end: number): Done => done({ op: 'findServer', id: 's' }, start, end);
    const register = (start: number, end: number, response?: Observed): Done => done({ op: 'registerServer', id: 's', endpoint: 'e' }, start, end, response);
    expect(contested([])).toEqual(uncontested);
    expect(contested([register(0, 1), find(1, 2)])).toEqual(uncontested);
    expect(contested([register(0, 2), find(1, 3)])).toEqual({ ...uncontested, crossing: 1, operations: 2, waits: 1 });
    // Called last and answered first: nobody waited.
    expect(contested([register(0, 3), find(1, 2)])).toEqual({ ...uncontested, operations: 2 });
    expect(contested([find(0, 2), find(1, 3)])).toEqual({ ...uncontested, crossing: 1 });
    // What was refused has written nothing, and its answer may take a turn where all others take none.
    expect(contested([find(0, 2), register(1, 3, refused)])).toEqual({ ...uncontested, refusals: 1 });
    expect(contested([register(0, 2, refused), find(1, 3)])).toEqual({ ...uncontested, crossing: 1, refusals: 1 });
  });

  it('is on the same name: of its namespace, of the configuration that ties it, of the endpoint that goes down', () => {
    const meets = (one: Operation, other: Operation): boolean => contested([done(one, 0, 2), done(other, 1, 3)]).operations === 2;
    const server: Operation = { op: 'registerServer', id: 'x', endpoint: 'e' };
    expect(meets(server, { op: 'findServer', id: 'y' })).toBe(false);
    expect(meets(server, { op: 'findTransport', id: 'x' })).toBe(false);
    expect(meets(server, { op: 'registerTransport', id: 't', endpoint: 'f', config: { serverId: 'x' } })).toBe(true);
    expect(meets({ op: 'bindTransportToServer', transportId: 't', serverId: 'x' }, { op: 'findServer', id: 'x' })).toBe(true);
    expect(meets({ op: 'unregisterServer', id: 'x' }, { op: 'routeToServer', serverId: 'x', transportId: 't', message: 'hello' })).toBe(true);
    expect(meets({ op: 'unregisterTransport', id: 't' }, { op: 'routeToServer', serverId: 'x', transportId: 't', message: 'hello' })).toBe(false);
    const down = (endpoint: string): number => contested([done(server, 0, 1), done({ op: 'down', endpoint }, 2, 4), done({ op: 'findServer', id: 'x' }, 3, 5)]).operations;
    expect([down('e'), down('f')]).toEqual([2, 0]);
  });

  it('counts lists by namespace, and broadcasts by who was ever bound to their server', () => {
    const during = (write: Operation, read: Operation): number[] => {
      const { lists, broadcasts } = contested([done({ op: 'registerTransport', id: 't', endpoint: 'e', config: { serverId: 'x' } }, 0, 1), done(write, 2, 4), done(read, 3, 5)]);
      return [lists, broadcasts];
    };
    const broadcast: Operation = { op: 'broadcast', serverId: 'x', message: 'hello' };
    expect(during({ op: 'registerServer', id: 'y', endpoint: 'f' }, { op: 'listServers' })).toEqual([1, 0]);
    expect(during({ op: 'registerServer', id: 'y', endpoint: 'f' }, { op: 'listTransports' })).toEqual([0, 0]);
    expect(during({ op: 'down', endpoint: 'f' }, { op: 'listTransports' })).toEqual([1, 0]);
    expect(during({ op: 'unbindTransport', transportId: 't' }, broadcast)).toEqual([0, 1]);
    expect(during({ op: 'unregisterTransport', id: 't' }, broadcast)).toEqual([0, 1]);
    expect(during({ op: 'down', endpoint: 'e' }, broadcast)).toEqual([0, 1]);
    expect(during({ op: 'unregisterServer', id: 'x' }, broadcast)).toEqual([0, 1]);
    expect(during({ op: 'down', endpoint: 'f' }, broadcast)).toEqual([0, 0]);
    expect(during({ op: 'unbindTransport', transportId: 'u' }, broadcast)).toEqual([0, 0]);
  });

  it('is what comes of looking at each pair by itself', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), (history) => {
        const some = (holds: (one: Done, other: Done) => boolean): number => history.filter((one) => history.some((other) => other !== one && holds(one, other))).length;
        const overlap = (one: Done, other: Done): boolean => Math.max(one.start, other.start) < Math.min(one.end, other.end);
        const alone = (one: Done, other: Done): boolean => contested([...history.filter(({ invocation }) => invocation.op.startsWith('register')).map((each) => ({ ...each, start: -1, end: -1 })), one, other]).operations === 2;
        const { operations, refusals } = contested(history);
        expect({ operations, refusals }).toEqual({
          operations: some((one, other) => overlap(one, other) && alone(one, other)),
          refusals: some((one, other) => one.response?.kind !== 'done' && overlap(one, other)),
        });
      }),
      { numRuns: cases(500) },
    );
  });

  it('adds up', () => {
    const one = { crossing: 1, operations: 2, refusals: 3, waits: 4, lists: 5, broadcasts: 6 };
    expect(sum(one, one)).toEqual({ crossing: 2, operations: 4, refusals: 6, waits: 8, lists: 10, broadcasts: 12 });
  });
});
