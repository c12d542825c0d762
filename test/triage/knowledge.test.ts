import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ASK_ONCE, FRUGAL, Knowledge, type TriageRules } from '../../deeplog/triage/index.js';

/** Judges sessions of (patterns, label) in order, answering every question; what became of each. */
function play(rules: TriageRules, sessions: readonly (readonly [patterns: string, abnormal: boolean, group?: string])[]): string {
  const knowledge = new Knowledge(rules);
  return sessions.map(([patterns, abnormal, group = patterns], now) => {
    const outcome = knowledge.judge(patterns.split(' '), group, now);
    if (outcome === 'question') knowledge.answer(patterns.split(' '), group, abnormal, now);
    return { question: '?', alert: '!', quiet: '.' }[outcome];
  }).join('');
}

describe('asking once', () => {
  it('asks at the first session of a pattern; its answer holds for the later ones, right or wrong', () => {
    expect(play(ASK_ONCE, [['a', false], ['b', true], ['a', false], ['b', true], ['a', true], ['c', false]])).toBe('??.!.?');
  });

  it('gives the answer to every pattern of the session that had none; a session alerts when one of its patterns does', () => {
    //                       a, b abnormal    b alone: follows    c new: asks, normal   c and a: a alerts   only c: quiet
    expect(play(ASK_ONCE, [['a b', true], ['b', false], ['a c', false], ['c a', false], ['c', false]])).toBe('?!?!.');
  });

  it('asks again about a pattern that was not seen for a while, and only then', () => {
    const ageing = { ...ASK_ONCE, maxAge: 2 };
    expect(play(ageing, [['a', false], ['x', true], ['a', false], ['x', true], ['x', true], ['a', false]])).toBe('??.!!?');
    // Being seen keeps an answer alive, however old it is.
    expect(play(ageing, [['a', false], ['x', true], ['a', false], ['x', true], ['a', false], ['x', true], ['a', false]])).toBe('??.!.!.');
  });
});

describe('careful blame', () => {
  const careful: TriageRules = { ...ASK_ONCE, credit: 'careful', mostQuestions: 3 };

  it('clears what was in a normal session, and convicts what is left of an abnormal one', () => {
    // a b abnormal: two suspects. a c normal: a is cleared, c too. b: the one left, asked about and convicted. a b: b alerts without asking.
    expect(play(careful, [['a b', true], ['a c', false], ['b', true], ['a b', true], ['a', false], ['c', false]])).toBe('???!..');
  });

  it('where asking once blames the bystander', () => {
    const sessions: [string, boolean][] = [['a b', true], ['b', false], ['b', false], ['a', true]];
    expect(play(ASK_ONCE, sessions)).toBe('?!!!');
    expect(play(careful, sessions)).toBe('??.?');
  });

  it('stops asking about suspects that are never told apart', () => {
    expect(play(careful, Array.from({ length: 6 }, (): [string, boolean] => ['a b', true]))).toBe('???!!!');
  });
});

describe('joint blame', () => {
  const joint: TriageRules = { ...ASK_ONCE, credit: 'joint', mostQuestions: 3 };

  it('is quiet only where one answer cleared all patterns together', () => {
    //                     a b normal    a: a part of it   c normal      a c: cleared, not together   follows    a b c
    expect(play(joint, [['a b', false], ['a', false], ['c', false], ['a c', true], ['a c', true], ['a b', false], ['b c', false]])).toBe('?.??!.?');
    // Clearing one by one would have been silent about the combination.
    expect(play({ ...joint, credit: 'careful' }, [['a b', false], ['c', false], ['a c', true]])).toBe('??.');
  });

  it('convicts the one that is left, as careful blame does', () => {
    expect(play(joint, [['a', false], ['a b', true], ['b c', true], ['b', true]])).toBe('??!!');
  });
});

describe('frugal asking', () => {
  it('alerts at the first sighting and asks at the second', () => {
    expect(play(FRUGAL, [['a', false], ['b', true], ['a', false], ['a', false], ['c', true]])).toBe('!!?.!');
  });

  it('lets a new pattern follow two answers about its group that agree, and asks when they do not', () => {
    const rules = { ...FRUGAL, askAt: 1 };
    expect(play(rules, [['a', false, 'g'], ['b', false, 'g'], ['c', false, 'g'], ['d', true, 'h']])).toBe('??.?');
    expect(play(rules, [['a', false, 'g'], ['b', true, 'g'], ['c', false, 'g']])).toBe('???');
  });
});

it('answers every question at most once a pattern when patterns stand alone: brute force', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.boolean()), { maxLength: 40 }), (sessions) => {
    const first = new Map<string, boolean>();
    const expected = sessions.map(([pattern, abnormal]) => {
      const answer = first.get(pattern);
      if (answer === undefined) first.set(pattern, abnormal);
      return answer === undefined ? '?' : answer ? '!' : '.';
    }).join('');
    expect(play(ASK_ONCE, sessions)).toBe(expected);
  }), { seed: 6 });
});
