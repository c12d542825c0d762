export { reportPage, type ReportFacts } from './page.js';
