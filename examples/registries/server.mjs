/*
 * A server that lives as long as whoever starts it: on a free port of 127.0.0.1, with a fresh folder for its files.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * Runs the server, and ends it and removes its folder when file descriptor 3 ends: when the other end is closed, or whoever holds it is gone, in
 * whatever way. `FOLDER` in the arguments stands for the folder.
 */
const minder = `
trap '' PIPE
folder=$(mktemp -d "\${TMPDIR:-/tmp}/registry-XXXXXX") || exit 1
for word; do shift; case $word in *FOLDER*) word=\${word%%FOLDER*}$folder\${word#*FOLDER};; esac; set -- "$@" "$word"; done
"$@" < /dev/null > /dev/null 2> "$folder/stderr" 3<&- & server=$!
trap 'kill $server 2> /dev/null' INT TERM HUP
{ cat <&3; kill $server; } > /dev/null 2>&1 & minder=$!
wait $server
status=$?
while kill -0 $server 2> /dev/null; do wait $server; done
tail -n 4 "$folder/stderr" >&2
kill $minder 2> /dev/null
rm -rf "$folder"
exit $status
`;

/** How long a server may take until it accepts a connection. Milliseconds. */
const startMs = 20_000;

/** Port numbers that nobody uses. */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Starts a program that is to listen on `port`, and settles when it does. `FOLDER` in its arguments is a fresh folder. */
export async function startServer(program, args, port) {
  const child = spawn('sh', ['-c', minder, 'sh', program, ...args], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-2_000)));
  child.once('exit', () => child.stdio[3].destroy());
  const ended = once(child, 'close').then(([code]) => {
    throw new Error(`${program} ended with ${code}: ${said.trim()}`);
  });
  ended.catch(() => undefined);
  for (const end = performance.now() + startMs; !(await Promise.race([accepts(port), ended])); ) {
    if (performance.now() > end) {
      child.stdio[3].end();
      throw new Error(`${program} did not listen on its port within ${startMs / 1_000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // It is no reason for anybody to stay.
  child.unref();
  for (const stream of child.stdio) stream?.unref();
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (isThere) => () => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', settle(true)).once('error', settle(false));
  });
}
