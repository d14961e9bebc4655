import { describe, expect, it } from 'vitest';
import { diagrams } from './diagram.js';

describe('diagrams', () => {
  const byName = new Map(diagrams().map((diagram) => [diagram.name, diagram]));

  it('draws every machine, with a title', () => {
    expect([...byName.keys()]).toEqual(['lifecycle', 'endpoint', 'registration', 'binding', 'alarm', 'admission']);
    for (const { title, mermaid } of byName.values()) {
      expect(title).toMatch(/^[A-Z]/);
      expect(mermaid).toMatch(/^stateDiagram-v2\n {2}\[\*\] --> \w+\n/);
    }
  });

  it('draws transitions with guard and effects', () => {
    expect(byName.get('registration')!.mermaid).toBe(
      [
        'stateDiagram-v2',
        '  [*] --> free',
        '  state "free" as free',
        '  state "held" as held',
        '  free --> held : REGISTER / hold',
        '  free --> free : UNREGISTER',
        '  free --> free : UPDATE / refuse(server_not_found)',
        '  held --> held : REGISTER / refuse(already_registered)',
        '  held --> free : UNREGISTER / release',
        '  held --> held : UPDATE / replaceConfig',
        '  held --> free : DOWN [ofHolder] / release',
      ].join('\n'),
    );
  });

  it('draws states within states', () => {
    const { mermaid } = byName.get('admission')!;
    expect(mermaid).toContain('  state "auto" as auto {\n    [*] --> auto_open\n');
    expect(mermaid).toContain('    auto_open --> auto_closed : ALARMS [majority]\n');
    expect(mermaid).toContain('  forcedOpen --> auto_closed : SET [setAutoAndMajority]\n');
  });
});
