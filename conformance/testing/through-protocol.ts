import { PassThrough } from 'node:stream';
import { AdapterError, type Adapter } from '../contract.js';
import { Connection } from '../protocol/connection.js';
import { remoteAdapter, type Partner, type RemoteAdapter } from '../protocol/remote-adapter.js';
import { serve } from '../protocol/serve.js';
import { nullAdapter } from '../sla/null-adapter.js';

/** The same adapter, every call and answer of which goes through the protocol as bytes, without a process of its own. */
export function throughProtocol(adapter: Adapter, heard: (direction: '→' | '←', lines: string) => void = () => undefined): Promise<RemoteAdapter> {
  return remoteAdapter({
    startupMs: 10_000,
    nothing: () => throughProtocol(nullAdapter),
    start({ hear, broken }): Partner {
      const [toProgram, fromProgram] = [new PassThrough(), new PassThrough()];
      const write = (lines: string): void => {
        heard('→', lines);
        toProgram.write(lines);
      };
      const connection = new Connection({ write, hear, broken });
      fromProgram.on('data', (chunk: Buffer) => {
        heard('←', chunk.toString());
        connection.receive(chunk);
      });
      const served = serve(adapter, { input: toProgram, output: fromProgram });
      served.catch((error: unknown) => connection.break(new AdapterError(`the program ended: ${String(error)}`)));
      return {
        connection,
        because: (reason) => new AdapterError(reason),
        async stop() {
          toProgram.end();
          await served;
        },
      };
    },
  });
}
