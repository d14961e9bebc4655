import { z } from 'zod';

const spread = z.object({ median: z.number(), low: z.number(), high: z.number() });

/** A figure that our registry is to reach, and what was measured. Also what a file of results from another Node holds. */
export const targetSchema = z.object({
  what: z.string(),
  /** Of all its numbers: `×` is a ratio to what `what` names. */
  unit: z.enum(['×', 'ns', 'million/s', 'MiB', 'exponent', 'made']),
  /** It is reached when the median is no more than this… */
  most: z.number().optional(),
  /** …or no less than this. */
  least: z.number().optional(),
  measured: spread,
  /** In the same unit and run, how far a program comes that does only `what`: a yardstick of how much is left to gain. */
  floor: z.object({ what: z.string(), measured: spread }).optional(),
});
export type Target = z.infer<typeof targetSchema>;

/** A target by itself. */
export type Aim = Omit<Target, 'measured' | 'floor'>;

export const reached = ({ most = Infinity, least = -Infinity, measured }: Target): boolean => measured.median <= most && measured.median >= least;

/** With a digit more than targets have: who is told 1.15 is to see whether it was 1.151. */
function inUnit(value: number, unit: Target['unit']): string {
  if (unit === 'made') return String(value);
  const digits = value.toFixed(value < 10 ? 3 : 1);
  return unit === '×' ? `${digits}×` : unit === 'exponent' ? digits : `${digits} ${unit}`;
}

/** The cells of a row: what is told of it on the console and on the page alike. */
export function cells(target: Target): { readonly what: string; readonly target: string; readonly measured: string; readonly range: string; readonly reached: string; readonly floor: string } {
  const { what, unit, most, least, measured, floor } = target;
  return {
    what,
    target: [most === undefined ? '' : `≤ ${most} ${unit}`, least === undefined ? '' : `≥ ${least} ${unit}`].filter(Boolean).join(', ').replaceAll(' ×', '×'),
    measured: inUnit(measured.median, unit),
    range: `${inUnit(measured.low, unit)} – ${inUnit(measured.high, unit)}`,
    reached: reached(target) ? 'yes' : 'no',
    floor: floor === undefined ? '' : `${inUnit(floor.measured.median, unit)}: ${floor.what}`,
  };
}
