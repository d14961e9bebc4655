/** A chapter of the specification: the requirements whose ids begin with its prefix, and what is to be said about them. */
export interface Chapter {
  readonly prefix: string;
  readonly title: string;
  /** Markdown: definitions, and why the requirements are as they are. */
  readonly prose: string;
}

export const chapters: readonly Chapter[] = [
  {
    prefix: 'NAM',
    title: 'Names',
    prose: 'A *name* is an id in one of two namespaces, `server` and `transport`. Ids come off the wire: they are data, whatever they spell.',
  },
  {
    prefix: 'EPT',
    title: 'Endpoints',
    prose: 'An *endpoint* is what Erlang calls a pid: `{ send(delivery), signal }`. Its `send` is called as a method of it: it may be an instance of any class. Its signal is its lifetime: once that has aborted, the endpoint is *down*, for good.',
  },
  {
    prefix: 'ERR',
    title: 'Errors',
    prose: 'The codes are listed below. All but `outcome_unknown` say that nothing has changed. Where two errors apply, either conforms.',
  },
  {
    prefix: 'REG',
    title: 'Registration',
    prose: 'Each successful registration is a new *incarnation* of the name. Whatever refers to an incarnation refers to nothing once it has ended, even if the name is registered again.',
  },
  { prefix: 'CFG', title: 'Configurations', prose: 'A configuration is JSON data that is kept with a registration. Without one it is the empty object. It has been copied when the call is answered; whether a change made before that counts is left open.' },
  { prefix: 'UPD', title: 'Updates', prose: 'An update changes a registration without making a new incarnation.' },
  { prefix: 'UNR', title: 'Unregistration', prose: 'Whoever knows a name may unregister it. Doing so twice is no error. Whether the second counts as a write is left open.' },
  { prefix: 'LKP', title: 'Lookups', prose: 'A lookup reads one name.' },
  { prefix: 'LST', title: 'Lists', prose: 'A list reads all names of a namespace. Its order is left open.' },
  {
    prefix: 'INC',
    title: 'Incarnations',
    prose: 'A name that is given up and registered again is the same name and another incarnation. News about the old one, a "down" that arrives late or a binding that was made before, must find nothing to act on.',
  },
  {
    prefix: 'BND',
    title: 'Bindings',
    prose: 'A *binding* ties an incarnation of a transport to an incarnation of a server. A transport has at most one; a server has any number. It ends when either incarnation does. Left open: whether it counts as a write to unbind what is not bound, or to bind to the server that it is bound to already; and what follows from a `config.serverId` that is no valid id (refused with `invalid_argument`, or registered unbound).',
  },
  { prefix: 'DWN', title: 'Endpoints going down', prose: 'When an endpoint goes down, its registrations end as if they had been unregistered: where it holds several, each by itself, in any order and not necessarily at one moment (DLK-3), but in process before the abort returns (DWN-3). Whether that counts as writes is left open.' },
  {
    prefix: 'RTE',
    title: 'Routing',
    prose:
      'A *delivery* is a message on its way to an endpoint: `{ namespace, to, from, message }`. Routing hands it over and does not wait for what becomes of it. Left open: whether a `send` that throws counts as handed over, whether the sender must be registered (nothing here depends on it), whether a broadcast still reaches whom it was sent to when the binding or the name ends before it is handed over, and in which order a call from within a `send` is delivered relative to the call it interrupts.',
  },
  {
    prefix: 'PRT',
    title: 'Partitions',
    prose:
      'A *partition* is a part of the registry with a lane for its writes, a store and a window of latencies of its own. The seed claims a deviation of less than 5 % at 1,000 ids, which is not something that a uniform hash does: with *n* ids in *P* partitions the standard deviation of a count is about √(*n*/*P*), that is 12 % of the mean for 1,000 in 16. What a uniform hash does is pass a chi-squared test.',
  },
  { prefix: 'STA', title: 'Statistics', prose: 'Latencies are milliseconds from the call of a write to its commit. The *window* of a partition holds the last samples that are not too old (CTN-4). What statistics are handed out are those of whoever asked: to change them changes nothing.' },
  {
    prefix: 'CTN',
    title: 'Contention',
    prose:
      'The *alarm* of a partition says that its writes are slow or stuck. The mean alone cannot say the latter: a write that never ends has no latency. An implementation need not run a timer for it: an alarm that is worked out when somebody looks is visible at once. *Idle* is a registry in which no write is in flight and no window holds a sample (CTN-4).',
  },
  {
    prefix: 'ADM',
    title: 'Admission control',
    prose:
      '*Liveness: whenever contention stops, admission reopens, with no operation needed.* Suppose that from some moment on no write is slow or stuck. Every slow sample was committed before that moment, so it leaves its window within `windowMs` of it (CTN-4). From then on no window has a mean above the limit, so every alarm is off (CTN-2, CTN-5), none is more than half (ADM-2), and registrations are admitted. Nothing in this argument needs a new sample, and that is why samples age: in the seed they did not, a closed registry rejected the very registrations that would have brought fresh samples, and so it stayed closed for ever. Left open is whether admission is asked when a registration is called, or at its commit as well.',
  },
  {
    prefix: 'DLK',
    title: 'Progress and freedom from deadlock',
    prose: [
      '*A deadlock is a cycle of waiting. Here there is none.* Writes wait, and only for the *lane* of one partition, which serves them one after the other.',
      '',
      '1. Reads and routing never wait (DLK-1), so they are in no cycle.',
      '2. A write waits in one lane, and holds nothing while it waits (DLK-3). Only what holds a lane can be waited for; what holds a lane waits for its store alone, and not for another lane.',
      '3. An operation on two partitions is made of steps on one. *Bind* reads the server without entering its lane, commits in the lane of the transport, and takes effect only if that incarnation of the server is still registered. *Removing a server* is one step in its own lane: its bindings name its incarnation, so all of them end at the moment at which it does, whatever the lanes of the transports are doing.',
      '4. No lane is held during a `send`, so a call from within one is like any other (RTE-7).',
      '',
      'So every edge of the wait-for graph leads from something that holds nothing to something that waits for no lane, and the graph has no cycle. (`sharded-registry explore` looks for one in all interleavings of a few clients, and finds one in designs that break the argument.) Stores that never answer are the one thing left to wait for: a wait is bounded by a time-out, after which the outcome is `write_timeout` (withdrawn, nothing happened) or `outcome_unknown` (CON-3).',
    ].join('\n'),
  },
  {
    prefix: 'CON',
    title: 'Consistency',
    prose:
      'A registry claims one level. *Linearizable*: each operation takes effect at one moment, its *linearization point*, between its call and its answer (Herlihy and Wing, 1990); a list or a broadcast that overlaps writes need not show one moment, and is held to LST-3 and RTE-9. *Eventual*, with a staleness bound: reads may lag behind acknowledged writes by so much. At either level an operation that was refused did not happen, and one whose outcome is unknown (`outcome_unknown`, a time-out seen by a client, a crash) happened wholly, at some moment after its call, or not at all.',
  },
  { prefix: 'CLS', title: 'Closing', prose: 'A closed registry lets go of everything and stays closed. What it answers to writes that are no registration, and to whatever concerns statistics or admission, is left open: success with nothing done, or refused with `registry_closed`.' },
  {
    prefix: 'MODEL',
    title: 'The whole model',
    prose:
      'The requirements above are statements about a registry; the model is all of them at once. At a small size it has finitely many states and transitions, so all of them can be tried, each from the state in which it belongs: no mistake of that size can hide behind a state that nobody thought of.',
  },
  {
    prefix: 'SLA',
    title: 'Service levels',
    prose: 'Figures with the conditions under which they hold, and the way each is measured. Load is open: arrivals do not wait for completions, and a latency counts from the scheduled arrival. A verdict is pass, fail, undecided (too near the limit) or invalid (the run says something about the machine, and nothing about the registry); [how that is told](../docs/sla.md). A registry may state numbers of its own, and is held to these.',
  },
];
