import { Command, Option } from 'commander';
import { resolve } from 'node:path';
import picocolors from 'picocolors';
import { features, type Feature } from '../../spec/index.js';
import type { Examination } from '../doctor.js';
import { safe } from '../engine/show.js';
import type { Report } from '../report/result.js';
import { isColoured } from './colour.js';
import { commandOption, type CommandLine } from './command-line.js';
import { exitCodes, UsageError } from './exit.js';
import { integer } from './integer.js';
import { watchThread } from './watched-thread.js';

/** Whom to examine: a module, or a program by its file and arguments; without either the registry of this package. */
export interface Patient {
  readonly module: string | undefined;
  readonly command: readonly string[] | undefined;
  readonly patienceMs: number;
}

/** What the worker says. */
export type DoctorMessage =
  | { readonly kind: 'introduced'; readonly registry: Report['registry'] }
  | { readonly kind: 'examined'; readonly examination: Examination }
  | { readonly kind: 'unusable'; readonly reason: string }
  | { readonly kind: 'done' };

/** The command `doctor`: whether an adapter is sound, before anything is said of its registry. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('examine whether an adapter is sound, before its registry is judged')
    .description('Examines what a verdict takes for granted: that registries open and share nothing, that answers have their shape, that messages and "downs" get through, that the clock is the one given. Says where to look. Exit code 0: sound, 1: not, 2: there is nothing to examine, 130: interrupted.')
    .argument('[adapter-module]', 'JavaScript module that exports `adapter`')
    .addOption(commandOption())
    .addOption(new Option('--timeout <ms>', 'how long anything may take to answer').argParser(integer(1, 600_000)).default(2_000))
    .action(async (module: string | undefined, { command, timeout }: { readonly command?: CommandLine; readonly timeout: number }) => {
      if (module !== undefined && command !== undefined) throw new UsageError('name a module or a --command, not both');
      process.exitCode = await examineInThread({ module: module === undefined ? undefined : resolve(module), command: command?.words, patienceMs: timeout });
    });
}

/** Examines in a thread, so that an adapter that blocks, exits or floods the memory ends the thread and not the examination. Gives the exit code. */
function examineInThread(patient: Patient): Promise<number> {
  let registry: Report['registry'] | undefined;
  let unsound = 0;
  let after = 'it is loaded';
  const print = (examination: Examination): void => {
    after = examination.what;
    if (examination.status === 'unsound') unsound++;
    process.stdout.write(`${lines(examination).join('\n')}\n`);
  };
  const conclude = (): number => {
    process.stdout.write(`\n${conclusion(unsound, registry)}\n`);
    return unsound === 0 ? exitCodes.conformant : exitCodes.notConformant;
  };
  return new Promise((settle, fail) => {
    const brokenDown = (reason: string): void => {
      print({ what: `what comes after: ${after}`, status: 'unsound', reason });
      void end().then(() => settle(conclude()));
    };
    const end = watchThread<DoctorMessage>(new URL('./doctor-worker.js', import.meta.url), patient, {
      // As long as the event loop of the thread turns it comes to an end: every wait there is bounded.
      silenceMs: 10_000 + 2 * patient.patienceMs,
      blocked: brokenDown,
      ended: brokenDown,
      interrupted: () => void end().then(() => settle(exitCodes.interrupted)),
      hear(message) {
        if (message.kind === 'introduced') process.stdout.write(`${introduction((registry = message.registry))}\n`);
        else if (message.kind === 'examined') print(message.examination);
        else if (message.kind === 'unusable') void end().then(() => fail(new UsageError(safe(message.reason, 1_000))));
        else void end().then(() => settle(conclude()));
      },
    });
  });
}

const pc = picocolors.createColors(isColoured(process.stdout));

const introduction = ({ name, version, consistency }: Report['registry']): string => `${pc.bold(name)}${version === undefined ? '' : ` ${version}`}, ${consistency}`;

function lines({ what, status, reason, advice }: Examination): string[] {
  if (status === 'sound') return [`  ${pc.green('✓')} ${what}`];
  if (status === 'untested') return [`  ${pc.dim(`· ${what}`)}`, `      ${pc.dim(`untested: ${reason}`)}`];
  return [`  ${pc.red('✗')} ${what}`, `      ${reason}`, ...(advice === undefined ? [] : [`      ${pc.dim('look')}  ${advice}`])];
}

function conclusion(unsound: number, registry: Report['registry'] | undefined): string {
  if (unsound > 0) return `Not sound: mend the adapter first. What \`verify\` would say of its registry could be the adapter's fault.`;
  const missing = (Object.keys(features) as Feature[]).filter((feature) => !registry!.features.includes(feature));
  return `Sound: \`verify\` can judge its registry.${missing.length === 0 ? '' : ` What it does not offer will be untested: ${missing.join(', ')}.`}`;
}
