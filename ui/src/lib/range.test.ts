import { expect, it } from "vitest";
import { fix, label, resolve, wider } from "./range";

const NOW = Date.UTC(2026, 10, 25, 12, 0, 0);

it("bounds are ms, ISO 8601 or relative", () => {
  expect(resolve("-15m", NOW)).toBe(NOW - 900_000);
  expect(resolve("1764000000000", NOW)).toBe(1_764_000_000_000);
  expect(resolve("2026-11-25T10:00:00Z", NOW)).toBe(NOW - 7_200_000);
  expect(resolve(undefined, NOW)).toBeNull();
  expect(resolve("yesterday", NOW)).toBeNull();
});

it("a fixed range does not move with the clock", () => {
  expect(fix({ from: "-1h" }, NOW)).toEqual({ from: String(NOW - 3_600_000), to: undefined });
});

it("widening goes up the presets, then to all time", () => {
  expect(wider({ from: "-15m" }, NOW)).toEqual({ from: "-1h" });
  expect(wider({ from: String(NOW - 7_200_000) }, NOW)).toEqual({ from: "-24h" });
  expect(wider({ from: "-30d" }, NOW)).toEqual({});
  expect(wider({ from: "-15m", to: String(NOW) }, NOW)).toEqual({});
});

it("a range is named", () => {
  expect(label({}, NOW)).toBe("All time");
  expect(label({ from: "-24h" }, NOW)).toBe("Last 24 hours");
  expect(label({ from: String(NOW) }, NOW)).toMatch(/^Since Nov 25/);
});
