import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { safe } from '../engine/show.js';
import { UsageError } from './exit.js';

/**
 * Writes a text, or with `undefined` only finds out whether one can be written. Writes beside the file and renames: a reader, or a
 * full disk, never sees half of it.
 */
export function writeText(to: string | URL, text: string | undefined): void {
  const file = typeof to === 'string' ? to : fileURLToPath(to);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text ?? '');
    if (text === undefined) rmSync(temporary);
    else renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new UsageError(`cannot write ${safe(file)}: ${safe((error as Error).message)}`);
  }
}

/** Writes a report as JSON, or with `undefined` only finds out whether one can be written. */
export const writeJson = (file: string, report: unknown): void => writeText(file, report === undefined ? undefined : jsonOf(report));

export const jsonOf = (report: unknown): string => `${JSON.stringify(report, undefined, 2)}\n`;
