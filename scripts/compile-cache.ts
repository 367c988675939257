/** What Node has compiled is kept on disk, so that what starts again starts in a fraction of the time. */
import { enableCompileCache, getCompileCacheDir } from "node:module";
import { dirname } from "node:path";

/** Keeps what this process loads from now on; threads and processes that it starts find it, and keep theirs there. */
export function shareCompileCache(): void {
  enableCompileCache();
  // Undefined where it is turned off, or its folder cannot be written.
  const folder = getCompileCacheDir();
  if (folder !== undefined) process.env["NODE_COMPILE_CACHE"] ??= dirname(folder);
}
