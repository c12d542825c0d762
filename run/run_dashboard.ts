// A page on this machine that shows running and past trainings: loss, accuracy, scores, comparisons, reports.
//   npx deeplog dashboard
//   npx deeplog dashboard --port 0 --logdir other/logdir
import { COMMON_OPTIONS, resolveOptions, runIfMain, StageConsole, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';

export const DASHBOARD_OPTIONS = {
  logdir: { type: 'string', group: 'Input', default: 'logdir', describe: 'where the run folders are' },
  artifacts: { type: 'string', group: 'Input', default: 'artifacts', describe: 'where reports are looked for' },
  host: { type: 'string', group: 'Server', default: '127.0.0.1', describe: 'address to listen on; any other than 127.0.0.1 shows the runs to the network' },
  port: { type: 'integer', group: 'Server', default: 6007, min: 0, max: 65535, describe: 'port; 0: any that is free' },
} as const satisfies OptionSpecs;

export const dashboardStage: Stage = {
  command: 'dashboard', group: 'Look at trainings',
  describe: 'a page of running and past trainings',
  options: DASHBOARD_OPTIONS,
  async run(given) {
    const o = resolveOptions({ ...DASHBOARD_OPTIONS, ...COMMON_OPTIONS }, given);
    const { startDashboard } = await import('../deeplog/dashboard/index.js');
    const console = new StageConsole(o.quiet);
    const dashboard = await startDashboard(o);
    process.stdout.write(`${dashboard.url}\n`);
    if (!['127.0.0.1', 'localhost', '::1'].includes(o.host)) console.warn(`anyone who reaches ${o.host} can see the runs; there is no password`);
    console.say(`the runs of ${o.logdir}; Ctrl-C ends`);
    await new Promise<void>((resolve) => {
      process.on('SIGINT', () => { resolve(); });
      process.on('SIGTERM', () => { resolve(); });
    });
    await dashboard.close();
  },
};

runIfMain(import.meta.url, dashboardStage);
