// Prints what the first page costs, gzipped, and fails above the limit. The first page is index.html, what it links, and
// everything the list needs: the chunks that the entry imports, and those of the filter bar's editor.
import { readFileSync, statSync } from "node:fs";

const LIMIT_KB = 350;
const dist = new URL("../dist/", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, "utf8"));
const FIRST_PAGE = ["index.html", "src/features/filter/FilterEditor.tsx"];

const files = new Set(["index.html", "theme.js", "favicon.svg"]);
const seen = new Set();
function visit(key) {
  if (seen.has(key)) return;
  seen.add(key);
  const chunk = manifest[key];
  if (!chunk) throw new Error(`dist/.vite/manifest.json has no entry ${key}`);
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const next of chunk.imports ?? []) visit(next);
}
for (const key of FIRST_PAGE) visit(key);

const gzipped = (file) => statSync(`${dist}${file}.gz`).size;
const all = [...files].map((file) => [file, gzipped(file)]).sort((a, b) => b[1] - a[1]);
for (const [file, size] of all) console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  ${file}`);
const total = all.reduce((sum, [, size]) => sum + size, 0) / 1000;
console.log(`${total.toFixed(1).padStart(8)} kB  first page, gzipped (limit ${LIMIT_KB} kB)`);
if (total > LIMIT_KB) process.exit(1);
