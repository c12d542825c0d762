import { describe, expect, it } from 'vitest';
import { triageInWords } from '../../run/run_detect.js';
import { nothingListed } from '../../run/run_triage.js';

describe('what is said of triage', () => {
  it('has no part that is about nothing', () => {
    expect(triageInWords({ accepted: 2, rejected: 0, open: 0, openPatterns: 0 })).toBe('triage: 2 more are quiet, their patterns were accepted');
    expect(triageInWords({ accepted: 0, rejected: 1, open: 3, openPatterns: 1 })).toBe('triage: 1 follows a rejected pattern; 3 have a pattern without an answer yet');
    expect(triageInWords({ accepted: 1, rejected: 2, open: 1200, openPatterns: 4 })).toBe('triage: 1 more is quiet, its pattern was accepted; 2 follow rejected patterns; 1,200 have one of 4 patterns without an answer yet');
  });

  it('tells a list in which all is answered from one in which nothing was noted', () => {
    expect(nothingListed('open', 'm', 2)).toBe('no open patterns in m (2 answered: --status all)');
    expect(nothingListed('open', 'm', 0)).toMatch(/^no open patterns in m; .*detect (-- )?--model m notes them$/);
    expect(nothingListed('all', 'm', 0)).toMatch(/^no patterns in m; /);
  });
});
