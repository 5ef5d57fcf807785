// One shape for each span type, so that types differ without colour. The colour comes from `data-span-type`.
import type { ReactNode } from "react";

export function SpanTypeIcon({ type, size = 16 }: { type: string; size?: number }) {
  return (
    <svg
      data-span-type={type}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="var(--type-fg)"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      role="img"
      aria-label={type}
      style={{ flex: "none" }}
    >
      {SHAPES[type] ?? UNKNOWN}
    </svg>
  );
}

const FILL = "var(--type-fg)";

const SPARK = <path d="M8 1.8 9.7 6.3 14.2 8 9.7 9.7 8 14.2 6.3 9.7 1.8 8 6.3 6.3z" />;

const UNKNOWN = (
  <>
    <circle cx="8" cy="8" r="5" strokeDasharray="2.6 2.63" />
    <circle cx="8" cy="8" r="1.1" fill={FILL} stroke="none" />
  </>
);

const SHAPES: Record<string, ReactNode> = {
  LLM: SPARK,
  CHAT_MODEL: (
    <>
      <path d="M2.5 3h11v8H8l-3 2.5V11H2.5z" />
      <path d="M8 4.8 8.7 6.3 10.2 7 8.7 7.7 8 9.2 7.3 7.7 5.8 7 7.3 6.3z" fill={FILL} stroke="none" />
    </>
  ),
  AGENT: (
    <>
      <rect x="2.5" y="5" width="11" height="8" rx="2" />
      <path d="M8 5V2.5" />
      <circle cx="5.7" cy="9" r=".9" fill={FILL} stroke="none" />
      <circle cx="10.3" cy="9" r=".9" fill={FILL} stroke="none" />
    </>
  ),
  TOOL: (
    <path d="M13.3 5.2a3.3 3.3 0 0 1-4.4 3.8l-4.3 4.3a1.35 1.35 0 0 1-1.9-1.9L7 7.1a3.3 3.3 0 0 1 3.8-4.4L8.9 4.6l.4 2.1 2.1.4z" />
  ),
  RETRIEVER: (
    <>
      <ellipse cx="7" cy="4" rx="4.5" ry="1.7" />
      <path d="M2.5 4v7.5c0 .9 2 1.7 4.5 1.7M11.5 4v3.2M2.5 7.8c0 .9 1.8 1.6 4 1.7" />
      <circle cx="11" cy="10.8" r="1.9" />
      <path d="m12.4 12.2 1.3 1.3" />
    </>
  ),
  EMBEDDING: (
    <g fill={FILL} stroke="none">
      <circle cx="4" cy="4" r="1.5" />
      <circle cx="8" cy="4" r="1" />
      <circle cx="12" cy="4" r="1.5" />
      <circle cx="4" cy="8" r="1" />
      <circle cx="8" cy="8" r="1.5" />
      <circle cx="12" cy="8" r="1" />
      <circle cx="4" cy="12" r="1.5" />
      <circle cx="8" cy="12" r="1" />
      <circle cx="12" cy="12" r="1.5" />
    </g>
  ),
  RERANKER: <path d="M4.5 12.5v-9M2.5 5.5l2-2 2 2M9 4h4.5M9 8h3.5M9 12h2" />,
  CHAIN: (
    <path d="M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2.2-2.2A2.6 2.6 0 0 0 9 3.3l-.8.8M9.2 6.8a2.6 2.6 0 0 0-3.7 0L3.3 9A2.6 2.6 0 0 0 7 12.7l.8-.8" />
  ),
  WORKFLOW: <path d="M2.5 2.5h4v4h-4zM9.5 9.5h4v4h-4zM4.5 6.5v5h5" />,
  TASK: (
    <>
      <rect x="2.5" y="2.5" width="11" height="11" rx="2" />
      <path d="m5.3 8.3 2 2 3.5-4.3" />
    </>
  ),
  GUARDRAIL: <path d="M8 2 13 3.8v4c0 3-2 5.2-5 6.2-3-1-5-3.2-5-6.2v-4z" />,
  EVALUATOR: <path d="M8 2.5v11M5 13.5h6M3 4.5h10M3 4.5 1.5 9h3zM13 4.5 11.5 9h3z" />,
  MEMORY: (
    <path d="M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14" />
  ),
  PARSER: (
    <path d="M6 2.5c-2 0-2 1-2 2.5S3.5 8 2.5 8C3.5 8 4 9.5 4 11s0 2.5 2 2.5M10 2.5c2 0 2 1 2 2.5s.5 3 1.5 3c-1 0-1.5 1.5-1.5 3s0 2.5-2 2.5" />
  ),
};
