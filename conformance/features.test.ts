import { describe, expect, it } from 'vitest';
import { features, requirements, type Config, type Delivery, type Endpoint, type Feature, type Registration } from '../spec/index.js';
import { adapter as ours } from './adapters/sharded-registry.js';
import type { Adapter, Subject } from './contract.js';
import { verify } from './verify.js';

// What an adapter does not offer is untested, never passed, and never held against it.
describe.each((Object.keys(features) as Feature[]).filter((feature) => feature !== 'servers'))('without %s', (feature) => {
  it('what needs it is untested, and the rest is judged', async () => {
    const report = await verify({ ...ours, without: [feature] }, { seed: 9, runs: 20 });
    expect(report.verdict).toBe('conformant');
    const needing = requirements.filter(({ needs, method }) => method === 'sequential' && (needs as readonly Feature[]).includes(feature)).map(({ id }) => id as string);
    for (const { id, status, reason } of report.requirements) {
      if (!needing.includes(id)) continue;
      expect([id, status]).toEqual([id, 'untested']);
      expect(reason).toContain(`\`${feature}\``);
    }
    expect(report.counts.passed).toBeGreaterThan(20);
  });
});

it('a registry of three operations is judged by what they do', async () => {
  const least: Adapter = {
    name: 'least',
    async open(options) {
      const real = (await ours.open(options)) as Required<Subject>;
      return {
        registerServer: (...args) => real.registerServer(...args),
        unregisterServer: (id) => real.unregisterServer(id),
        findServer: (id) => real.findServer(id),
        dispose: () => void real.close(),
      };
    },
  };
  const report = await verify(least, { seed: 9, runs: 20 });
  expect(report.verdict).toBe('conformant');
  expect(report.registry.features).toEqual(['servers', 'configs', 'liveness', 'in-process', 'send-failures', 'send-awaited']);
});

it('where nobody can be bound to a server, nothing is broadcast', async () => {
  const unicast: Adapter = {
    ...ours,
    without: ['binding'],
    async open(options) {
      const subject = (await ours.open(options)) as Required<Subject>;
      const route = subject.routeToTransport.bind(subject);
      // One that takes nothing but the id of a transport.
      return Object.assign(subject, { routeToTransport: (...[to, from, message]: Parameters<typeof route>) => route(`${to as string}`, from, message) });
    },
  };
  const report = await verify(unicast, { seed: 9, runs: 300, only: ['ERR-1', 'RTE-7'] });
  expect(report.requirements.filter(({ status }) => status !== 'passed')).toEqual([]);
});

it('where endpoints are elsewhere, what waits for a "down" gives it the time that it takes', async () => {
  const late: Adapter = {
    ...ours,
    features: [],
    without: ['in-process', 'send-awaited'],
    async open(options) {
      const subject = (await ours.open(options)) as Required<Subject>;
      const standIns = new Map<Endpoint, Endpoint>();
      const [registerServer, registerTransport, findServer, findTransport] = [subject.registerServer.bind(subject), subject.registerTransport.bind(subject), subject.findServer.bind(subject), subject.findTransport.bind(subject)];
      const standIn = (endpoint: Endpoint): Endpoint => {
        const lifetime = new AbortController();
        if (endpoint.signal.aborted) lifetime.abort();
        else endpoint.signal.addEventListener('abort', () => setTimeout(() => lifetime.abort(), 40));
        const made = { send: (delivery: Delivery) => endpoint.send(delivery), signal: lifetime.signal };
        standIns.set(made, endpoint);
        return made;
      };
      const shown = async (found: ReturnType<typeof findServer>): Promise<Registration | undefined> => {
        const registration = await found;
        return registration ? { ...registration, endpoint: standIns.get(registration.endpoint)! } : undefined;
      };
      return Object.assign(subject, {
        registerServer: (id: string, endpoint: Endpoint, config?: Config) => registerServer(id, standIn(endpoint), config),
        registerTransport: (id: string, endpoint: Endpoint, config?: Config) => registerTransport(id, standIn(endpoint), config),
        findServer: (id: string) => shown(findServer(id)),
        findTransport: (id: string) => shown(findTransport(id)),
        listServers: undefined,
      });
    },
  };
  const report = await verify(late, { seed: 9, runs: 1, only: ['RTE-8', 'PRT-2'] });
  expect(report.requirements.flatMap(({ checks }) => checks.filter(({ status }) => status !== 'passed' && status !== 'untested'))).toEqual([]);
});
