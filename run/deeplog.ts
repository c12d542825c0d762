#!/usr/bin/env node
// The package's command line: every stage under one name. See README.md for the two commands to start with.
import { main } from '../deeplog/cli/index.js';
import { logAnomalyStage } from './loganomaly.js';
import { logBertStage } from './logbert.js';
import { autoencoderStage } from './autoencoder.js';
import { benchmarkStage } from './run_benchmark.js';
import { dashboardStage } from './run_dashboard.js';
import { dataStage } from './run_data.js';
import { detectStage } from './run_detect.js';
import { diagnoseStage } from './run_diagnose.js';
import { drainStage } from './run_drain.js';
import { exportStage } from './run_export.js';
import { importStage } from './run_import.js';
import { logKeyStage } from './run_log_key_detection_model.js';
import { parametersStage } from './run_parameter_detection_model.js';
import { quickstartStage } from './run_quickstart.js';
import { runsStage } from './run_runs.js';
import { serveStage } from './run_serve.js';
import { triageStage } from './run_triage.js';
import { workflowStage } from './run_workflow.js';

await main([quickstartStage, dataStage, drainStage, logKeyStage, parametersStage, workflowStage, logBertStage, logAnomalyStage, autoencoderStage, detectStage, triageStage, diagnoseStage, benchmarkStage, exportStage, importStage, serveStage, runsStage, dashboardStage], process.argv.slice(2));
