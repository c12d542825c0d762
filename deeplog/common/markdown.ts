/** Text of a log as code in a Markdown table, cut at `longest` characters: nothing in it is taken for markup. */
export function codeCell(text: string, longest: number): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return `\`${cut.replace(/[\r\n]+/g, ' ').replace(/[`|]/g, (x) => (x === '|' ? '\\|' : "'"))}\``;
}
