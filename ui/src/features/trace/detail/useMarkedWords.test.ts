import { expect, test } from "vitest";
import { rangesOf } from "./useMarkedWords";

test("whole words are marked in any case, across elements", () => {
  const box = document.createElement("div");
  box.innerHTML = "<p>The Refund is <b>refund</b>, not refunded.</p><p>Our policy</p>";
  expect(rangesOf(box, ["refund", "policy"]).map(String)).toEqual(["Refund", "refund", "policy"]);
});

test("a word is found within a text that has no blanks", () => {
  const box = document.createElement("div");
  box.textContent = "请问退款政策";
  expect(rangesOf(box, ["退款"]).map(String)).toEqual(["退款"]);
});

test("a text full of a word gets no more marks than can be told apart", () => {
  const box = document.createElement("div");
  box.textContent = "again ".repeat(2000);
  expect(rangesOf(box, ["again"]).length).toBe(500);
});
