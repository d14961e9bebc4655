import { parentPort } from 'node:worker_threads';
import { show } from '../engine/show.js';
import { loadAdapter } from '../load-adapter.js';
import { runClient, type Ending, type Journal } from './client.js';
import { monotonicSince, type Now } from './clock.js';
import type { Assignment, FromWorker, Note, ToWorker } from './messages.js';
import { ClientPlan } from './plan.js';
import { Site } from './site.js';

/*
 * Some clients of a load, in a thread or a process of their own. What they do is noted at the host, before it is done: a worker may
 * end at any time, and then it must be known what was under way.
 */

/** Settles when a message has left this process: what has can be read even if the process is killed. In a thread that is at once. */
const say = (message: FromWorker): Promise<void> =>
  parentPort === null ? new Promise((resolve) => void process.send!(message, () => resolve())) : Promise.resolve(parentPort.postMessage(message));
const listen = (heard: (message: ToWorker) => void): void => void (parentPort === null ? process.on('message', heard) : parentPort.on('message', heard));

/** Notes go in batches: all that were made until the event loop comes round. */
class Outbox {
  #notes: Note[] = [];
  #sent: Promise<void> | undefined;

  put(note: Note): Promise<void> {
    this.#notes.push(note);
    this.#sent ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#sent = undefined;
        void say({ kind: 'notes', notes: this.#notes.splice(0) }).then(resolve);
      });
    });
    return this.#sent;
  }

  /** Settles when nothing is left to be sent. */
  emptied(): Promise<void> {
    return this.#sent ?? Promise.resolve();
  }
}

const outbox = new Outbox();
const waiting = new Map<number, (ending: Ending) => void>();
let isOver = false;
let site: Site | undefined;

listen((message) => {
  if (message.kind === 'begin') void begin(message.assignment);
  else if (message.kind === 'stop') isOver = true;
  else if (message.kind === 'leave') void leave();
  else for (const [id, ending] of message.endings) waiting.get(id)?.(ending);
});

async function begin({ mix, clients, patienceMs, origin, connect }: Assignment): Promise<void> {
  const now = monotonicSince(BigInt(origin));
  try {
    site = connect === undefined ? undefined : await Site.open(await loadAdapter(connect.module), { seed: mix.seed + clients[0]!, now, arrived: (arrival) => void outbox.put({ kind: 'arrival', ...arrival }), patienceMs, connectTo: connect });
    const perform = site === undefined ? served : site.perform.bind(site);
    const journal = journalAt(now, site !== undefined);
    await Promise.all(clients.map((client) => runClient({ client, plan: new ClientPlan(mix, client), journal, perform, patienceMs, isOver: () => isOver })));
    await outbox.emptied();
    await say({ kind: 'finished' });
  } catch (error) {
    await say({ kind: 'failed', reason: show(error) });
  }
}

/** Until then others may still send something to its endpoints. */
async function leave(): Promise<void> {
  await site?.dispose();
  await outbox.emptied();
  await say({ kind: 'left' });
}

/** The host has been told of the call, and makes it. */
const served = (_: unknown, id: number): Promise<Ending> =>
  new Promise((resolve) => {
    waiting.set(id, (ending) => {
      waiting.delete(id);
      resolve(ending);
    });
  });

function journalAt(now: Now, callsItself: boolean): Journal {
  let next = 0;
  return {
    call(actor, operation) {
      const id = next++;
      const sent = outbox.put({ kind: 'call', id, actor, operation, start: now() });
      return callsItself ? sent.then(() => id) : id;
    },
    answer: (id, answer) => void outbox.put({ kind: 'end', id, end: now(), ...(callsItself && { answer }) }),
    lose(id) {
      waiting.delete(id);
      void outbox.put({ kind: 'lost', id });
    },
  };
}
