#!/usr/bin/env node
// The package's command line: every stage under one name. See README.md for the two commands to start with.
import { main } from '../deeplog/cli/index.js';
import { drainStage } from './run_drain.js';

await main([drainStage], process.argv.slice(2));
