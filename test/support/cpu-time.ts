/** What this process has computed so far, in milliseconds: what else the machine does makes it no longer. */
export function cpuTimeMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
