// Checks the filter's text with the server while it is written.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { checkFilter } from "../../api/queries";
import type { FilterCheck, FilterProblem } from "../../api/types";
import { toUtf16 } from "../../lib/utf8";

const DELAY_MS = 180;

export function checkQuery(text: string) {
  return {
    queryKey: ["filter", text],
    queryFn: ({ signal }: { signal: AbortSignal }) => checkFilter(text, signal),
    staleTime: Number.POSITIVE_INFINITY,
  };
}

/** Returns the answer for this text, or undefined while it is not known. */
export function useFilterCheck(text: string): FilterCheck | undefined {
  const settled = useSettled(text);
  const check = useQuery({ ...checkQuery(settled), enabled: settled.trim() !== "" });
  return settled === text && text.trim() !== "" ? check.data : undefined;
}

/**
 * Returns the problems that are worth showing while one writes. Those at the cursor, or with only blanks between them and
 * it, may only mean that something is not written to its end.
 */
export function worthShowing(text: string, problems: readonly FilterProblem[], cursor: number): FilterProblem[] {
  return problems.filter((problem) => {
    const [start, end] = [toUtf16(text, problem.start), toUtf16(text, problem.end)];
    if (cursor < start) return true;
    return cursor > end && text.slice(end, cursor).trim() !== "";
  });
}

/** Returns the text with a problem's suggestion in its place. */
export function fixed(text: string, problem: FilterProblem): string {
  if (problem.suggestion === null) return text;
  return text.slice(0, toUtf16(text, problem.start)) + problem.suggestion + text.slice(toUtf16(text, problem.end));
}

/**
 * Returns the search that a text means whose only fault is that it is words and no clause (`refund`), or null. Such a text
 * needs no second Enter.
 */
export function searchOf(text: string, problems: readonly FilterProblem[]): string | null {
  const [only, ...more] = problems;
  if (!only?.suggestion?.startsWith("text ~ ") || more.length > 0 || !only.message.includes("is no clause"))
    return null;
  return fixed(text, only).trim();
}

/** Returns whether what was expected is news: some messages list it themselves. */
export function saysMore({ message, expected, suggestion }: FilterProblem): boolean {
  return suggestion === null && expected.length > 0 && !expected.some((one) => message.includes(`\`${one}\``));
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), DELAY_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
