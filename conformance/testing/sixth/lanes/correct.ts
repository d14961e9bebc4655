import type { Namespace, Registration } from '../../../../spec/index.js';
import type { Correct } from '../correct.js';
import { adapterOf, Chunked, Deferred, Faithful, Grouped, Lanes, Prompt, turn, type Answer } from './registry.js';

/** A list that overlaps writes need not show one moment (LST-3). */
class ListByPartition extends Lanes {
  override listServers(): Answer<readonly Registration[]> {
    return this.gather('server');
  }
  override listTransports(): Answer<readonly Registration[]> {
    return this.gather('transport');
  }
  private gather(namespace: Namespace): Answer<readonly Registration[]> {
    return this.names[namespace].size <= 64 ? this.list(namespace) : this.walk(namespace);
  }
  private async walk(namespace: Namespace): Promise<readonly Registration[]> {
    const found: Registration[] = [];
    for (const lane of this.lanes) {
      if (lane.index > 0) await turn();
      for (const tenure of this.living(namespace)) {
        if (this.partition(tenure.id) === lane.index) found.push(tenure.registration);
      }
    }
    return found;
  }
}

export const correct: readonly Correct[] = [
  {
    id: 'lanes-base',
    how: 'Writes are plans in the mailbox of their partition, looked at when their turn comes and again when the store has them; a turn is a microtask.',
    adapter: adapterOf('lanes-base', (options) => new Lanes(options)),
  },
  {
    id: 'lanes-grouped',
    how: 'Group commit: what waits in a lane while the store is busy is stored by one commit and applied one after the other.',
    adapter: adapterOf('lanes-grouped', (options) => new Grouped(options)),
  },
  {
    id: 'lanes-prompt',
    how: 'A write to a free lane with a quick store has happened when the call returns, so a send that unbinds or unregisters does so in the middle of a broadcast.',
    adapter: adapterOf('lanes-prompt', (options) => new Prompt(options)),
  },
  {
    id: 'lanes-deferred',
    how: 'Everything answers through promises, reads and routing too.',
    adapter: adapterOf('lanes-deferred', (options) => new Deferred(options)),
  },
  {
    id: 'lanes-faithful',
    how: 'A bind whose server ended and was registered again before the commit is refused with server_not_found: it was meant for the incarnation that has ended.',
    adapter: adapterOf('lanes-faithful', (options) => new Faithful(options)),
  },
  {
    id: 'lanes-chunked',
    how: 'A broadcast to more than 64 is handed over in several turns of the event loop and answered after the last; what its server routes meanwhile queues behind it.',
    adapter: adapterOf('lanes-chunked', (options) => new Chunked(options)),
  },
  {
    id: 'lanes-list-by-partition',
    how: 'So as not to block the event loop, a list of more than 64 names yields between partitions; each of them is shown as of one moment, and all of them are not.',
    adapter: adapterOf('lanes-list-by-partition', (options) => new ListByPartition(options)),
  },
];
