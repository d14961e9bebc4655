import { describe, expect, it } from 'vitest';
import { createModel, machines, modeOf, tables } from '../index.js';

const { admission, alarm, binding, endpoint, lifecycle, registration } = tables;

it('each has its table, and each table counts what it is asked', () => {
  expect(Object.keys(machines)).toEqual(Object.keys(tables));
  const [{ events, asked }, cell] = [lifecycle, lifecycle.numberOf({ type: 'CLOSE' })];
  const before = asked[cell]!;
  for (let i = 1; i <= 2; i++) {
    lifecycle.move('open', events[cell]!);
    expect(asked[cell]).toBe(before + i);
  }
});

describe('lifecycle', () => {
  it('refuses calls once closed, and closes twice (CLS-1, CLS-2)', () => {
    expect(lifecycle.move('open', { type: 'CALL' }).refusals).toEqual([]);
    expect(lifecycle.move('open', { type: 'CLOSE' })).toMatchObject({ state: 'closed', does: new Set(['forgetNames']) });
    expect(lifecycle.move('closed', { type: 'CALL' }).refusals).toEqual(['registry_closed']);
    expect(lifecycle.move('closed', { type: 'CLOSE' })).toMatchObject({ state: 'closed', does: new Set(), refusals: [] });
  });
});

describe('endpoint', () => {
  it('is down for good, and then refuses (REG-3)', () => {
    expect(endpoint.move('up', { type: 'REGISTER' })).toMatchObject({ state: 'up', refusals: [] });
    expect(endpoint.move('up', { type: 'ABORT' })).toMatchObject({ state: 'down', does: new Set(['releaseNames']) });
    expect(endpoint.move('down', { type: 'REGISTER' })).toMatchObject({ state: 'down', refusals: ['endpoint_down'] });
    expect(endpoint.move('down', { type: 'ABORT' })).toMatchObject({ state: 'down', does: new Set() });
  });
});

describe('registration', () => {
  it('has one holder (REG-1, REG-2, REG-5)', () => {
    expect(registration.move('free', { type: 'REGISTER' })).toMatchObject({ state: 'held', does: new Set(['hold']) });
    expect(registration.move('held', { type: 'REGISTER' })).toMatchObject({ state: 'held', refusals: ['already_registered'] });
    expect(registration.move('held', { type: 'UNREGISTER' })).toMatchObject({ state: 'free', does: new Set(['release']) });
    expect(registration.move('free', { type: 'UNREGISTER' })).toMatchObject({ state: 'free', does: new Set(), refusals: [] });
  });

  it('is updated only while held (UPD-1, UPD-2)', () => {
    expect(registration.move('held', { type: 'UPDATE' })).toMatchObject({ state: 'held', does: new Set(['replaceConfig']) });
    expect(registration.move('free', { type: 'UPDATE' })).toMatchObject({ state: 'free', refusals: ['server_not_found'] });
  });

  it('ignores the DOWN of any but its holder (INC-1, DWN-4)', () => {
    expect(registration.move('held', { type: 'DOWN', ofHolder: true })).toMatchObject({ state: 'free', does: new Set(['release']) });
    expect(registration.move('held', { type: 'DOWN', ofHolder: false })).toMatchObject({ state: 'held', does: new Set() });
    expect(registration.move('free', { type: 'DOWN', ofHolder: true })).toMatchObject({ state: 'free', does: new Set() });
  });
});

