import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { safe } from '../engine/show.js';
import { UsageError } from './exit.js';
import { gateAndReport, gateFlags, interruption, type GateFlags } from './gate-command-line.js';

interface Options extends GateFlags {
  readonly adapter: string;
  readonly baseline: string;
}

/** The command `bench`: the regression gate for any registry. */
export function benchCommand(): Command {
  const command = new Command('bench')
    .summary('tell whether a registry has become slower')
    .description('Compares a registry with an older build of it, through their adapters: counters that have no noise first, then times, measured in turns beside controls that show whether this machine can tell anything just now.')
    .requiredOption('--adapter <module>', 'adapter of the registry as it is now')
    .requiredOption('--baseline <module>', 'adapter of what it is compared with');
  return gateFlags(command).action(async (options: Options) => {
    const [candidate, baseline] = [moduleOf(options.adapter), moduleOf(options.baseline)];
    const { signal, done } = interruption();
    try {
      process.exitCode = await gateAndReport(options, { baseline, candidate }, signal);
    } finally {
      done();
    }
  });
}

function moduleOf(file: string): string {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`there is no ${safe(file)}`);
  return path;
}
