import { describe, expect, it } from 'vitest';
import { renderHtml, renderText, type Diagnosis, type SessionLine } from '../../deeplog/diagnosis/index.js';
import { summarise } from '../../deeplog/diagnosis/summary.js';

const line = (index: number, marks: SessionLine['marks'] = []): SessionLine => ({ index, line: 100 + index, event: 1, template: 'open <*>', raw: `open <b>${index}</b>`, elapsedMs: 10, marks });

const workflow: Diagnosis['workflow'] = {
  departures: [{ index: 30, line: 130, event: 7, template: 'oops <*>', reason: 'event 7 leaves the workflow after 30 events; expected event 2 (90.0 %)', expected: [{ event: 2, template: 'close <*>', probability: 0.9 }, { event: null, template: 'the end of the session', probability: 0.0001 }] }],
  endedEarly: { index: 60, line: null, event: null, template: null, reason: 'early', expected: [{ event: 2, template: 'close <*>', probability: 1 }] },
};
const values = [{ index: 5, line: 105, event: 1, template: 'open <*>', column: 'elapsed_ms', value: 120000, low: 1.25, high: 2000, score: 50 }];
const keys = { g: 9, outside: [{ index: 30, line: 130, event: 7, template: 'oops <*>', rank: 12, probability: 0, expected: [] }] };
const diagnosis: Diagnosis = {
  key: 'blk_1', label: true, summary: summarise({ workflow, keys, values }, 60), workflow, keys, values,
  lines: Array.from({ length: 60 }, (_, i) => line(i, i === 30 ? ['workflow', 'key'] : i === 5 ? ['value'] : [])),
};

describe('a diagnosis in words', () => {
  it('says first where it left the workflow, with the line, the template and what was expected', () => {
    expect(diagnosis.summary).toEqual([
      'It left the workflow at line 130 (“oops <*>”): event 7 leaves the workflow after 30 events. Expected there: close <*> (90.0 %).',
      'It ended early, after 60 events, where no training session ended. Expected next: close <*> (100.0 %).',
      '1 event is not among the 9 most likely: event 7 (“oops <*>”) at line 130 (p 0, unknown from training).',
      '1 value is outside the interval: elapsed_ms is 120,000 at line 105, expected 1.25 to 2,000.',
    ]);
  });

  it('says so when nothing is found, and says nothing of models that were not asked', () => {
    expect(summarise({ workflow: null, keys: null, values: [] }, 3)).toEqual(['None of the models asked finds anything unusual here.']);
  });
});

describe('a diagnosis on paper', () => {
  it('shows the marked lines of a long session with their neighbours, and counts the rest', () => {
    const text = renderText(diagnosis);
    expect(text).toMatch(/^blk_1 · 60 events · labelled abnormal\n/);
    expect(text).toMatch(/130 > open <b>30<\/b> {3}\[workflow, key\]/);
    expect(text).toContain('… 3 more\n      103   open');
    expect(text).toContain('the session ends here, too early');
    expect(text).not.toContain('open <b>15</b>');
  });

  it('is a page without scripts or anything from elsewhere, and shows a log as text', () => {
    const html = renderHtml([diagnosis], ['input <x>']);
    expect(html).toContain('open &lt;b&gt;30&lt;/b&gt;');
    expect(html).toContain('input &lt;x&gt;');
    expect(html).not.toMatch(/<script|https?:|<b>|src=|@import/);
  });
});
