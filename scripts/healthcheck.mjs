// For a container: exit code 0 when the service on this port takes requests.
const port = process.argv[2] ?? '8080';
const { ok } = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => ({ ok: false }));
process.exit(ok ? 0 : 1);
