import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { depthOf, LineError, LineReader, readJson } from './lines.js';

const read = (reader: LineReader, ...chunks: readonly (string | Uint8Array)[]): string[] => chunks.flatMap((chunk) => [...reader.read(Buffer.from(chunk as string))]);

describe('lines', () => {
  it('are the same wherever the stream is cut', () => {
    const text = fc.array(fc.string({ unit: 'binary', maxLength: 20 }).map((one) => one.replaceAll('\n', ' ')), { maxLength: 8 });
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 12 }), { maxLength: 40 }), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) chunks.push(bytes.subarray(at, (at += cut)));
        chunks.push(bytes.subarray(at));
        const wanted = lines.map((line) => Buffer.from(line).toString()).filter((line) => line.trim() !== '');
        expect(read(new LineReader(1_000), ...chunks)).toEqual(wanted);
      }),
      { seed: 1 },
    );
  });

  it('that are too long, or no UTF-8, are refused before they have ended, and nothing is kept of them', () => {
    expect(() => read(new LineReader(8), '12345678\n', '12345', '6789')).toThrow(new LineError('a line of more than 8 bytes'));
    expect(() => read(new LineReader(8), Uint8Array.of(0xff, 0x0a))).toThrow(new LineError('a line that is no UTF-8'));
  });

  it('say what was left unfinished', () => {
    const reader = new LineReader(100);
    expect(read(reader, 'a\nb', 'c')).toEqual(['a']);
    expect(reader.rest).toBe('bc');
  });
});

describe('JSON', () => {
  it('is refused where it is none, or nested too deep, whatever its strings hold', () => {
    expect(readJson('{"a":["[[[[[["]}', 2)).toEqual({ a: ['[[[[[['] });
    expect(readJson('{"a":["\\"[[[[[["]}', 2)).toEqual({ a: ['"[[[[[['] });
    expect(() => readJson('[[[]]]', 2)).toThrow(new LineError('JSON nested deeper than 2'));
    expect(() => readJson('['.repeat(3_000_000), 128)).toThrow(LineError);
    expect(() => readJson('{"a":1', 2)).toThrow(/^a line that is no JSON/);
  });

  it('is as deep as it is', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const deep = (one: unknown): number => (typeof one === 'object' && one !== null ? 1 + Math.max(0, ...Object.values(one).map(deep)) : 0);
      expect(depthOf(JSON.stringify(value))).toBe(deep(value));
    }), { seed: 1 });
  });
});
