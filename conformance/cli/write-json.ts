import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { safe } from '../engine/show.js';
import { UsageError } from './exit.js';

/**
 * Writes a report, or with `undefined` only finds out whether one can be written. Writes beside the file and renames: a reader,
 * or a full disk, never sees half a report.
 */
export function writeJson(file: string, report: unknown): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, report === undefined ? '' : `${JSON.stringify(report, undefined, 2)}\n`);
    if (report === undefined) rmSync(temporary);
    else renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new UsageError(`cannot write ${safe(file)}: ${safe((error as Error).message)}`);
  }
}
