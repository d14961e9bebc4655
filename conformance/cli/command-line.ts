import { InvalidArgumentError, Option } from 'commander';
import { parse } from 'shell-quote';

/**
 * The words of a command line, taken apart as a shell would take them apart, and nothing else: there is no shell, so nothing in it is
 * run, expanded or looked up. What only a shell can do is refused, not misunderstood.
 */
export function wordsOf(commandLine: string): string[] {
  const forShell = (what: string): InvalidArgumentError => new InvalidArgumentError(`${what} is for a shell to understand, and there is none: quote it, or say sh -c '…'.`);
  const words = parse(commandLine, (name) => {
    throw forShell(`$${name}`);
  });
  const plain = words.map((word) => {
    if (typeof word === 'string') return word;
    if ('comment' in word) throw forShell('#');
    // A pattern that no shell has looked at is what it is.
    if (word.op === 'glob') return word.pattern;
    throw forShell(word.op);
  });
  if (plain.length === 0 || plain[0] === '') throw new InvalidArgumentError('name a program.');
  return plain;
}

/** A command line as it was given, and its words. */
export interface CommandLine {
  readonly text: string;
  readonly words: readonly string[];
}

/** The option that names a program in place of an adapter module. */
export const commandOption = (): Option =>
  new Option('--command <line>', 'start this program, and take the registry that it speaks for by the adapter protocol, in place of a module').argParser((text): CommandLine => ({ text, words: wordsOf(text) }));

/** A command line in one word of a POSIX shell: as the argument of an option. */
export const quotedWord = (commandLine: string): string => `'${commandLine.replaceAll("'", String.raw`'\''`)}'`;
