import type { AdmissionMode, Config, Delivery, ErrorCode } from '../spec/index.js';

/** An endpoint, by the name under which whoever drives the model knows it. */
export type EndpointName = string;

interface Write {
  /** Milliseconds from the call to the commit; 0 unless said. The clock moves on by as much. */
  readonly takes?: number;
}

/** One step of a registry's life, as data: an operation of the interface, or something its surroundings do. */
export type Operation =
  | ({ readonly op: 'registerServer' | 'registerTransport'; readonly id: string; readonly endpoint: EndpointName; readonly config?: Config } & Write)
  | ({ readonly op: 'unregisterServer' | 'unregisterTransport'; readonly id: string } & Write)
  | ({ readonly op: 'updateServer'; readonly id: string; readonly config: Config } & Write)
  | { readonly op: 'findServer' | 'findTransport'; readonly id: string }
  | { readonly op: 'listServers' | 'listTransports' }
  | ({ readonly op: 'bindTransportToServer'; readonly transportId: string; readonly serverId: string } & Write)
  | ({ readonly op: 'unbindTransport'; readonly transportId: string } & Write)
  | { readonly op: 'getServerForTransport'; readonly transportId: string }
  | { readonly op: 'routeToServer'; readonly serverId: string; readonly transportId: string; readonly message: string }
  | { readonly op: 'routeToTransport'; readonly transportId: string; readonly serverId: string; readonly message: string }
  | { readonly op: 'broadcast'; readonly serverId: string; readonly message: string }
  | { readonly op: 'getPartitionStats' | 'getContentionStatus' | 'resetStats' | 'close' }
  | { readonly op: 'setAdmission'; readonly mode: AdmissionMode }
  /** The endpoint's signal aborts. */
  | { readonly op: 'down'; readonly endpoint: EndpointName }
  /** Time passes. */
  | { readonly op: 'advance'; readonly ms: number }
  /**
   * `stall`: the call of a write in this partition that is counted and changes nothing else, and does not commit before `unstall`
   * (CTN-3). In between, a sequence has no other write there: it would have to wait (DLK-2), which only overlapping calls can.
   * `takes` of `unstall`: milliseconds that pass before it commits; of `stall`: how long until then, for whoever performs it.
   */
  | ({ readonly op: 'stall' | 'unstall'; readonly partition: number } & Write);

/** A registration as the model tells it. */
export interface Found {
  readonly id: string;
  readonly endpoint: EndpointName;
  readonly config: Config;
}

/** What the specification allows an operation to answer: one value, or a refusal with any one of some codes. */
export type Outcome =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly codes: readonly ErrorCode[] };

/** A delivery that the specification demands, and the endpoint it must reach. */
export type ExpectedDelivery = Delivery & { readonly endpoint: EndpointName };

/** What one step yields. */
export interface Step<State> {
  readonly state: State;
  readonly outcome: Outcome;
  readonly deliveries: readonly ExpectedDelivery[];
}
