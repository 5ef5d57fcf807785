import { describe, expect, it } from "vitest";
import { ago, bytes, cost, count, duration, exactCost, nsToMs, plain, timeSpan } from "./format";

describe("duration", () => {
  it.each([
    [812, "812 ns"],
    [1_500, "1.50 µs"],
    [12_400_000, "12.4 ms"],
    [999_600_000, "1.00 s"],
    [1_240_000_000, "1.24 s"],
    [59_960_000_000, "1m 00 s"],
    [125_000_000_000, "2m 05 s"],
    [3_725_000_000_000, "1h 02 m"],
    [93_600_000_000_000, "1d 02 h"],
  ])("%d ns is %s", (ns, text) => {
    expect(plain(duration(ns))).toBe(text);
  });
});

describe("count and cost", () => {
  it.each([
    [941, "941"],
    [12_345, "12.3k"],
    [999_499, "999k"],
    [4_560_000, "4.56M"],
  ])("%d is %s", (value, text) => {
    expect(plain(count(value))).toBe(text);
  });

  it.each([
    [0, "$0"],
    [0.0042, "$0.0042"],
    [0.01, "$0.010"],
    [0.009996, "$0.010"],
    [0.0001, "$0.00010"],
    [0.00001234, "<$0.0001"],
    [0.5, "$0.50"],
    [12.345, "$12.35"],
    [12_345, "$12.3k"],
  ])("%d dollars are %s", (value, text) => {
    expect(plain(cost(value))).toBe(text);
  });
});

it("the parts of a cost are never below what can be said", () => {
  expect([0, 0.00001234, 0.0042, 1.5].map(exactCost)).toEqual(["$0", "$0.000012", "$0.0042", "$1.50"]);
});

it("sizes are binary", () => {
  expect(plain(bytes(812))).toBe("812 B");
  expect(plain(bytes(65_536))).toBe("64.0 KiB");
  expect(plain(bytes(5 * 1024 * 1024))).toBe("5.00 MiB");
});

it("relative time grows with its distance", () => {
  const now = 1_764_000_000_000;
  expect([0, 12, 240, 7300, 180_000, 3_000_000, 40_000_000].map((seconds) => ago(now - seconds * 1000, now))).toEqual([
    "now",
    "12s",
    "4m",
    "2h",
    "2d",
    "4w",
    "1y",
  ]);
});

it("nanoseconds as text become milliseconds without losing digits", () => {
  expect(nsToMs("1764000000123456789")).toBe(1_764_000_000_123);
});

it("a span of time is no finer than it must be", () => {
  const start = new Date(2026, 10, 25, 11).getTime();
  expect(timeSpan(start, start + 900_000)).toBe("Nov 25, 11:00 – 11:15");
  expect(timeSpan(start, start + 10_000)).toBe("Nov 25, 11:00:00 – 11:00:10");
  expect(timeSpan(start, start + 43_200_000)).toBe("Nov 25, 11:00 – 23:00");
  expect(timeSpan(start, start + 50_400_000)).toBe("Nov 25, 11:00 – Nov 26, 01:00");
  expect(timeSpan(start, start + 7 * 86_400_000)).toBe("Nov 25 – Dec 2");
});
