/** A registry that other people made, or an example, and how it is judged. */
export interface ForeignRegistry {
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
  /** Milliseconds within which it has to answer, where the default is too short. */
  readonly timeout?: number;
}

export const foreignRegistries: readonly ForeignRegistry[] = [
  {
    folder: 'python',
    about: 'The example in Python: a registry as somebody may have one, to begin with.',
    verify: ['--command', 'python3 examples/python/my_registry.py'],
    needs: [['python3', '--version']],
  },
  {
    folder: 'go',
    about: 'The example in Go.',
    verify: ['--command', 'examples/go/my-registry'],
    build: ['go', 'build'],
    needs: [['go', 'version']],
  },
];
