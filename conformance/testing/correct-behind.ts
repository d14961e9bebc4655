import type { Clock, Registration } from '../../spec/index.js';
import type { OpenOptions } from '../contract.js';
import { Front, type Ways } from './correct-front.js';
import type { Lanes } from './correct-lanes.js';
import { Snapshot, Snapshots } from './correct-names.js';
import { idOf } from './correct-parts.js';

/** What a reader sees of a registry whose reads lag behind: a snapshot that was the newest one some time ago. */
export interface View {
  changed(snapshot: Snapshot): void;
  readonly shown: Snapshot;
}

/** Shows what was the case so many milliseconds ago, worked out when somebody looks. */
export class LongAgo implements View {
  #past: { readonly at: number; readonly snapshot: Snapshot }[] = [];
  #oldest = Snapshot.empty;

  constructor(
    private readonly clock: Clock,
    private readonly lagMs: number,
  ) {}

  changed(snapshot: Snapshot): void {
    if (this.#past.at(-1)?.at === this.clock.now()) this.#past.pop();
    this.#past.push({ at: this.clock.now(), snapshot });
  }

  get shown(): Snapshot {
    while (this.#past.length > 0 && this.#past[0]!.at <= this.clock.now() - this.lagMs) this.#oldest = this.#past.shift()!.snapshot;
    return this.#oldest;
  }
}

/** A replica that hears some time after a change of that and of all that came meanwhile. */
export class Replica implements View {
  shown = Snapshot.empty;
  #newest: Snapshot | undefined;

  constructor(private readonly later: (news: () => void) => void) {}

  changed(snapshot: Snapshot): void {
    const hasBeenTold = this.#newest !== undefined;
    this.#newest = snapshot;
    if (hasBeenTold) return;
    this.later(() => {
      this.shown = this.#newest!;
      this.#newest = undefined;
    });
  }
}

/** Writes and routing know what is the case; lookups and lists see it later. */
export class Behind extends Front {
  constructor(
    private readonly view: View,
    lanes: Lanes,
    ways: Ways,
    options: OpenOptions,
  ) {
    super(new Snapshots((snapshot) => view.changed(snapshot)), lanes, ways, options);
  }

  override findServer(id: string): Registration | undefined {
    return this.view.shown.held('server', idOf(id));
  }

  override findTransport(id: string): Registration | undefined {
    return this.view.shown.held('transport', idOf(id));
  }

  override listServers(): readonly Registration[] {
    return this.view.shown.all('server');
  }

  override listTransports(): readonly Registration[] {
    return this.view.shown.all('transport');
  }

  override getServerForTransport(transportId: string): string | undefined {
    return this.view.shown.serverOf(idOf(transportId));
  }
}

/** Messages, too, go to those only of whom the reader has heard, if they are still there. */
export class FarBehind extends Behind {
  override routeToServer(serverId: string, transportId: string, message: unknown) {
    return this.findServer(serverId) ? super.routeToServer(serverId, transportId, message) : (idOf(transportId), 0);
  }
}
