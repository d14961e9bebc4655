import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { check } from './check.js';
import type { Verdict } from './search.js';
import { readEtcdLog, readKeyValueLog } from './testing/logs.js';
import { keyValue, register } from './testing/models.js';

// Histories that nobody here wrote: Porcupine's public test data, with the verdicts that belong to it.

const folder = new URL('../../../shared/histories/', import.meta.url);
const there = existsSync(folder);
if (!there) {
  if (process.env['REQUIRE_SHARED'] === '1') throw new Error(`${folder.pathname} is not there, and REQUIRE_SHARED=1`);
  console.warn(`Porcupine's histories are not tested: ${folder.pathname} is not there`);
}
const verdicts = there ? (JSON.parse(readFileSync(new URL('verdicts.json', folder), 'utf8')) as Record<string, Verdict>) : {};

describe.skipIf(!there)("Porcupine's test data", () => {
  it.each(Object.entries(verdicts))('%s is %s', (file, expected) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const { verdict } = file.startsWith('etcd') ? check(register, readEtcdLog(text)) : check(keyValue, readKeyValueLog(text));
    expect(verdict).toBe(expected);
  });

  it('is read whole', () => {
    const calls = Object.keys(verdicts).map((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8');
      const lines = text.split('\n').filter((line) => line.includes(':invoke')).length;
      const dropped = file.startsWith('etcd') ? text.split('\n').filter((line) => /:fail\s+:read/.test(line)).length : 0;
      return { file, read: (file.startsWith('etcd') ? readEtcdLog(text) : readKeyValueLog(text)).length, there: lines - dropped };
    });
    for (const { read, there } of calls) expect(read).toBe(there);
    expect(calls.length).toBeGreaterThan(60);
  });
});
