import type { ProtocolDesign, ProtocolSize } from './protocol.js';
import type { SequentialDesign, SequentialSize } from './sequential.js';

/** What a design that is not ours is called, and what it is there for. */
export interface AboutVariant {
  /** What it is called on the command line. */
  readonly id: string;
  readonly text: string;
  /** The property whose shortest counterexample it is there to show; absent where the design is right. */
  readonly breaks?: string;
}

/** A design that differs from ours. */
export type Variant = AboutVariant &
  (
    | { readonly depth: 'sequential'; readonly design: SequentialDesign; readonly size?: Partial<SequentialSize> }
    | { readonly depth: 'protocol'; readonly design: ProtocolDesign; readonly size?: Partial<ProtocolSize> }
  );

/**
 * The seed's own design, and mistakes that an engineer may well make: each is our model with one thing changed, and each breaks a
 * property in as few steps as it takes.
 */
export const variants: readonly Variant[] = [
  {
    id: 'single-queue',
    text: 'the registry before it was sharded: one queue for everything, and an endpoint may call back while the queue delivers to it',
    breaks: 'no-circular-wait',
    depth: 'protocol',
    design: { lanes: 'one', reads: 'in the lane', delivery: 'holding the lane' },
  },
  {
    id: 'two-lanes',
    text: 'bind locks the partition of the transport and then that of the server',
    breaks: 'no-circular-wait',
    depth: 'protocol',
    design: { bind: 'two lanes' },
  },
  {
    id: 'samples-stay',
    text: 'the seed: samples leave the window only when others displace them, and a closed registry gets no others',
    breaks: 'reopens',
    depth: 'sequential',
    design: { samples: 'stay' },
    size: { servers: 2, transports: 0, endpoints: 1 },
  },
  {
    id: 'ignores-incarnations',
    text: 'news that an endpoint is down arrives late and removes whoever has its name by then',
    breaks: 'incarnations',
    depth: 'protocol',
    design: { down: 'late, by name' },
  },
  {
    id: 'cascade-first',
    text: 'unregistering a server ends its bindings when it begins, and the name when it is committed',
    breaks: 'bindings-end',
    depth: 'protocol',
    design: { cascade: 'before the name' },
  },
  {
    id: 'polled-alarm',
    text: 'the seed: alarms are brought up to date once a second, and are to show within 100 ms',
    breaks: 'alarm-in-time',
    depth: 'sequential',
    design: { alarm: 'is polled' },
    size: { partitions: 1, servers: 1, transports: 0, endpoints: 1 },
  },
  {
    id: 'two-lanes-in-order',
    text: 'bind locks two partitions in a fixed order: no deadlock, but a slow partition holds up another',
    breaks: 'one-lane',
    depth: 'protocol',
    design: { bind: 'two lanes in order' },
  },
  {
    id: 'no-recheck',
    text: 'bind does not look again, when it has been committed, whether the server is still there',
    breaks: 'bindings-end',
    depth: 'protocol',
    design: { recheck: 'never' },
  },
  {
    id: 'check-then-act',
    text: 'a registration looks whether the name is free before it has its turn, and not again',
    breaks: 'one-holder',
    depth: 'protocol',
    design: { check: 'before the lane' },
  },
  {
    id: 'no-turns',
    text: 'whoever comes when the lane is free has it: a lock without a queue',
    breaks: 'every-operation-ends',
    depth: 'protocol',
    design: { turn: 'anybody' },
  },
  {
    id: 'refusal-keeps-lane',
    text: 'the way out by which a refused write leaves forgets to give the lane back',
    breaks: 'nobody-stuck',
    depth: 'protocol',
    design: { refusal: 'keeps the lane' },
  },
  {
    id: 'reads-in-lane',
    text: 'reads stand in line with the writes of their partition',
    breaks: 'reads-never-wait',
    depth: 'protocol',
    design: { reads: 'in the lane' },
  },
  {
    id: 'overtaken-kept',
    text: 'a registration does not look again, when it has been committed, whether its endpoint is still up',
    breaks: 'nothing-outlives',
    depth: 'protocol',
    design: { overtaken: 'kept' },
  },
  {
    id: 'cascade-after',
    text: 'unregistering a server ends its bindings in a step of their own, after the name',
    breaks: 'bindings-end',
    depth: 'protocol',
    design: { cascade: 'after the name' },
  },
  {
    id: 'forgets-by-key',
    text: 'a name that went down is deleted from the store when its turn comes, whoever it belongs to by then',
    breaks: 'store-agrees',
    depth: 'protocol',
    design: { forget: 'in its turn, by key' },
  },
  {
    id: 'closes-at-half',
    text: 'admission closes when half of the partitions are alarmed, not when more than half are',
    breaks: 'closes-above-half',
    depth: 'sequential',
    design: { closes: 'at half' },
  },
  {
    id: 'admission-at-commits',
    text: 'whether admission is open is worked out when a write commits: where all are stuck, none does',
    breaks: 'closes-with-majority',
    depth: 'sequential',
    design: { admission: 'is worked out at commits' },
  },
  {
    id: 'alarm-stays-on',
    text: 'an alarm that has gone on stays on',
    breaks: 'alarm-in-time',
    depth: 'sequential',
    design: { alarm: 'stays on' },
  },
  {
    id: 'stuck-unnoticed',
    text: 'the alarm looks at the mean alone: a write that never ends has no latency',
    breaks: 'alarm-in-time',
    depth: 'sequential',
    design: { stuck: 'goes unnoticed' },
  },
  {
    id: 'servers-only',
    text: 'an endpoint that goes down takes along its servers, and its transports are forgotten',
    breaks: 'nothing-outlives',
    depth: 'sequential',
    design: { down: 'servers only' },
  },
  {
    id: 'refusal-unbinds',
    text: 'registering a transport drops its binding before it is found to be registered',
    breaks: 'refused-changes-nothing',
    depth: 'sequential',
    design: { refusal: 'drops the binding' },
  },
  {
    id: 'leaves-bindings',
    text: 'unregistering a server leaves its transports bound to it',
    breaks: 'bindings-end',
    depth: 'sequential',
    design: { removal: 'without bindings' },
  },
];

/**
 * Another design that is right, for endpoints elsewhere: news that one is down arrives late, at any later moment, and finds only the
 * incarnation that it is of.
 */
export const lateNews: Variant = {
  id: 'late-news',
  text: 'ours, for endpoints elsewhere: the news that one is down arrives late',
  depth: 'protocol',
  design: { down: 'late, by incarnation' },
  size: { clients: 2 },
};
