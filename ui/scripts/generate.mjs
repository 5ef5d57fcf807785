// Generates `src/api/schema.d.ts` from the server's OpenAPI snapshot. A unit test fails when they differ.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const SNAPSHOT = new URL("../../docs/openapi.json", import.meta.url);
const TARGET = new URL("../src/api/schema.d.ts", import.meta.url);

export async function generate() {
  const nodes = await openapiTS(JSON.parse(readFileSync(SNAPSHOT, "utf8")), { alphabetize: true });
  return `// Generated from docs/openapi.json by \`npm run generate\`.\n\n${astToString(nodes)}`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) writeFileSync(TARGET, await generate());
