// tsc writes plain files; npx needs the entry point to be executable.
import { chmodSync } from 'node:fs';
chmodSync(new URL('../dist/run/deeplog.js', import.meta.url), 0o755);
