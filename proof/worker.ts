import { throughProtocol } from '../conformance/testing/through-protocol.js';
import { findMutant } from './catalogue.js';
import { kill, type Row, type Settings } from './kill.js';

interface Job {
  readonly mutant: string;
  readonly settings: Settings;
  readonly throughProtocol?: boolean;
}

async function judged({ mutant: id, settings, throughProtocol: isRemote = false }: Job): Promise<Row> {
  const mutant = findMutant(id)!;
  if (!isRemote) return kill(mutant, settings);
  const adapter = await throughProtocol(mutant.adapter);
  return kill({ ...mutant, adapter }, settings);
}

/** A process of its own for each judgement in turn: what a broken registry leaves behind ends with it. */
process.on('message', (job: Job) => {
  void judged(job).then((row) => process.send!(row));
});
// Nobody is left to answer to.
process.on('disconnect', () => process.exit());
