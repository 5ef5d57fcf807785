import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, renderHook, screen } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import type { Assessment } from "../../../api/types";
import { ToastLayer } from "../../../components/toast/toast";
import { recreation, useAssess } from "./useAssess";

const OLD: Assessment = {
  assessment_id: "a-1",
  trace_id: "tr-1",
  name: "tone",
  kind: "feedback",
  value: 0,
  error: null,
  source: { type: "HUMAN", id: "user" },
  span_id: null,
  rationale: "curt",
  metadata: { round: "2" },
  created_ns: "1",
  last_updated_ns: "1",
  valid: true,
  overrides: null,
};

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("a deleted assessment can be had back", async () => {
  const sent: [string, string, unknown][] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    sent.push([String(init.method), url, typeof init.body === "string" ? JSON.parse(init.body) : null]);
    return new Response(null, { status: 204 });
  });
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  render(<ToastLayer />);
  const { result } = renderHook(() => useAssess("tr-1"), { wrapper });
  act(() => result.current.remove(OLD));
  fireEvent.click(await screen.findByText("Undo"));
  await vi.waitFor(() => expect(sent.length).toBe(2));
  expect(sent[0]?.slice(0, 2)).toEqual(["DELETE", "/api/v1/traces/tr-1/assessments/a-1"]);
  expect(sent[1]).toEqual(["POST", "/api/v1/traces/tr-1/assessments", recreation(OLD)]);
  expect(screen.queryByText("Undo")).toBeNull();
});

test("what was made anew says all that the old one said", () => {
  expect(recreation(OLD)).toEqual({
    name: "tone",
    kind: "feedback",
    value: 0,
    source: { type: "HUMAN", id: "user" },
    span_id: null,
    rationale: "curt",
    metadata: { round: "2" },
  });
  expect(recreation({ ...OLD, valid: false })).toBeNull();
  expect(recreation({ ...OLD, value: null })).toBeNull();
});
