/** A registry that other people made, or an example, and how it is judged. */
export interface ForeignRegistry {
  /** How it is called here. */
  readonly name: string;
  /** Its folder in `examples/`, which holds its adapter and, where it differs from the specification, `differences.yaml`. */
  readonly folder: string;
  /** What it is, in a sentence; with what of its documentation the adapter follows. */
  readonly about: string;
  /** What `verify` is given: words of a command line, from the root of the repository. */
  readonly verify: readonly string[];
  /** Programs that have to be there, with arguments that do nothing else than show that they are. */
  readonly needs: readonly (readonly [program: string, ...args: string[]])[];
  /** What makes it out of its source, in its folder. */
  readonly build?: readonly [program: string, ...args: string[]];
  /** More of the command line, where not everything can be judged by default: each "down" of what is leased takes as long as a lease. */
  readonly options?: readonly string[];
  /** The list of what differs, where it is not `differences.yaml`. */
  readonly list?: string;
}

const erlang = ['erl', '-noshell', '-eval', 'halt().'] as const;

export const foreignRegistries: readonly ForeignRegistry[] = [
  {
    name: 'elixir-registry',
    folder: 'registries/elixir-registry',
    about: "Elixir's local registry of processes, with unique keys and 16 partitions, in which each process registers itself, as [its documentation](https://hexdocs.pm/elixir/Registry.html) has it.",
    verify: ['--command', 'elixir examples/registries/elixir-registry/adapter.exs'],
    needs: [['elixir', '--version']],
  },
  {
    name: 'erlang-global',
    folder: 'registries/erlang-global',
    about: "Erlang's table of names for a whole cluster, [`global`](https://www.erlang.org/doc/man/global.html), here on one node, with the option of the kernel that lets a process have several names.",
    verify: ['--command', 'escript examples/registries/erlang-global/adapter.escript several-names'],
    needs: [erlang],
  },
  {
    name: 'erlang-global-one-name',
    folder: 'registries/erlang-global',
    about: 'The same, as it is out of the box: a process may have one name. Whatever gives several to one endpoint can tell nothing of it, so that no more than this is judged.',
    verify: ['--command', 'escript examples/registries/erlang-global/adapter.escript'],
    options: ['--only', 'EPT-1,UNR-2,LKP-2'],
    list: 'differences-one-name.yaml',
    needs: [erlang],
  },
  {
    name: 'erlang-pg',
    folder: 'registries/erlang-pg',
    about: "Erlang's process groups, [`pg`](https://www.erlang.org/doc/man/pg.html), on one node: whoever joins is sent what is sent to the group.",
    verify: ['--command', 'escript examples/registries/erlang-pg/adapter.escript'],
    needs: [erlang],
  },
  {
    name: 'etcd',
    folder: 'registries/etcd',
    about: 'etcd, a consistent store of keys and values: names are keys of a lease that whoever registered keeps alive, written by transactions, as [its guide](https://etcd.io/docs/v3.4/dev-guide/interacting_v3/) has it. A "down" is a lease that ends, two seconds after it was kept alive last.',
    verify: ['examples/registries/etcd/adapter.mjs'],
    options: ['--timeout', '12000', '--runs', '5'],
    needs: [['etcd', '--version']],
  },
  {
    name: 'redis',
    folder: 'registries/redis',
    about: 'Redis, a store of data in memory: names are keys that expire, taken with [`SET NX`](https://redis.io/docs/latest/commands/set/), changed by scripts, and messages are published to whoever holds the name. A "down" is a key that expires, after a second.',
    verify: ['examples/registries/redis/adapter.mjs'],
    options: ['--timeout', '8000', '--runs', '20'],
    needs: [['redis-server', '--version']],
  },
  {
    name: 'nats-kv',
    folder: 'registries/nats-kv',
    about: 'A bucket of keys and values on a stream of [NATS JetStream](https://docs.nats.io/nats-concepts/jetstream/key-value-store): create, compare and set, delete. A key belongs to nobody, so that nothing goes down.',
    verify: ['examples/registries/nats-kv/adapter.mjs'],
    options: ['--runs', '20'],
    needs: [['nats-server', '--version']],
  },
  {
    name: 'moleculer',
    folder: 'registries/moleculer',
    about: 'Moleculer, a broker of services for Node.js from npm, on one node: a service for each name, messages are [calls of its actions](https://moleculer.services/docs/0.14/actions.html).',
    verify: ['examples/registries/moleculer/adapter.mjs'],
    needs: [],
  },
  {
    name: 'python',
    folder: 'python',
    about: 'The example in Python: a registry as somebody may have one, to begin with.',
    verify: ['--command', 'python3 examples/python/my_registry.py'],
    needs: [['python3', '--version']],
  },
  {
    name: 'go',
    folder: 'go',
    about: 'The example in Go.',
    verify: ['--command', 'examples/go/my-registry'],
    build: ['go', 'build'],
    needs: [['go', 'version']],
  },
];
