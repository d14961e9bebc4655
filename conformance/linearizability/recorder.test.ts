import { appendFileSync, closeSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type * as system from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { HistoryFile, HistoryFileError, readHistory } from './file.js';
import { Recorder } from './recorder.js';

// A system may take less than it is given.
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof system>();
  return { ...fs, closeSync: vi.fn(fs.closeSync), writeSync: (descriptor: number, bytes: Buffer, at: number) => fs.writeSync(descriptor, bytes, at, Math.min(10, bytes.length - at)) };
});

const folder = mkdtempSync(join(tmpdir(), 'history-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a recorder', () => {
  it('keeps calls with their answers, in the order in which they came about', () => {
    const recorder = new Recorder<string, number>();
    const a = recorder.call('a', 'x');
    const b = recorder.call('b', 'y');
    recorder.answer(b, 2);
    recorder.answer(a, 1);
    expect(recorder.history()).toEqual([
      { id: 0, actor: 'a', invocation: 'x', response: 1, start: 0, end: 3 },
      { id: 1, actor: 'b', invocation: 'y', response: 2, start: 1, end: 2 },
    ]);
  });

  it('knows no end of what was lost, or not answered', () => {
    const recorder = new Recorder<string, number>();
    recorder.lose(recorder.call('a', 'x'));
    recorder.call('a', 'y');
    expect(recorder.history().map(({ response, end }) => [response, end])).toEqual([[undefined, Infinity], [undefined, Infinity]]);
  });

  it('takes no answer to what was lost, which would end the next call of that actor', () => {
    const recorder = new Recorder<string, number>();
    const lost = recorder.call('a', 'x');
    recorder.lose(lost);
    const next = recorder.call('a', 'y');
    expect(() => recorder.answer(lost, 1)).toThrow(RangeError);
    expect(() => recorder.lose(lost)).toThrow(RangeError);
    expect(() => recorder.call('a', 'z')).toThrow(RangeError);
    recorder.answer(next, 2);
    expect(recorder.history().map(({ response }) => response)).toEqual([undefined, 2]);
  });

  it('refuses a second call of an actor, an answer to nothing, and more than its limit', () => {
    const recorder = new Recorder<string, number>({ limit: 2 });
    const a = recorder.call('a', 'x');
    expect(() => recorder.call('a', 'y')).toThrow(new RangeError('a has called already, and was not answered'));
    recorder.answer(a, 1);
    expect(() => recorder.answer(a, 1)).toThrow(new RangeError('no call with the number 0 is open'));
    expect(() => recorder.answer(7, 1)).toThrow(new RangeError('no call with the number 7 is open'));
    expect(recorder.isFull).toBe(false);
    recorder.call('a', 'y');
    expect(recorder.isFull).toBe(true);
    expect(() => recorder.call('b', 'z')).toThrow(new RangeError('the history holds 2 operations, and takes no more'));
    expect(recorder.size).toBe(2);
    expect(recorder.history()).not.toBe(recorder.history());
  });
});

describe('a history in a file', () => {
  it('is read as it was recorded', async () => {
    const path = join(folder, 'whole');
    const sink = new HistoryFile<object, unknown>(path);
    const recorder = new Recorder<object, unknown>({ sink, now: () => performance.now() });
    const a = recorder.call('a', { op: 'write', value: 1 });
    recorder.call('lost', { op: 'write', value: 2 });
    recorder.answer(a, { done: true });
    recorder.answer(recorder.call('a', { op: 'nothing' }), undefined);
    recorder.answer(recorder.call('a', { op: 'null' }), null);
    sink.close();
    expect(await readHistory(path)).toEqual(recorder.history());
  });

  it('can be read wherever its last line breaks off', async () => {
    const path = join(folder, 'broken');
    const sink = new HistoryFile<string, number>(path);
    const recorder = new Recorder<string, number>({ sink });
    for (let i = 0; i < 3; i++) recorder.answer(recorder.call('é', `${i}`), i);
    sink.close();
    const whole = readFileSync(path);
    for (let length = whole.length; length >= 0; length--) {
      truncateSync(path, length);
      const entries = await readHistory(path);
      expect(entries.length).toBeLessThanOrEqual(3);
      // The calls of all three are before the last line.
      if (length >= whole.lastIndexOf('\n', whole.length - 2)) expect(entries).toHaveLength(3);
    }
  });

  it('survives its process', async () => {
    const path = join(folder, 'killed');
    const program = `
      import { HistoryFile, Recorder } from './dist/conformance/linearizability/index.js';
      const recorder = new Recorder({ sink: new HistoryFile(${JSON.stringify(path)}) });
      recorder.answer(recorder.call('a', 'x'), 1);
      recorder.call('b', 'y');
      process.kill(process.pid, 'SIGKILL');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: new URL('../..', import.meta.url) });
    await new Promise((resolve) => child.on('exit', resolve));
    expect((await readHistory(path)).map(({ actor, response }) => [actor, response])).toEqual([['a', 1], ['b', undefined]]);
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['something else', '{"id": "x"}'],
    ['without an invocation', '{"id":1,"actor":"a","response":1,"start":5,"end":6}'],
    ['an end before its start', '{"id":1,"actor":"a","invocation":1,"response":1,"start":5,"end":4}'],
  ])('is refused where a line is %s, with its number', async (_, line) => {
    const path = join(folder, 'wrong');
    writeFileSync(path, '{"id":0,"actor":"a","invocation":1,"response":1,"start":1,"end":4}\n');
    appendFileSync(path, `${line}\n`);
    const refusal: unknown = await readHistory(path).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(HistoryFileError);
    expect(refusal).toMatchObject({ name: 'HistoryFileError', message: expect.stringMatching(/:2: expected \{"id", "actor", "invocation", "response", "start", "end"\}, "end" not before "start", or null$/) as unknown });
  });

  it.each([
    ['another actor', { actor: 'b' }],
    ['another start', { start: 2 }],
  ])('is refused where an entry is ended with %s', async (_, other) => {
    const path = join(folder, 'other');
    const call = { id: 0, actor: 'a', invocation: 1, start: 1, end: null };
    writeFileSync(path, `${JSON.stringify(call)}\n${JSON.stringify({ ...call, response: 1, end: 4, ...other })}\n`);
    await expect(readHistory(path)).rejects.toThrow(`${path}:2: entry 0 has ended already, or is another`);
    const ended = JSON.stringify({ ...call, response: 1, end: 1 });
    writeFileSync(path, `${JSON.stringify(call)}\n${ended}\n`);
    expect(await readHistory(path)).toEqual([{ id: 0, actor: 'a', invocation: 1, response: 1, start: 1, end: 1 }]);
    appendFileSync(path, `${ended}\n`);
    await expect(readHistory(path)).rejects.toThrow(`${path}:3: entry 0 has ended already, or is another`);
  });

  it('says nothing of what came of an operation that has not ended', async () => {
    const path = join(folder, 'open');
    writeFileSync(path, `${JSON.stringify({ id: 0, actor: 'a', invocation: 1, response: 1, start: 1, end: null })}\n`);
    expect(await readHistory(path)).toEqual([{ id: 0, actor: 'a', invocation: 1, response: undefined, start: 1, end: Infinity }]);
  });

  it('is given up where it goes on for ever without a line', async () => {
    await expect(readHistory('/dev/zero')).rejects.toThrow('/dev/zero:1: longer than 1048576 characters');
  });

  it('is read with lines and names as long as they may be', async () => {
    const path = join(folder, 'longest');
    const line = (actor: string, length: number): string => {
      const short = JSON.stringify({ id: 0, actor, invocation: '', start: 1, end: null });
      return short.replace('"invocation":""', `"invocation":"${'x'.repeat(length - short.length)}"`);
    };
    writeFileSync(path, `${line('a'.repeat(1_000), 1 << 20)}\n`);
    expect(await readHistory(path)).toHaveLength(1);
    writeFileSync(path, `${line('a', (1 << 20) + 1)}\n`);
    await expect(readHistory(path)).rejects.toThrow(`${path}:1: longer than 1048576 characters`);
    writeFileSync(path, `${line('a'.repeat(1_001), 5_000)}\n`);
    await expect(readHistory(path)).rejects.toThrow(`${path}:1: expected`);
  });

  it('is refused where a line does not end', async () => {
    const path = join(folder, 'long');
    writeFileSync(path, 'x'.repeat(3 << 20));
    await expect(readHistory(path)).rejects.toThrow(`${path}:1: longer than`);
    writeFileSync(path, `${JSON.stringify({ id: 0, actor: 'a', invocation: 'x'.repeat(1 << 20), start: 1, end: 1 })}\n`);
    await expect(readHistory(path)).rejects.toThrow(`${path}:1: longer than`);
  });

  it('is refused where it holds more entries than may be read', async () => {
    const path = join(folder, 'many');
    const sink = new HistoryFile<string, number>(path);
    const recorder = new Recorder<string, number>({ sink });
    for (let i = 0; i < 3; i++) recorder.answer(recorder.call('a', 'x'), i);
    sink.close();
    expect(await readHistory(path, 3)).toHaveLength(3);
    await expect(readHistory(path, 2)).rejects.toThrow(`${path}:5: more than 2 entries`);
  });

  it('goes on being recorded when an answer is no JSON', () => {
    const before = vi.mocked(closeSync).mock.calls.length;
    const sink = new HistoryFile<string, bigint>(join(folder, 'bigint'));
    const recorder = new Recorder<string, bigint>({ sink });
    recorder.answer(recorder.call('a', 'x'), 1n);
    expect(recorder.history()[0]!.response).toBe(1n);
    expect(sink.error).toBeInstanceOf(TypeError);
    // It has closed its file, and once.
    const closed = vi.mocked(closeSync).mock.calls.length;
    sink.close();
    recorder.call('a', 'y');
    expect(closed - before).toBe(1);
    expect(vi.mocked(closeSync).mock.calls.length).toBe(closed);
    expect(readFileSync(join(folder, 'bigint'), 'utf8').trimEnd().split('\n')).toHaveLength(1);
  });

  it('goes on being recorded when the disk is full', () => {
    const sink = new HistoryFile<string, number>('/dev/full');
    const recorder = new Recorder<string, number>({ sink });
    recorder.answer(recorder.call('a', 'x'), 1);
    expect(recorder.size).toBe(1);
    expect((sink.error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  });
});
