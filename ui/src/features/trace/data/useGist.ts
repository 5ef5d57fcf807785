// What was asked and answered in a trace: as its root says, else as the calls of models in it do.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { TraceRecord } from "../../../api/types";
import { idOf, type Skeleton } from "../model/skeleton";
import { outerModelCalls } from "../model/story";
import { previewQuery } from "./previews";

export interface TraceGist {
  input: string | null;
  output: string | null;
}

/** Some frameworks leave the root without input and output; then the first call has the one, the last the other. */
export function useGist(record: TraceRecord, skeleton: Skeleton | undefined): TraceGist {
  const calls = useMemo(() => skeleton && outerModelCalls(skeleton), [skeleton]);
  const first = useCallPreview(skeleton, record.input === null ? (calls?.first ?? -1) : -1);
  const last = useCallPreview(skeleton, record.output === null ? (calls?.last ?? -1) : -1);
  return { input: record.input ?? first?.input ?? null, output: record.output ?? last?.output ?? null };
}

function useCallPreview(skeleton: Skeleton | undefined, row: number) {
  const id = skeleton && row >= 0 ? idOf(skeleton, row) : "";
  return useQuery({ ...previewQuery(skeleton?.traceId ?? "", id), enabled: id !== "" }).data;
}
