import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { RequirementId } from '../../spec/index.js';
import { AdapterError } from '../contract.js';
import { verify } from '../verify.js';
import { commandAdapter } from './command-adapter.js';
import type { RemoteAdapter } from './remote-adapter.js';

const script = (name: string): string => fileURLToPath(new URL(`../testing/hostile/${name}.mjs`, import.meta.url));
const log: string[] = [];
const open: RemoteAdapter[] = [];

async function started(way: string, startupMs = 20_000): Promise<RemoteAdapter> {
  const adapter = await commandAdapter([process.execPath, script('program'), way], { startupMs, log: (line) => void log.push(line) });
  open.push(adapter);
  return adapter;
}

afterEach(async () => {
  for (const adapter of open.splice(0)) await adapter.end();
  log.length = 0;
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Waits for what has to come, however busy the machine is; the time-out of the test ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a program is no adapter', () => {
  it.each([
    ['exits at once', 20_000, /^the program ended, with exit code 7; the last of its stderr: "going wrong: exits at once" \/ "the second line"$/],
    ['never answers', 1_000, /^the program did not answer initialize within 1000 ms; the last of its stderr: .*"the second line"$/],
    ['greets', 20_000, /^the program broke the protocol, after initialize\(.*: expected a message of JSON-RPC 2\.0 in one line of JSON; came a line that is no JSON .*; see docs\/protocol\.md#messages/],
    ['introduces itself badly', 20_000, /^the program broke the protocol, after initialize\(.*: expected the result of initialize\(.*`methods\.1`: .*; see docs\/protocol\.md#initialize/],
  ])('that %s', async (way, startupMs, reason) => {
    await expect(started(way, startupMs)).rejects.toThrow(reason);
    await expect(started(way, startupMs)).rejects.toBeInstanceOf(AdapterError);
  });

  it('that does not exist', async () => {
    await expect(commandAdapter(['/no/such/program'])).rejects.toThrow(/^the program cannot be started: .*ENOENT/);
  });
});

describe('a program that goes wrong later is not judged for it, and says so', () => {
  // REG-5 needs more than three registrations: whatever the program does, it does it there.
  it.each([
    ['crashes', /^the program ended, with exit code 1; the last of its stderr: .*a fault of the program/],
    ['kills itself', /^the program ended, by SIGKILL/],
    ['prints', /expected a message of JSON-RPC 2\.0 in one line of JSON; came a line that is no JSON .*debug: re.*; see docs\/protocol\.md#messages/],
    ['answers twice', /after \w+\(.*: expected an answer to a request that is open, with its id; came \{"jsonrpc":"2\.0","id":\d+,"result":null\}; see docs\/protocol\.md#answers/],
    ['answers what nobody asked', /expected an answer to a request that is open, with its id; came .*123456/],
    ['has forgotten a method', /expected an answer to registerServer\(.*: the program has said that it has the method; came .*-32601.*; see docs\/protocol\.md#methods/],
    ['writes a line without end', /came a line of more than 4194304 bytes/],
    ['floods', /^the program floods: 250000 messages that nobody asked for|`down` names registry/],
    ['loses an endpoint', /^the program says that endpoint "e\d+" is down, which nobody has killed: "segmentation fault"; see docs\/protocol\.md#notifications/],
  ])('%s', async (way, reason) => {
    const adapter = await started(way);
    const report = await verify(adapter, { only: ['REG-5', 'LKP-2'] as RequirementId[], seed: 1, runs: 1, patienceMs: way === 'floods' ? 120_000 : 5_000 });
    const reg5 = report.requirements.find(({ id }) => id === 'REG-5')!;
    expect(reg5.status).toBe('inconclusive');
    expect(reg5.checks.map(({ reason: why }) => why).join('\n')).toMatch(new RegExp(reason.source, 'm'));
    expect(report.counts.failed).toBe(0);
    expect(report.verdict).toBe('inconclusive');
    expect(adapter.breakdowns!.length).toBeGreaterThan(0);
  });

  it('says nothing any more', async () => {
    const adapter = await started('says nothing any more');
    const report = await verify(adapter, { only: ['REG-5'], seed: 1, runs: 1, patienceMs: 300 });
    expect(report.requirements.find(({ id }) => id === 'REG-5')).toMatchObject({ status: 'inconclusive' });
  });

  it('drops what is open when the kit is done with a registry, and has its turns again', async () => {
    const adapter = await started('drops what is open at the end');
    const opened = async () => adapter.open({ clock: { now: () => 0, setTimeout: () => undefined, clearTimeout: () => undefined } });
    const first = await opened();
    // As many as it takes at once, and one more.
    for (let i = 0; i < 2; i++) void first.unregisterServer('never');
    await first.settle!();
    expect(first.heldBack!()).toBeUndefined();
    void first.findServer('a');
    await first.settle!();
    expect(first.heldBack!()).toBe('the program takes 2 operations at once, and more were called');
    await first.dispose!();
    const second = await opened();
    expect([await second.findServer('a'), second.heldBack!()]).toEqual([undefined, undefined]);
  });

  it('is started again, so that the rest is judged, and not for ever', async () => {
    const adapter = await started('crashes');
    const register = async (): Promise<unknown> => {
      const subject = await adapter.open({ clock: { now: () => 0, setTimeout: () => undefined, clearTimeout: () => undefined } });
      const endpoint = { send: () => undefined, signal: new AbortController().signal };
      for (const id of ['a', 'b', 'c', 'd']) await subject.registerServer(id, endpoint);
      return undefined;
    };
    for (let i = 0; i < 5; i++) await expect(register()).rejects.toBeInstanceOf(AdapterError);
    await expect(register()).rejects.toThrow(/^the program broke down 5 times, and is not started again; the last time: the program ended, with exit code 1/);
  });
});

describe('a program', () => {
  it('has its stderr passed on', async () => {
    await started('does as it should');
    await until(() => log.includes('the second line'));
    expect(log).toEqual(['going wrong: does as it should', 'the second line']);
  });

  it('is ended when it does not end by itself', async () => {
    const pids: number[] = [];
    const ended: number[] = [];
    const adapter = await commandAdapter([process.execPath, script('program'), 'ignores the end of its stdin'], { startupMs: 20_000, log: () => undefined, began: (pid) => pids.push(pid), ended: (pid) => ended.push(pid) });
    await adapter.end();
    expect(ended).toEqual(pids);
    expect(isAlive(pids[0]!)).toBe(false);
  });

  it('ends with all that it has begun', async () => {
    const adapter = await started('has a child');
    await until(() => log.some((line) => line.startsWith('child')));
    const child = Number(/\d+/.exec(log.find((line) => line.startsWith('child'))!)![0]);
    expect(isAlive(child)).toBe(true);
    await adapter.end();
    await until(() => !isAlive(child));
  });

  it.each(['SIGKILL', 'exit'])('does not outlive whoever has started it: %s', async (end) => {
    // The compiled one: a process of its own knows no TypeScript.
    const module = new URL('../../dist/conformance/protocol/command-adapter.js', import.meta.url).href;
    const source = `import { commandAdapter } from ${JSON.stringify(module)};
      await commandAdapter([process.execPath, ${JSON.stringify(script('program'))}, 'does as it should'], { log: () => undefined, began: (pid) => process.stdout.write(String(pid) + '\\n') });
      ${end === 'exit' ? 'process.exit(0)' : "process.kill(process.pid, 'SIGKILL')"};`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' });
    const pid = Number(stdout);
    expect(pid).toBeGreaterThan(1);
    await until(() => !isAlive(pid));
  });
});
