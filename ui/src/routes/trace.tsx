// One trace on a page of its own: `/traces/$traceId?span=…`.
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import TracePage from "../features/trace/TracePage";

export default function TraceRoute() {
  const { traceId } = useParams({ from: "/traces/$traceId" });
  const search = useSearch({ from: "/traces/$traceId" });
  const navigate = useNavigate();
  return (
    <main style={{ height: "100%" }}>
      <TracePage
        traceId={traceId}
        spanId={search.span ?? null}
        onSelectSpan={(span) =>
          navigate({ to: "/traces/$traceId", params: { traceId }, search: { ...search, span }, replace: true })
        }
        layout="page"
      />
    </main>
  );
}
