import { expect, it } from "vitest";
import { parseSearch, stringifySearch, validateSearch } from "./search";

it("the URL's query is kept, whatever the filter holds", () => {
  const search = {
    experiment: ["2", "my shop & co"],
    filter: "name = 'é+%20#&=?' AND tokens > 10000",
    from: "-24h",
    trace: "tr-0123456789abcdef0123456789abcdef",
  };
  expect(parseSearch(stringifySearch(search))).toEqual(search);
});

it("a filter stays readable in the URL", () => {
  expect(stringifySearch({ filter: "status = 'ERROR'" })).toBe("?filter=status+=+'ERROR'");
});

it("empty and unknown keys are left out", () => {
  expect(parseSearch("?filter=&experiment=&unknown=1")).toEqual({});
  expect(validateSearch({ from: "-1h", strange: true })).toEqual({ from: "-1h" });
  expect(stringifySearch({})).toBe("");
});
