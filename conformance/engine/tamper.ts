/** Changes a value in every way it lets itself be changed, to the depths. What is frozen is as good as a copy. */
export function tamper(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const target = value as Record<string, unknown>;
  for (const inner of Object.values(target)) tamper(inner);
  try {
    target['tampered'] = true;
  } catch {
    // Frozen.
  }
  for (const key of Object.keys(target)) {
    try {
      target[key] = 'tampered';
    } catch {
      // Frozen.
    }
  }
}
