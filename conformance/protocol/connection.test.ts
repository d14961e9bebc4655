import { expect, it } from 'vitest';
import { Connection } from './connection.js';

/** A connection to a program that takes two operations at once; what it has been sent, and a way to answer. */
function connected() {
  const sent: { readonly id: number; readonly method: string; readonly params: { readonly registry: string; readonly id?: string } }[] = [];
  const errors: string[] = [];
  const connection = new Connection({
    write: (lines) => void sent.push(...lines.trimEnd().split('\n').map((line) => JSON.parse(line) as (typeof sent)[number])),
    hear: () => undefined,
    broken: ({ message }) => void errors.push(message),
  });
  connection.concurrency = 2;
  const answer = (id: number): void => connection.receive(Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id, result: null })}\n`));
  return { connection, sent, errors, answer };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it('a registry that is done with takes nobody’s turn, whether the program answers what was open in it or not', async () => {
  const { connection, sent, errors, answer } = connected();
  const asked = (registry: string, id: string): Promise<unknown> => connection.request('findServer', { registry, id }).catch((error: unknown) => error);
  for (const id of ['a', 'b', 'c']) void asked('r1', id);
  const other = asked('r2', 'd');
  await turn();
  expect(sent.map(({ params }) => params.id)).toEqual(['a', 'b']);
  connection.forget('r1');
  await turn();
  expect(sent.map(({ params }) => params.id)).toEqual(['a', 'b', 'd']);
  // One comes late, of the other nothing is heard.
  answer(sent[0]!.id);
  answer(sent[2]!.id);
  expect([await other, errors]).toEqual([null, []]);
  void asked('r2', 'e');
  void asked('r2', 'f');
  void asked('r2', 'g');
  await turn();
  expect(sent.map(({ params }) => params.id)).toEqual(['a', 'b', 'd', 'e', 'f']);
  // Nobody is answered twice.
  answer(sent[0]!.id);
  expect(errors).toEqual([expect.stringContaining('expected an answer to a request that is open')]);
});
