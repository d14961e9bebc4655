// A program that speaks the adapter protocol, and goes wrong in the way that it is told: node program.mjs WAY
import { createInterface } from 'node:readline';

const way = process.argv[2];
const write = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const introduction = { protocol: 1, name: 'hostile', methods: ['registerServer', 'unregisterServer', 'findServer'], without: ['liveness'] };
const servers = new Map();
let calls = 0;

process.stderr.write(`going wrong: ${way}\nthe second line\n`);
if (way === 'exits at once') process.exit(7);
if (way === 'never answers') setInterval(() => undefined, 1_000);
if (way === 'ignores the end of its stdin') setInterval(() => undefined, 1_000);
if (way === 'greets') process.stdout.write('Welcome to my registry!\n');
if (way === 'has a child') {
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
  process.stderr.write(`child ${child.pid}\n`);
}

const operations = {
  initialize: () => (way === 'introduces itself badly' ? { ...introduction, methods: ['registerServer', 'fly'] } : way === 'drops what is open at the end' ? { ...introduction, methods: [...introduction.methods, 'settle'], concurrency: 2 } : introduction),
  open: () => void servers.clear(),
  registerServer: ({ id, endpoint, config }) => void servers.set(id, { id, endpoint, config: config ?? {} }),
  unregisterServer: ({ id }) => void servers.delete(id),
  findServer: ({ id }) => servers.get(id) ?? null,
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (way === 'never answers') return;
  if (way === 'drops what is open at the end' && method === 'unregisterServer' && params.id === 'never') return;
  const result = operations[method]?.(params) ?? null;
  if (method === 'registerServer' && ++calls === 3) {
    switch (way) {
      case 'crashes': throw new Error('a fault of the program');
      case 'kills itself': process.kill(process.pid, 'SIGKILL'); break;
      case 'says nothing any more': operations.findServer = undefined; process.stdin.pause(); return;
      case 'prints': process.stdout.write('debug: registering\n'); break;
      case 'answers twice': write({ id, result }); break;
      case 'answers what nobody asked': write({ id: 123_456, result }); break;
      case 'has forgotten a method': return write({ id, error: { code: -32601, message: 'Method not found' } });
      case 'writes a line without end': process.stdout.write('x'.repeat(5_000_000)); return;
      case 'floods': for (let i = 0; i < 300_000; i++) write({ method: 'down', params: { registry: 'r1', endpoint: 'e1' } }); return;
      case 'loses an endpoint': write({ method: 'down', params: { registry: params.registry, endpoint: params.endpoint, reason: 'segmentation fault' } }); break;
    }
  }
  write({ id, result });
});
