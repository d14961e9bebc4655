import { expect, it } from 'vitest';
import { ShardedRegistry } from './registry.js';

it('says which id is none', () => {
  const registry = new ShardedRegistry();
  expect(() => registry.referToServer('')).toThrow(/^The server id is not an id/);
  expect(() => registry.referToTransport('')).toThrow(/^The transport id is not an id/);
});
