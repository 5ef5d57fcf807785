// The page of one trace, in the drawer over the list and on a page of its own.

export interface TracePageProps {
  traceId: string;
  spanId: string | null;
  onSelectSpan(id: string): void;
  onClose?(): void;
  onStep?(delta: 1 | -1): void;
  layout: "drawer" | "page";
}

export default function TracePage({ traceId }: TracePageProps) {
  return <h1 className="mono">{traceId}</h1>;
}
