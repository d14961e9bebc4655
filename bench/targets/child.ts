import { measurements } from '../targets.js';

/** `child.js INDEX ROUNDS MS`: makes one measurement, and prints its targets as JSON. */
const [index, rounds, ms] = process.argv.slice(2).map(Number) as [number, number, number];
console.log(JSON.stringify(await measurements({ rounds, ms })[index]!()));
