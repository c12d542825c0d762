export { bucketFor, bucketLengths } from './buckets.js';
export { LineBook } from './line_book.js';
export { ANY_DIGIT, DIGITS, tokensOf, type Digits } from './tokens.js';
export { END_OF_LINE, TokenCounts, TokenVocabulary, UNKNOWN } from './token_vocabulary.js';
