import { isDeepStrictEqual } from 'node:util';
import { createModel, type Operation } from '../../model/index.js';
import { Blocked, Violation } from '../engine/findings.js';
import { show, showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * A write takes effect at one moment, before it is answered: nothing of it comes earlier than the rest, and nothing later.
 */

const slowMs = 100;

const s = (endpoint: string): Operation => ({ op: 'registerServer', id: 's', endpoint });
const a = (endpoint: string): Operation => ({ op: 'registerTransport', id: 'a', endpoint, config: { serverId: 's' } });
const bind = (serverId: string): Operation => ({ op: 'bindTransportToServer', transportId: 'a', serverId });
const setup: readonly Operation[] = [s('e1'), { op: 'registerServer', id: 'r', endpoint: 'e1' }, a('e2')];
const reads: readonly Operation[] = [{ op: 'findServer', id: 's' }, { op: 'findServer', id: 'r' }, { op: 'findTransport', id: 'a' }, { op: 'getServerForTransport', transportId: 'a' }];

/** Writes whose commit takes long, and quick ones after their answer that put something else in the place of what they ended. */
const successions: readonly (readonly [slow: Operation, quick: readonly Operation[]])[] = [
  [{ op: 'unregisterServer', id: 's' }, [s('e3'), bind('s')]],
  [{ op: 'unregisterServer', id: 's' }, [bind('r'), s('e3')]],
  [{ op: 'unregisterTransport', id: 'a' }, [a('e4')]],
  [{ op: 'unbindTransport', transportId: 'a' }, [bind('s')]],
  [bind('r'), [bind('s')]],
  [{ op: 'updateServer', id: 's', config: { v: 1 } }, [{ op: 'updateServer', id: 's', config: { v: 2 } }]],
  [{ op: 'updateServer', id: 's', config: { v: 1 } }, [{ op: 'unregisterServer', id: 's' }, s('e3'), bind('s')]],
];

async function value(t: Trial, read: Operation): Promise<unknown> {
  const answer = await t.rig.peek(read);
  if (answer.kind !== 'done') throw new Blocked(`${showOperation(read)} had to be answered`);
  return answer.value ?? undefined;
}

export const oneMomentChecks = [
  check('CON-1', 'nothing of a write that was slow comes after its answer', 'quick writes after one that was slow, on the same names', async (t) => {
    for (const [slow, quick] of successions.filter(([{ op }]) => op !== 'updateServer' || t.offers('update'))) {
      await t.open();
      const model = createModel();
      let { initial: state } = model;
      const perform = async (operation: Operation): Promise<void> => {
        await t.setup(operation);
        state = model.step(state, operation).state;
      };
      for (const operation of setup) await perform(operation);
      await perform({ ...slow, takes: slowMs } as Operation);
      for (const operation of quick) await perform(operation);
      t.occurred();
      const shown = async (): Promise<void> => {
        for (const read of reads) {
          const { outcome } = model.step(state, read);
          const expected = outcome.kind === 'done' ? outcome.value : undefined;
          const actual = await value(t, read);
          t.evidence++;
          if (!isDeepStrictEqual(actual, expected)) throw new Violation(`${showOperation(read)}: after ${showOperation(slow)} and quick writes, it tells something else than they come to`, show(expected), show(actual));
        }
      };
      // What is wrong at once is wrong without any delay, and for others to say.
      await t.given(shown().catch((error: unknown) => { throw error instanceof Violation ? new Blocked(error.message) : error; }));
      await t.rig.perform({ op: 'advance', ms: 60 * slowMs });
      await shown();
    }
  }, { consistency: 'linearizable', needs: ['transports', 'binding', 'configs', 'virtual-time', 'slow-commit'] }),
  check('CON-1', 'a transport that is registered with its server is never seen without it', 'a registration under way that shows before it is answered, or not', async (t) => {
    await t.setup(s('e1'));
    await t.rig.slowCommit(slowMs);
    const call = t.rig.start(a('e2'));
    await t.rig.underway(call);
    t.occurred(t.underWay([call]));
    for (let ms = 0; ms < 20 * slowMs && call.settled === undefined; ms += 5) {
      const found = await value(t, { op: 'findTransport', id: 'a' });
      const server = await value(t, { op: 'getServerForTransport', transportId: 'a' });
      t.check(found === undefined || server === 's', 'getServerForTransport("a"): findTransport("a") has found it, and it is registered with its server in one step', 's', server);
      await t.rig.clock.advance(5);
    }
    await t.finish(call, 'a registration');
  }, { consistency: 'linearizable', needs: ['transports', 'binding', 'configs', 'virtual-time', 'slow-commit'] }),
];
