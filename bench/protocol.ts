import { fileURLToPath } from 'node:url';
import type { Adapter, Subject } from '../conformance/contract.js';
import { VirtualClock } from '../conformance/engine/virtual-clock.js';
import { commandAdapter } from '../conformance/protocol/command-adapter.js';
import { nullAdapter } from '../conformance/sla/null-adapter.js';
import { throughProtocol } from '../conformance/testing/through-protocol.js';

/** What an operation of a registry that does nothing takes: all of it is of the way there and back. */
export interface ProtocolFigure {
  readonly where: string;
  /** How many operations are under way at once. */
  readonly open: number;
  /** Microseconds for each operation. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Looked up one at a time, and sixty-four at a time: in process, through the protocol without another process, and with one. Variants in turn. */
export async function benchProtocol({ rounds, ms }: { readonly rounds: number; readonly ms: number }): Promise<ProtocolFigure[]> {
  const bytes = await throughProtocol(nullAdapter);
  const program = await commandAdapter([process.execPath, fileURLToPath(new URL('../conformance/protocol/null-program.js', import.meta.url))]);
  const places: readonly (readonly [string, Adapter])[] = [['in process, awaited', nullAdapter], ['through the protocol, one process', bytes], ['through the protocol, a program', program]];
  const cases = await Promise.all(places.flatMap(([where, adapter]) => [1, 64].map(async (open) => ({ where, open, subject: await adapter.open({ clock: new VirtualClock() }), times: [] as number[] }))));
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const { subject, open, times } of cases) {
      const time = await timed(subject, open, ms, round);
      if (round > 0) times.push(time);
    }
  }
  await Promise.all([bytes.end(), program.end()]);
  return cases.map(({ where, open, times }) => {
    const sorted = times.sort((a, b) => a - b);
    return { where, open, median: sorted[sorted.length >> 1]!, low: sorted[0]!, high: sorted.at(-1)! };
  });
}

/** Microseconds for each lookup, for so many milliseconds. Fresh strings, as ids are that come over a wire. */
async function timed(subject: Subject, open: number, ms: number, round: number): Promise<number> {
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < ms) {
    await Promise.all(Array.from({ length: open }, (_, i) => subject.findServer(`server-${round}-${count + i}`)));
    count += open;
  }
  return ((performance.now() - began) * 1_000) / count;
}
