import { accuse, type Accusation } from './accuse.js';

/** A process of its own: what one registry leaves running delays no other for ever. */
process.on('message', (trial: Accusation) => {
  void accuse(trial).then((result) => process.send!(result));
});
// Nobody is left to answer to.
process.on('disconnect', () => process.exit());
