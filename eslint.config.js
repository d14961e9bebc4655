import tseslint from 'typescript-eslint';

const layer = (files, forbidden, message) => ({
  files,
  ignores: ['**/*.test.ts', '**/testing/**'],
  rules: {
    'no-restricted-imports': ['error', { patterns: [{ group: forbidden, message }] }],
  },
});

export default tseslint.config(
  { ignores: ['conformance/testing/hostile/', 'dist/', 'docs/', 'coverage/', 'node_modules/'] },
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Use named exports.' },
      ],
    },
  },
  { files: ['vitest.config.ts', 'vitest.mutation.config.ts', 'eslint.config.js'], rules: { 'no-restricted-syntax': 'off' } },
  layer(['spec/**/*.ts'], ['../src/*', '../model/*', '../conformance/*', '../../*'], 'spec/ imports nothing.'),
  layer(['model/**/*.ts'], ['**/src/*', '**/conformance/*'], 'model/ imports spec/ only.'),
  layer(
    ['src/**/*.ts'],
    ['**/model/*', '**/conformance/*', 'xstate', 'fast-check', 'zod', 'commander', 'picocolors', 'node:*'],
    'src/ imports nothing but spec/.',
  ),
  {
    ...layer(['conformance/**/*.ts'], ['**/src/*'], 'conformance/ knows a registry only through its adapter.'),
    ignores: ['**/*.test.ts', '**/testing/**', 'conformance/adapters/**'],
  },
);
