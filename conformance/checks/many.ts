import type { Found, Operation } from '../../model/index.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * Many names: tables grow, caches fill, hashes collide, batches end. What holds for three names holds for thousands.
 */

const server = (id: string, endpoint = 'e1'): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint = 'e2'): Operation => ({ op: 'registerTransport', id, endpoint });

/**
 * More than the tables of small registries hold, and than can have different hashes of sixteen bits. A registry that takes
 * real time for each call is asked for fewer: these are still more than most batches hold.
 */
async function affordable(t: Trial): Promise<number> {
  return (await t.areCallsSlow()) ? 160 : 2_000;
}

/** Different ids, of which many have the same sum, product or polynomial of their characters. */
function collidingIds(count: number): string[] {
  // "Aa" and "BB" are alike to the hash that multiplies by 31, and so is every text made of them in their places.
  const twins = Array.from({ length: 256 }, (_, i) => Array.from({ length: 8 }, (_, bit) => ((i >> bit) & 1 ? 'Aa' : 'BB')).join(''));
  const permuted = ['abcd', 'dcba', 'bacd', 'abdc', 'cdab', 'badc', 'ad', 'bc', 'da', 'cb'];
  const known = [...permuted, ...twins];
  return [...known, ...Array.from({ length: Math.max(0, count - known.length) }, (_, i) => `name-${i}`)].slice(0, count);
}

const holder = (i: number): string => `e${i % 5}`;

/** Registers many names of one kind; gives the ids. */
async function fill(t: Trial, register: 'registerServer' | 'registerTransport'): Promise<string[]> {
  const ids = collidingIds(await affordable(t));
  for (const [i, id] of ids.entries()) {
    await t.setup({ op: register, id, endpoint: holder(i) });
    // What is not there at once has not been lost among the others.
    if (i % 7 === 0) await t.given(t.holds(id, holder(i), 'it was just registered', register === 'registerServer' ? 'findServer' : 'findTransport'));
  }
  return ids;
}

const kinds = [
  { register: 'registerServer', unregister: 'unregisterServer', find: 'findServer', list: 'listServers' },
  { register: 'registerTransport', unregister: 'unregisterTransport', find: 'findTransport', list: 'listTransports' },
] as const;

