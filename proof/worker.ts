import { findMutant } from './catalogue.js';
import { kill, type Row, type Settings } from './kill.js';

/** A process of its own for each judgement in turn: what a broken registry leaves behind ends with it. */
process.on('message', ({ mutant, settings }: { mutant: string; settings: Settings }) => {
  void kill(findMutant(mutant)!, settings).then((row: Row) => process.send!(row));
});
