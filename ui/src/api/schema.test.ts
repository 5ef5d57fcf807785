// @vitest-environment node
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { generate } from "../../scripts/generate.mjs";

it("the types are those of the server's OpenAPI document", async () => {
  const committed = readFileSync(new URL("./schema.d.ts", import.meta.url), "utf8");
  expect(committed, "run `npm run generate`").toBe(await generate());
});
