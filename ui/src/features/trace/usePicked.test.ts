import { act, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { usePicked } from "./usePicked";

function start(first: string | null) {
  const asked: string[] = [];
  const hook = renderHook(({ address }) => usePicked(address, (id) => asked.push(id)), {
    initialProps: { address: first },
  });
  return {
    asked,
    now: () => hook.result.current[0],
    pick: (id: string) => act(() => hook.result.current[1](id)),
    address: (address: string | null) => hook.rerender({ address }),
  };
}

test("what is picked counts before the address has changed", () => {
  const page = start("a");
  page.pick("b");
  expect([page.now(), page.asked]).toEqual(["b", ["b"]]);
});

test("an address that lags behind does not take the selection back", () => {
  const page = start("a");
  page.pick("b");
  page.pick("c");
  page.address("b");
  expect(page.now()).toBe("c");
  page.address("c");
  expect(page.now()).toBe("c");
});

test("going back in the history selects what was there", () => {
  const page = start("a");
  page.pick("b");
  page.address("b");
  page.address("a");
  expect(page.now()).toBe("a");
  page.address(null);
  expect(page.now()).toBeNull();
});