export const manyChecks = [
  check('REG-1', 'however often a name, or another of its partition, has been registered before', 'a name found held, after hundreds of registrations that have ended', async (t) => {
    const times = (await affordable(t)) > 1_000 ? 300 : 100;
    const anew = t.id();
    for (const { register, unregister, find } of kinds.filter(({ register }) => register === 'registerServer' || t.offers('transports'))) {
      for (const next of [() => anew, () => t.id()]) {
        await t.open(t.offers('partitions') ? { partitions: 1 } : {});
        for (let i = 1; i <= times; i++) {
          const id = next();
          await t.setup({ op: register, id, endpoint: `e${i}` });
          const isFound = (): Promise<void> => t.holds(id, `e${i}`, 'it was just registered, as others before', find);
          // What goes wrong after a few does so for another reason. Where what is written shows late, not every one is waited for.
          if (i <= 10) await t.given(isFound());
          else if (t.stalenessMs === 0 || i % 32 === 0) await isFound();
          t.occurred(i >= 100);
          await t.setup({ op: unregister, id });
        }
      }
    }
  }),

  check('NAM-3', 'thousands of ids are as many names, also those that have a hash in common', 'an id found held beside thousands that it is easily taken for', async (t) => {
    const ids = collidingIds(await affordable(t));
    for (const [i, id] of ids.entries()) {
      const answer = await t.rig.perform(server(id, holder(i)));
      const taken = answer.kind === 'refused' && answer.code === 'already_registered';
      t.check(!taken, 'an id was taken for another', 'a free name', answer);
    }
    for (const [i, id] of ids.entries()) if (i % 7 === 0) await t.occurs(t.holds(id, holder(i), 'it was registered'));
  }),

  ...kinds.flatMap(({ register, unregister, find, list }) => [
    check('LKP-1', `a lookup finds each of thousands (${list})`, 'a name found among many', async (t) => {
      const ids = await fill(t, register);
      for (const [i, id] of ids.entries()) {
        await t.holds(id, holder(i), 'it was registered, and nothing has happened to it', find);
        t.occurred();
      }
    }, { needs: register === 'registerTransport' ? ['transports'] : [] }),
    check('UNR-1', `of thousands of names those go that are unregistered (${unregister})`, 'a name unregistered that was one of many', async (t) => {
      const ids = await fill(t, register);
      for (const [i, id] of ids.entries()) if (i % 3 > 0) await t.setup({ op: unregister, id });
      for (const [i, id] of ids.entries()) {
        if (i % 3 === 0) await t.given(t.holds(id, holder(i), 'others were unregistered', find));
        else {
          await t.holds(id, undefined, 'it was unregistered, as others were', find);
          t.occurred();
        }
      }
    }, { needs: register === 'registerTransport' ? ['transports'] : [] }),
    check('LST-1', `a list gives each of thousands once (${list})`, 'a list of many names', async (t) => {
      const ids = await fill(t, register);
      await lists(t, list, ids.map((id, i) => [id, holder(i)]));
      t.occurred();
      for (const [i, id] of ids.entries()) if (i % 3 > 0) await t.setup({ op: unregister, id });
      for (const [i, id] of ids.entries()) await t.given(t.holds(id, i % 3 > 0 ? undefined : holder(i), 'others were unregistered', find));
      await lists(t, list, ids.map((id, i) => [id, holder(i)] as const).filter((_, i) => i % 3 === 0));
    }, { needs: register === 'registerTransport' ? ['transports', 'lists'] : ['lists'] }),
  ]),

  check('EPT-1', 'one endpoint holds hundreds of names in both namespaces, as many as others hold together', 'a name found held by an endpoint that holds many', async (t) => {
    const transports = t.offers('transports');
    const ids = Array.from({ length: Math.max(100, (await affordable(t)) / 4) }, (_, i) => `name-${i}`);
    // What fails for as many endpoints as well does not fail because they are one.
    for (const [i, id] of ids.entries()) await t.setup(server(id, `e${i}`), ...(transports ? [transport(id, `e${i}`)] : []));
    for (const [i, id] of ids.entries()) {
      await t.given(t.holds(id, `e${i}`, 'it was registered'));
      if (transports) await t.given(t.holds(id, `e${i}`, 'it was registered', 'findTransport'));
    }
    await t.open();
    for (const id of ids) {
      await t.succeeds(server(id), 'one endpoint may hold many names');
      if (transports) await t.succeeds(transport(id, 'e1'), 'one endpoint may hold many names');
    }
    for (const id of ids) {
      await t.holds(id, 'e1', 'one endpoint may hold many names');
      if (transports) await t.holds(id, 'e1', 'one endpoint may hold many names', 'findTransport');
      t.occurred();
    }
  }),

  check('DWN-1', 'all of hundreds of names go', 'a name found held, of an endpoint with many', async (t) => {
    const { ids } = await crowd(t);
    await t.setup({ op: 'down', endpoint: 'e1' });
    for (const id of ids) {
      await t.eventually(() => t.holds(id, undefined, 'its endpoint went down'), t.goneMs);
      if (t.offers('transports')) await t.eventually(() => t.holds(id, undefined, 'its endpoint went down', 'findTransport'), t.goneMs);
    }
    if (!t.offers('lists')) return;
    await t.gives({ op: 'listServers' }, [], 'every endpoint went down');
    if (t.offers('transports')) await t.gives({ op: 'listTransports' }, [], 'every endpoint went down');
  }),
  check('DWN-3', 'of hundreds of names none is left when the abort returns', 'a name found held, of an endpoint with many', async (t) => {
    const { ids } = await crowd(t);
    t.rig.endpoint('e1').kill();
    // Asked all at once: between the abort and these calls there is no turn of the event loop.
    const asked = ids.flatMap((id) => [t.rig.peek({ op: 'findServer', id }), ...(t.offers('transports') ? [t.rig.peek({ op: 'findTransport', id })] : [])]);
    const answers = await Promise.all(asked);
    const left = answers.filter((answer) => answer.kind === 'done' && answer.value !== undefined).length;
    // What never goes is not late.
    for (const id of ids) {
      await t.given(t.eventually(() => t.holds(id, undefined, 'its endpoint went down'), t.goneMs));
      if (t.offers('transports')) await t.given(t.eventually(() => t.holds(id, undefined, 'its endpoint went down', 'findTransport'), t.goneMs));
    }
    t.check(left === 0, 'names outlived the abort of their endpoint', 'none', left);
    // What an eventual registry shows may be old, of a "down" as well.
  }, { consistency: 'linearizable' }),
];

/** An endpoint with hundreds of names in each namespace, found to hold some of them. */
async function crowd(t: Trial): Promise<{ ids: readonly string[] }> {
  const ids = Array.from({ length: Math.max(150, (await affordable(t)) / 4) }, (_, i) => `name-${i}`);
  for (const [i, id] of ids.entries()) {
    await t.setup(server(id));
    if (t.offers('transports')) await t.setup(transport(id, 'e1'));
    // Not all are looked up: a lookup may leave traces of its own.
    if (i % 7 === 0) await t.occurs(t.holds(id, 'e1', 'it was just registered'));
  }
  return { ids };
}

/** What a list must hold: names and who holds them. */
async function lists(t: Trial, op: 'listServers' | 'listTransports', expected: readonly (readonly [string, string])[]): Promise<void> {
  await t.eventually(async () => {
    const listed = t.accepted(await t.rig.perform({ op }), `${op}()`, 'a list is never refused') as readonly Found[];
    t.check(listed.length === expected.length, `${op}() has the wrong length`, expected.length, listed.length);
    const held = new Map(listed.map(({ id, endpoint }) => [id, endpoint]));
    for (const [id, endpoint] of expected) t.check(held.get(id) === endpoint, `${op}() is wrong about one of them`, `${id} held by ${endpoint}`, held.get(id) ?? 'nothing');
  });
}
