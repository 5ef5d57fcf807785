import { describe, expect, test, vi } from "vitest";
import { openPreviews } from "./previews";
import { axisEnd, ticks, zoomTo } from "./time";

describe("time axis", () => {
  const labels = (from: number, to: number, width: number) => ticks({ from, to }, width).map((tick) => tick.label);
  test("round labels", () => expect(labels(0, 2.1e9, 340)).toEqual(["0", "500 ms", "1 s", "1.5 s", "2 s"]));
  test("of a zoomed window", () =>
    expect(labels(1.23e6, 1.31e6, 290)).toEqual(["1.24 ms", "1.26 ms", "1.28 ms", "1.3 ms"]));
  test("none without room", () => expect(labels(0, 100, 0)).toEqual([]));
  test("a zoom is clipped to the trace", () => expect(zoomTo(80, -5, 60)).toEqual({ from: 0, to: 60 }));
  test("a click is no zoom", () => expect(zoomTo(5, 5, 100)).toBeNull());
  test("an open trace lasts to now", () => expect(axisEnd(1e9, true, 0, 4000)).toEqual({ end: 4e9, stalled: false }));
  test("a stalled one does not", () => expect(axisEnd(1e9, true, 0, 86_400_000).stalled).toBe(true));
  test("a finished one ends where it ended", () =>
    expect(axisEnd(5, false, 0, 1e12)).toEqual({ end: 5, stalled: false }));
});

describe("previews", () => {
  const preview = (span_id: string) => ({ span_id, input: `in ${span_id}`, output: null, error: null });
  test("only the rows that are still wanted are asked for, together, and once", async () => {
    const ask = vi.fn(async (_: string, ids: string[]) => ids.map(preview));
    const previews = openPreviews("tr-1", ask);
    previews.want(["a"]);
    previews.want(["b", "c"]);
    await vi.waitFor(() => expect(previews.get("c")?.input).toBe("in c"));
    expect(ask.mock.calls).toEqual([["tr-1", ["b", "c"]]]);
    previews.want(["b", "c", "d"]);
    await vi.waitFor(() => expect(previews.get("d")).toBeDefined());
    expect(ask.mock.calls[1]).toEqual(["tr-1", ["d"]]);
  });
  test("more than one request takes are asked for in turn", async () => {
    const ask = vi.fn(async (_: string, ids: string[]) => ids.map(preview));
    const previews = openPreviews("tr-1", ask);
    previews.want(Array.from({ length: 450 }, (_, n) => `s${n}`));
    await vi.waitFor(() => expect(previews.get("s449")).toBeDefined());
    expect(ask.mock.calls.map(([, ids]) => ids.length)).toEqual([200, 200, 50]);
  });
  test("what failed is asked for again", async () => {
    const ask = vi.fn(async (_: string, ids: string[]) => ids.map(preview)).mockRejectedValueOnce(new Error("gone"));
    const previews = openPreviews("tr-1", ask);
    previews.want(["a"]);
    await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(1));
    previews.want(["a"]);
    await vi.waitFor(() => expect(previews.get("a")).toBeDefined());
  });
});
