/** `npm run bench -- <name> [flags]` runs bench/<name>.ts: one file per performance claim. */
const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !/^[a-z_]+$/.test(name)) {
  console.error('Usage: npm run bench -- <name>, where bench/<name>.ts exists; for example: npm run bench -- engine');
  process.exit(2);
}
const { main } = (await import(`./${name}.ts`)) as { main(argv: string[]): Promise<void> };
await main(rest);
