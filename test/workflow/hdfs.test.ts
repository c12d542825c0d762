import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ABNORMAL, distinctOf, PART, readSequenceFile, splitByShare } from '../../deeplog/sequences/index.js';
import { Follower, learnWorkflow, WORKFLOW_DEFAULTS } from '../../deeplog/workflow/index.js';

const folder = process.env.DEEPLOG_DATA ?? '';
const file = path.join(folder, 'hdfs', 'sessions.txt.gz');
const there = folder !== '' && existsSync(file);

// Real data stays where it is: set DEEPLOG_DATA to the folder that holds hdfs/ to run this.
describe.skipIf(!there)(`the workflow of HDFS${there ? '' : ' (skipped: DEEPLOG_DATA holds no hdfs/sessions.txt.gz)'}`, () => {
  it('is some hundred states for 221,094 sessions, holds nearly every normal session after them, and lets hardly an abnormal one through', async () => {
    const table = await readSequenceFile(file, path.join(folder, 'hdfs', 'labels.txt.gz'));
    const split = splitByShare(table, { trainUntil: 0.4, validationUntil: 0.5, order: 'chronological', seed: 1, trainOn: 'normal' });
    const { sequences, counts } = distinctOf(table, split, PART.train);
    const workflow = learnWorkflow(Array.from(sequences, (d, i) => ({ events: table.sequence(d), count: counts[i] })), WORKFLOW_DEFAULTS);
    expect(workflow.sessions).toBe(221_094 - Array.from(sequences, (d, i) => (table.sequence(d).length < 4 ? counts[i] : 0)).reduce((a, b) => a + b, 0));
    expect(workflow.states.length).toBeLessThan(1000);
    const follower = new Follower(workflow);
    const leaves = Array.from({ length: table.distinct }, (_, d) => follower.follow(table.sequence(d)).departures.length > 0);
    const share = (abnormal: boolean): number => {
      const rows = Array.from(split.parts.keys()).filter((s) => split.parts[s] === PART.test && (table.labels[s] === ABNORMAL) === abnormal);
      return rows.filter((s) => leaves[table.sequenceOf[s]]).length / rows.length;
    };
    expect(share(false)).toBeLessThan(0.005);
    expect(share(true)).toBeGreaterThan(0.99);
  });
});
