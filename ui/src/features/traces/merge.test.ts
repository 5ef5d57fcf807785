import { describe, expect, it } from "vitest";
import type { TraceSummary } from "../../api/types";
import { insertTraces, type Pages, updateTraces } from "./merge";
import { isNewestFirst, nextOrder } from "./order";

function trace(id: string, start: number, state: TraceSummary["state"] = "OK"): TraceSummary {
  return { trace_id: id, start_ns: String(start), state } as TraceSummary;
}

function pages(rows: TraceSummary[][], next: string | null): Pages {
  return {
    pages: rows.map((traces, index) => ({ traces, next_page_token: index < rows.length - 1 ? "more" : next })),
    pageParams: rows.map(() => null),
  };
}

const ids = (data: Pages) => data.pages.map((page) => page.traces.map((one) => one.trace_id));

describe("live traces", () => {
  it("update what is there in its place", () => {
    const before = pages([[trace("b", 2), trace("a", 1)]], null);
    const { data, unknown } = updateTraces(before, [trace("a", 1, "ERROR"), trace("c", 3)]);
    expect(data.pages[0]?.traces[1]?.state).toBe("ERROR");
    expect(unknown.map((one) => one.trace_id)).toEqual(["c"]);
  });

  it("change nothing when they are all unknown", () => {
    const before = pages([[trace("a", 1)]], null);
    expect(updateTraces(before, [trace("z", 9)]).data).toBe(before);
  });

  it("are inserted by their start, wherever that is", () => {
    const before = pages([[trace("d", 40), trace("c", 30)], [trace("b", 20)]], "next");
    expect(ids(insertTraces(before, [trace("e", 50), trace("x", 35), trace("y", 25), trace("old", 1)]))).toEqual([
      ["e", "d", "x", "c"],
      ["y", "b"],
    ]);
  });

  it("come last where nothing more is to load, and first into an empty list", () => {
    expect(ids(insertTraces(pages([[trace("b", 2)]], null), [trace("a", 1)]))).toEqual([["b", "a"]]);
    expect(ids(insertTraces(pages([[]], null), [trace("a", 1)]))).toEqual([["a"]]);
  });
});

describe("order by clicks", () => {
  it.each([
    [undefined, { order: "tokens", numeric: true }, "tokens DESC"],
    ["tokens DESC", { order: "tokens", numeric: true }, "tokens ASC"],
    ["tokens ASC", { order: "tokens", numeric: true }, undefined],
    ["tokens DESC", { order: "name" }, "name ASC"],
    ["name ASC", { order: "name" }, "name DESC"],
    [undefined, { order: "start" }, "start ASC"],
    ["start ASC", { order: "start" }, undefined],
    ["tokens DESC", {}, "tokens DESC"],
  ])("%s and %o", (text, column, result) => {
    expect(nextOrder(text, column)).toBe(result);
  });

  it("newest first is the default", () => {
    expect(isNewestFirst(undefined)).toBe(true);
    expect(isNewestFirst("start DESC")).toBe(true);
    expect(isNewestFirst("start ASC")).toBe(false);
  });
});
