import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../../conformance/cli/exit.js';
import { gateAndReport, gateExitCodes, gateFlags, interruption, type GateFlags } from '../../conformance/cli/gate-command-line.js';
import { integer } from '../../conformance/cli/integer.js';
import { buildBoth, BuildError } from './builds.js';
import { functions } from './functions.js';
import { selfTest } from './self-test.js';

interface Options extends GateFlags {
  readonly baseline: string;
  readonly selfTest?: number;
  readonly busy: boolean;
}

/** `npm run bench:gate -- --baseline REVISION`: whether the working tree is slower than a revision of it. */
const command = gateFlags(
  new Command('bench:gate')
    .description('Compares the registry of the working tree with that of a git revision: counters that have no noise first, then times.')
    .option('--baseline <revision>', 'git revision to compare with', 'HEAD')
    .option('--self-test <repetitions>', 'find out how often planted slowdowns are called a regression, and write docs/regression-gate.md; goes on where it was interrupted', integer(1, 1_000))
    .addOption(new Option('--busy', 'of the self-test: keep all processors busy meanwhile').default(false)),
)
  .exitOverride()
  .showHelpAfterError('(see --help)')
  .action(async (options: Options) => {
    const { signal, done } = interruption();
    try {
      const builds = await buildBoth(options.baseline, signal);
      try {
        process.exitCode = options.selfTest === undefined ? await gateAndReport(options, { ...builds, functions }, signal) : await selfTest(builds, { repetitions: options.selfTest, first: command.getOptionValueSource('seed') === 'cli' ? options.seed : 1, isBusy: options.busy, signal });
      } finally {
        builds.remove();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      process.exitCode = gateExitCodes.interrupted;
    } finally {
      done();
    }
  });

try {
  process.exitCode = 0;
  await command.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof UsageError || error instanceof BuildError) {
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 2;
  } else {
    throw error;
  }
}
