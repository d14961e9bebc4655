import { Command } from 'commander';
import { resolve } from 'node:path';
import { loadAdapter } from '../load-adapter.js';
import { serve } from '../protocol/serve.js';

/** The command `serve`: an adapter module, as a program that speaks the protocol. */
export function serveCommand(): Command {
  return new Command('serve')
    .summary('speak the adapter protocol for an adapter module')
    .description('Speaks the adapter protocol on stdin and stdout, for the registries of a module: what `verify --command` starts. Without a module, for the registry of this package.')
    .argument('[adapter-module]', 'JavaScript module that exports `adapter`')
    .action(async (module: string | undefined) => {
      await serve(await loadAdapter(module === undefined ? undefined : resolve(module)));
      // Registries may have timers that nobody waits for.
      process.exit(0);
    });
}
