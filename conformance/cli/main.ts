#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { createRequire } from 'node:module';
import { exitCodes, UsageError } from './exit.js';
import { benchCommand } from './bench-command.js';
import { checkHistoryCommand } from './check-history-command.js';
import { doctorCommand } from './doctor-command.js';
import { exploreCommand } from './explore-command.js';
import { initCommand } from './init-command.js';
import { serveCommand } from './serve-command.js';
import { verifyCommand } from './verify-command.js';

const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string };

const program = new Command('sharded-registry')
  .description('Judges name registries against the specification of sharded-registry, and explores its model.')
  .version(version)
  .showHelpAfterError('(see --help)')
  .exitOverride()
  .addCommand(verifyCommand())
  .addCommand(doctorCommand())
  .addCommand(initCommand())
  .addCommand(serveCommand())
  .addCommand(exploreCommand())
  .addCommand(checkHistoryCommand())
  .addCommand(benchCommand());

// commander's own errors (an unknown option, a missing argument) are usage errors; help and version are not.
for (const command of program.commands) command.exitOverride();

// Whoever stops reading (`| head`) still learns the verdict from the exit code.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  process.exitCode = exitCodes.conformant;
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.conformant : exitCodes.usage;
  } else if (error instanceof UsageError) {
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = exitCodes.usage;
  } else {
    throw error;
  }
}
