import { expect, it } from 'vitest';
import { Memory, MemoryFull } from './memory.js';

it('gives as many bytes as there are, four for each word, and no more', () => {
  const memory = new Memory(100);
  const words = memory.take(20);
  expect([words.length, words.every((word) => word === 0)]).toEqual([20, true]);
  memory.count(20);
  expect(() => memory.count(1)).toThrow(MemoryFull);
  expect(() => memory.take(1)).toThrow(MemoryFull);
  memory.giveBack(words);
  memory.take(20);
  expect(() => memory.take(1)).toThrow(MemoryFull);
});

it('says so as well if the machine has no more', () => {
  const memory = new Memory(Infinity);
  expect(() => memory.take(2 ** 50)).toThrow(MemoryFull);
  expect(new MemoryFull().name).toBe('MemoryFull');
});
