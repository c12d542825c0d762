import tseslint from 'typescript-eslint';

// Who may import whom, one way only: run → (detectors, evaluation, training, …) → models → engine → nothing.
// parsing, sessions, sequences and artifacts know nothing of tensors. `common` (errors, random numbers, progress) is open to all.
export const LAYERS = {
  common: [],
  engine: [],
  models: ['engine'],
  artifacts: [],
  text: [],
  parsing: ['artifacts'],
  sessions: ['parsing', 'artifacts'],
  sequences: ['parsing', 'sessions', 'artifacts'],
  training: ['models', 'engine', 'artifacts', 'sequences'],
  workflow: [],
  triage: ['artifacts'],
  detectors: ['models', 'engine', 'training', 'workflow', 'sequences', 'sessions', 'parsing', 'artifacts', 'text'],
  simulator: [],
  cli: ['training', 'artifacts'],
  // Training stages write the exported formats beside the weights.
  evaluation: ['export', 'detectors', 'triage', 'engine', 'training', 'workflow', 'sequences', 'sessions', 'parsing', 'artifacts', 'text'],
  export: ['detectors', 'models', 'engine', 'training', 'sequences', 'sessions', 'parsing', 'artifacts'],
  serving: ['evaluation', 'triage', 'detectors', 'engine', 'training', 'sequences', 'sessions', 'parsing', 'artifacts'],
  dashboard: ['training', 'artifacts'],
  diagnosis: ['evaluation', 'detectors', 'engine', 'workflow', 'sequences', 'sessions', 'parsing', 'artifacts'],
};

const layerRules = Object.entries(LAYERS).map(([layer, allowed]) => {
  const open = new Set([...allowed, 'common', layer]);
  const forbidden = [...Object.keys(LAYERS), 'run'].filter((other) => !open.has(other));
  return {
    files: [`deeplog/${layer}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', {
        patterns: [
          ...forbidden.map((other) => ({
            regex: `^(\\.\\./)+${other}/`,
            message: `deeplog/${layer} must not depend on ${other} (layering, see eslint.config.js).`,
          })),
          {
            regex: `^(\\.\\./)+(${[...open].filter((o) => o !== layer).join('|')})/(?!index\\.js$)`,
            message: 'Import another folder through its index only.',
          },
          ...(layer === 'engine' || layer === 'models'
            ? []
            : [{ regex: '^(@tensorflow/|onnxruntime|webgpu$)', message: 'Only deeplog/engine (and the networks in deeplog/models) may know a tensor library.' }]),
        ],
      }],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'artifacts/**', 'logdir/**', 'coverage/**'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  { files: ['run/**/*.ts', 'bench/**/*.ts', 'test/**/*.ts', 'scripts/**'], rules: { 'no-console': 'off' } },
  {
    files: ['run/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        patterns: [{ regex: '^(\\.\\./)+deeplog/[^/]+/(?!index\\.js$)', message: 'Import a folder through its index only.' }],
      }],
      'max-lines': ['error', 150],
    },
  },
  ...layerRules,
);
