import { expect, it } from 'vitest';
import { quotedWord, wordsOf } from './command-line.js';

it.each<[string, string[]]>([
  ['python3 my_registry.py', ['python3', 'my_registry.py']],
  [`node "a b.js" --x='c d' e\\ f`, ['node', 'a b.js', '--x=c d', 'e f']],
  [`sh -c 'echo $HOME; ls | wc'`, ['sh', '-c', 'echo $HOME; ls | wc']],
  ['run *.py', ['run', '*.py']],
])('takes %s apart', (line, words) => {
  expect(wordsOf(line)).toEqual(words);
  // What is printed for a replay is the same to whoever reads it in a shell.
  expect(wordsOf(quotedWord(line))).toEqual([line]);
});

it.each(['a; b', 'a | b', 'a && b', 'a > b', 'a $HOME', 'a "${HOME}"', 'a # b', 'a & b', '$(a)', '', '   '])('refuses %s: there is no shell', (line) => {
  expect(() => wordsOf(line)).toThrow();
});
