import type { WriteStream } from 'node:tty';

/** Whether to write in colours: to a terminal only, and not where `NO_COLOR` (no-color.org) is set. That a machine of CI could show them is no reason: what it keeps is read as text. */
export const isColoured = (stream: Pick<WriteStream, 'isTTY'>): boolean => stream.isTTY === true && !process.env['NO_COLOR'];
