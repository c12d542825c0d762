import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../deeplog/artifacts/index.js';
import { drainSettings, runDrain, type DrainFlags } from '../../deeplog/sessions/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const FLAGS = { max_unparsed: 0.5, format: 'arrow', overwrite: true, sim_th: 0.5, depth: 4, max_children: 100, parametrize_numeric_tokens: true, mask_prefix: '<', mask_suffix: '>', full_search: 'fallback', snapshot_interval_minutes: 1, compress_state: true, size: 20, profiling: false, report_sec: 60 } as const;

describe('drain with --truth_file', () => {
  const folder = scratchFolder();
  const flags = (truth: string): DrainFlags => {
    writeFileSync(path.join(folder, 'x.log'), 'user ann logged in\nuser bob logged in\ndisk is full\ndisk is gone\n');
    writeFileSync(path.join(folder, 'truth.csv'), truth);
    return { ...FLAGS, input_file: path.join(folder, 'x.log'), output_path: path.join(folder, 'out'), truth_file: path.join(folder, 'truth.csv') };
  };

  it('reports accuracy and what was merged', async () => {
    const { report } = await runDrain(drainSettings(flags('LineId,EventId,EventTemplate\n1,E1,user <*> logged in\n2,E1,user <*> logged in\n3,E2,disk is full\n4,E3,disk is gone\n')));
    expect(report.join('\n')).toContain('GA 0.5000, FGA 0.4000, PA 0.5000, FTA 0.4000; 2 templates, 3 expected');
    expect(await readJson(path.join(folder, 'out', 'parsing_report.json'))).toMatchObject({ lines: 4, ga: 0.5, split: [], merged: [{ event: 2, template: 'disk is <*>', lines: 2 }] });
    expect(readFileSync(path.join(folder, 'out', 'parsing_report.md'), 'utf8')).toContain('- event 2 `disk is <*>` (2 lines) of 2:');
  });

  it('refuses a truth that is none', async () => {
    await expect(runDrain(drainSettings(flags('a,b\n1,2\n')))).rejects.toThrow('LineId, EventId and EventTemplate');
    await expect(runDrain(drainSettings(flags('LineId,EventId,EventTemplate\n99,E1,x\n')))).rejects.toThrow('none of its lines');
  });
});
