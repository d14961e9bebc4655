import type { Requirement } from '../requirement.js';

const load = { level: 'MUST', needs: ['servers'], method: 'load' } as const;
const full = '15,000 live entries, open load';

export const sla = [
  { ...load, id: 'SLA-1', text: 'A lookup takes less than 1 ms on average.', claims: ['C-LOOKUP-AVG', 'C-SUB-MS'], sla: { metric: 'lookup latency, mean', relation: '<', value: 1, unit: 'ms', conditions: full } },
  { ...load, id: 'SLA-2', text: 'The 99th percentile of lookup latency is below 5 ms at 15,000 live entries.', claims: ['C-LOOKUP-P99'], sla: { metric: 'lookup latency, p99', relation: '<', value: 5, unit: 'ms', conditions: full } },
  { ...load, id: 'SLA-3', text: 'The 99th percentile of write latency is below 50 ms at 5,000 registrations a second.', claims: ['C-WRITE-AVG'], sla: { metric: 'write latency, p99', relation: '<', value: 50, unit: 'ms', conditions: '5,000 registrations/s, open load' } },
  { ...load, id: 'SLA-4', text: 'At least 100,000 lookups a second are answered on one core.', claims: ['C-LOOKUP-RATE'], sla: { metric: 'lookups', relation: '>=', value: 100_000, unit: '1/s per core', conditions: '15,000 live entries' } },
  { ...load, id: 'SLA-5', text: 'At least 32,000 writes a second are committed over 16 partitions.', claims: ['C-WRITE-RATE'], sla: { metric: 'writes', relation: '>=', value: 32_000, unit: '1/s', conditions: '16 partitions, store in memory' } },
  { ...load, id: 'SLA-6', needs: ['servers', 'transports', 'binding', 'routing'], text: 'A broadcast to 1,000 recipients hands over the last message within 10 ms.', claims: ['C-BROADCAST'], sla: { metric: 'broadcast, p99', relation: '<', value: 10, unit: 'ms', conditions: '1,000 transports bound to one server' } },
  { ...load, id: 'SLA-7', text: 'The registry holds 15,000 and 100,000 connections, and keeps its latency limits at both.', claims: ['C-CONNECTIONS', 'C-SCALE-100K'], sla: { metric: 'live entries', relation: '>=', value: 100_000, unit: 'entries', conditions: 'limits of SLA-1 to SLA-3' } },
  { ...load, id: 'SLA-8', text: '1,000 concurrent clients all make progress, and none waits longer than 5 s.', claims: ['C-1000-PROCESSES'], sla: { metric: 'longest wait', relation: '<', value: 5_000, unit: 'ms', conditions: '1,000 clients, contended names' } },
  { ...load, id: 'SLA-9', needs: ['servers', 'contention'], text: 'Contention is detected in less than 100 ms of real time.', claims: ['C-DETECTION'], sla: { metric: 'detection latency', relation: '<', value: 100, unit: 'ms', conditions: 'from the moment the condition holds' } },
  { ...load, id: 'SLA-10', text: 'Memory is at most 2.5 MiB per 10,000 entries.', claims: ['C-MEMORY'], sla: { metric: 'heap', relation: '<=', value: 2.5, unit: 'MiB per 10,000 entries', conditions: '36-character ids, empty configurations' } },
  { ...load, id: 'SLA-11', text: 'The time of an operation does not grow with the number of entries, from 1,000 to 1,000,000.', claims: ['C-O1'], sla: { metric: 'exponent of growth', relation: '<=', value: 0.2, unit: '', conditions: '1,000 to 1,000,000 entries' } },
  { ...load, id: 'SLA-12', needs: ['servers', 'stats'], text: 'Load on one partition leaves the latency of the others unchanged.', claims: ['C-INDEPENDENT', 'C-VARIANCE'], sla: { metric: 'ratio of medians', relation: '<=', value: 1.1, unit: '', conditions: 'one partition saturated against none' } },
] as const satisfies readonly Requirement[];
