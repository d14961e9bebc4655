import fc from 'fast-check';
import type { Config } from '../../spec/index.js';
import type { ModelOptions, Operation } from '../index.js';

// Mostly valid, and few: an invalid one would keep an operation from everything else.
const id = fc.constantFrom('a', 'a', 'a', 'a', 'b', 'b', 'b', 'b', '__proto__', '');
const endpoint = fc.constantFrom('e1', 'e2', 'e3', 'e4', 'e5', 'e6');
const takes = fc.constantFrom(0, 0, 50, 150, 400);
const message = fc.constantFrom('m', 'n');
const partition = fc.nat(3);
const config = fc.constantFrom<Config[]>({}, { a: 1 }, { serverId: 'a' }, { serverId: 'b', deep: { list: [1, null] } }, { serverId: 7 });

const op = <Name extends Operation['op']>(...names: Name[]): fc.Arbitrary<Name> => fc.constantFrom(...names);

/** Any operation, from so few names that they meet. */
export const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ op: op('registerServer', 'registerTransport'), id, endpoint, config, takes }) },
  { weight: 2, arbitrary: fc.record({ op: op('unregisterServer', 'unregisterTransport'), id, takes }) },
  { weight: 1, arbitrary: fc.record({ op: op('updateServer'), id, config, takes }) },
  { weight: 1, arbitrary: fc.record({ op: op('findServer', 'findTransport'), id }) },
  { weight: 1, arbitrary: fc.record({ op: op('listServers', 'listTransports', 'getPartitionStats', 'getContentionStatus', 'resetStats') }) },
  { weight: 3, arbitrary: fc.record({ op: op('bindTransportToServer'), transportId: id, serverId: id, takes }) },
  { weight: 1, arbitrary: fc.record({ op: op('unbindTransport'), transportId: id, takes }) },
  { weight: 1, arbitrary: fc.record({ op: op('getServerForTransport'), transportId: id }) },
  { weight: 1, arbitrary: fc.record({ op: op('routeToServer', 'routeToTransport'), transportId: id, serverId: id, message }) },
  { weight: 1, arbitrary: fc.record({ op: op('broadcast'), serverId: id, message }) },
  { weight: 1, arbitrary: fc.record({ op: op('setAdmission'), mode: fc.constantFrom('auto' as const, 'auto' as const, 'auto' as const, 'open' as const, 'closed' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: op('down'), endpoint }) },
  { weight: 2, arbitrary: fc.record({ op: op('advance'), ms: fc.constantFrom(1, 100, 600, 1000) }) },
  { weight: 1, arbitrary: fc.record({ op: op('stall', 'unstall'), partition }) },
  { weight: 1, arbitrary: fc.oneof({ weight: 9, arbitrary: fc.constant<Operation>({ op: 'resetStats' }) }, { weight: 1, arbitrary: fc.constant<Operation>({ op: 'close' }) }) },
);

export const sequence: fc.Arbitrary<readonly Operation[]> = fc.array(anyOperation, { maxLength: 60, size: 'max' });

/** Four partitions, warm after two writes: small enough for random sequences to close admission. */
export const smallModel: ModelOptions = {
  partitions: 4,
  partitionOf: (name) => (name.codePointAt(0) ?? 0) % 4,
  thresholds: { minWrites: 2, windowSize: 3 },
};