describe('binding', () => {
  it.each(['unbound', 'bound'] as const)('misses the server before the transport, %s (BND-2, BND-3)', (state) => {
    expect(binding.move(state, { type: 'BIND', server: false, transport: false }).refusals).toEqual(['server_not_found']);
    expect(binding.move(state, { type: 'BIND', server: false, transport: true }).refusals).toEqual(['server_not_found']);
    expect(binding.move(state, { type: 'BIND', server: true, transport: false }).refusals).toEqual(['transport_not_found']);
    expect(binding.move(state, { type: 'BIND', server: true, transport: true })).toMatchObject({ state: 'bound', does: new Set(['bind']) });
  });

  it('binds by itself only to a server that is there (BND-8, BND-9)', () => {
    expect(binding.move('unbound', { type: 'AUTO_BIND', server: true }).state).toBe('bound');
    expect(binding.move('unbound', { type: 'AUTO_BIND', server: false })).toMatchObject({ state: 'unbound', refusals: [] });
  });

  it('ends with its server or its transport, and with no other server (BND-5 to BND-7)', () => {
    expect(binding.move('bound', { type: 'UNBIND' }).state).toBe('unbound');
    expect(binding.move('bound', { type: 'SERVER_GONE', own: true }).state).toBe('unbound');
    expect(binding.move('bound', { type: 'SERVER_GONE', own: false }).state).toBe('bound');
    expect(binding.move('bound', { type: 'TRANSPORT_GONE' }).state).toBe('unbound');
  });
});

describe('alarm', () => {
  it('follows the facts, whatever was before (CTN-1 to CTN-3, CTN-5)', () => {
    for (const state of alarm.states) {
      for (const event of alarm.events) {
        const after = alarm.move(state, event).state;
        expect(after).toBe(event.stuck ? 'stuck' : event.warm && event.above ? 'slow' : 'calm');
        expect(alarm.has(after, 'alarm')).toBe(event.stuck || (event.warm && event.above));
      }
    }
  });
});

describe('admission', () => {
  it('follows the alarms in auto, and only there (ADM-1, ADM-2, ADM-4 to ADM-6)', () => {
    for (const majority of [false, true]) {
      const event = { type: 'ALARMS', majority } as const;
      for (const state of ['auto.open', 'auto.closed'] as const) expect(admission.move(state, event).state).toBe(majority ? 'auto.closed' : 'auto.open');
      for (const state of ['forcedOpen', 'forcedClosed'] as const) expect(admission.move(state, event).state).toBe(state);
    }
  });

  it('is set by hand from everywhere; auto starts from the alarms as they are', () => {
    for (const state of admission.states) {
      for (const majority of [false, true]) {
        expect(admission.move(state, { type: 'SET', mode: 'open', majority }).state).toBe('forcedOpen');
        expect(admission.move(state, { type: 'SET', mode: 'closed', majority }).state).toBe('forcedClosed');
        expect(admission.move(state, { type: 'SET', mode: 'auto', majority }).state).toBe(majority ? 'auto.closed' : 'auto.open');
      }
    }
  });

  it('refuses registrations exactly while closed', () => {
    for (const state of admission.states) {
      const { refusals } = admission.move(state, { type: 'REGISTER' });
      expect(refusals).toEqual(admission.has(state, 'closed') ? ['admission_control_active'] : []);
    }
  });
});

describe('tags', () => {
  it('say what others want to know of a state', () => {
    const tagged = {
      lifecycle: lifecycle.states.filter((state) => lifecycle.has(state, 'closed')),
      endpoint: endpoint.states.filter((state) => endpoint.has(state, 'down')),
      registration: registration.states.filter((state) => registration.has(state, 'registered')),
      binding: binding.states.filter((state) => binding.has(state, 'bound')),
      alarm: alarm.states.filter((state) => alarm.has(state, 'alarm')),
      admission: admission.states.filter((state) => admission.has(state, 'closed')),
    };
    expect(tagged).toEqual({ lifecycle: ['closed'], endpoint: ['down'], registration: ['held'], binding: ['bound'], alarm: ['stuck', 'slow'], admission: ['auto.closed', 'forcedClosed'] });
  });
});

describe('the mode of admission', () => {
  it.each(['auto', 'open', 'closed'] as const)('is shown as it was set: %s', (mode) => {
    const model = createModel();
    const { state } = model.step(model.initial, { op: 'setAdmission', mode });
    expect(modeOf[state.admission]).toBe(mode);
    expect(model.step(state, { op: 'getContentionStatus' }).outcome).toMatchObject({ value: { mode } });
  });
});
