import type { Report } from './result.js';

const colours: Record<Report['verdict'], string> = { conformant: '#1a7f37', 'not conformant': '#b42318', inconclusive: '#8a5a00' };

/** Width of a text in Verdana of 11 px, near enough: `textLength` makes it exact. Pixels. */
const widthOf = (text: string): number => Math.round(text.length * 6.6) + 12;

/** The verdict as a badge, an SVG of its own. Nothing of what an adapter says is in it. */
export function renderBadge({ verdict, counts, specification, baseline }: Report): string {
  const judged = counts.passed + counts.failed + counts.warnings;
  const label = `registry ${specification}`;
  const message = `${verdict}, ${counts.passed} of ${judged}${baseline?.outcome === 'met' ? ' (as expected)' : ''}`;
  const [left, right] = [widthOf(label), widthOf(message)];
  const text = (words: string, from: number, width: number): string => `<text x="${from + width / 2}" y="14" textLength="${width - 12}">${words}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${label}: ${message}">
  <title>${label}: ${message}</title>
  <clipPath id="round"><rect width="${left + right}" height="20" rx="3"/></clipPath>
  <g clip-path="url(#round)"><rect width="${left}" height="20" fill="#3d444d"/><rect x="${left}" width="${right}" height="20" fill="${colours[verdict]}"/></g>
  <g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">${text(label, 0, left)}${text(message, left, right)}</g>
</svg>
`;
}
