// Writes a `.gz` beside each file of `dist`. The binary embeds only those, and unpacks for the rare client without gzip.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist", import.meta.url).pathname;
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  // Vite's manifest is for the size script alone.
  if (!entry.isFile() || entry.name.endsWith(".gz") || entry.parentPath.includes(".vite")) continue;
  const path = join(entry.parentPath, entry.name);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
}
