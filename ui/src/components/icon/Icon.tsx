// The icon set: 16 px, 1.5 px strokes in the text's colour. Decorative; whatever holds one gives it its name.
import type { ReactNode } from "react";

export type IconName = keyof typeof SHAPES;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      style={{ flex: "none" }}
    >
      {SHAPES[name]}
    </svg>
  );
}

const SHAPES = {
  traces: <path d="M2.5 3.5h8M5 8h8.5M7.5 12.5h4" />,
  sessions: <path d="M2.5 3h7.5v5.5H6L3.8 10.5V8.5H2.5zM6 11v.8h3.6l2.3 1.7v-1.7h1.6V6.3h-1" />,
  runs: <path d="M2.5 4l1.2 1.2L6 2.8M2.5 8.2l1.2 1.2L6 7M2.5 12.4l1.2 1.2L6 11.2M8.5 4.2h5M8.5 8.4h5M8.5 12.6h5" />,
  datasets: (
    <path d="M3 4c0-1 2.2-1.8 5-1.8S13 3 13 4s-2.2 1.8-5 1.8S3 5 3 4zM3 4v8c0 1 2.2 1.8 5 1.8s5-.8 5-1.8V4M3 8c0 1 2.2 1.8 5 1.8S13 9 13 8" />
  ),
  prompts: (
    <path d="M5.5 2.5c-2 0-2 1.2-2 2.7S3.3 8 2 8c1.3 0 1.5 1.3 1.5 2.8s0 2.7 2 2.7M10.5 2.5c2 0 2 1.2 2 2.7S12.7 8 14 8c-1.3 0-1.5 1.3-1.5 2.8s0 2.7-2 2.7" />
  ),
  scorers: <path d="M2.5 11.5a5.5 5.5 0 1 1 11 0M8 11.5l2.6-3.6M2.5 11.5h1.6M11.9 11.5h1.6M8 6v1.2" />,
  versions: (
    <>
      <circle cx="4.5" cy="3.8" r="1.5" />
      <circle cx="4.5" cy="12.2" r="1.5" />
      <circle cx="11.5" cy="6.2" r="1.5" />
      <path d="M4.5 5.3v5.4M11.5 7.7c0 2-3 1.8-5.8 3.3" />
    </>
  ),
  reviews: <path d="M2.5 3h11v7.5H7l-3 2.5v-2.5H2.5zM5.5 6.7l1.7 1.7 3.3-3.3" />,
  experiments: <path d="M6 2.5v4L2.8 12a1 1 0 0 0 .9 1.5h8.6a1 1 0 0 0 .9-1.5L10 6.5v-4M5 2.5h6M4.6 9.5h6.8" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.25" />
      <path d="m10.2 10.2 3.3 3.3" />
    </>
  ),
  filter: <path d="M2.5 4h11M4.5 8h7M6.5 12h3" />,
  chevronDown: <path d="m4.5 6.5 3.5 3.5 3.5-3.5" />,
  chevronRight: <path d="m6.5 4.5 3.5 3.5-3.5 3.5" />,
  chevronLeft: <path d="M9.5 4.5 6 8l3.5 3.5" />,
  chevronUp: <path d="M4.5 9.5 8 6l3.5 3.5" />,
  arrowUp: <path d="M8 13V3.5M4.5 7 8 3.5 11.5 7" />,
  arrowDown: <path d="M8 3v9.5M4.5 9 8 12.5 11.5 9" />,
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  check: <path d="m3.5 8.5 3 3 6-7" />,
  plus: <path d="M8 3.5v9M3.5 8h9" />,
  minus: <path d="M3.5 8h9" />,
  copy: <path d="M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" />,
  expand: <path d="M9.5 2.5h4v4M13.5 2.5l-5 5M6.5 13.5h-4v-4M2.5 13.5l5-5" />,
  link: (
    <path d="M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2.2-2.2A2.6 2.6 0 0 0 9 3.3l-.8.8M9.2 6.8a2.6 2.6 0 0 0-3.7 0L3.3 9A2.6 2.6 0 0 0 7 12.7l.8-.8" />
  ),
  external: <path d="M9 3h4v4M13 3 7.5 8.5M11.5 9.5V13H3V4.5h3.5" />,
  download: <path d="M8 2.5v7.5M4.5 7 8 10.5 11.5 7M3 13.5h10" />,
  upload: <path d="M8 10.5V3M4.5 6 8 2.5 11.5 6M3 13.5h10" />,
  trash: <path d="M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.6 9h6.8l.6-9M6.7 7.3v3.5M9.3 7.3v3.5" />,
  tag: (
    <>
      <path d="M2.5 7.5v-5h5l6 6-5 5z" />
      <circle cx="5.5" cy="5.5" r=".6" fill="currentColor" />
    </>
  ),
  columns: <path d="M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10" />,
  rows: <path d="M2.5 4h11M2.5 8h11M2.5 12h11" />,
  rowsCompact: <path d="M2.5 3h11M2.5 6.3h11M2.5 9.7h11M2.5 13h11" />,
  sun: (
    <>
      <circle cx="8" cy="8" r="2.6" />
      <path d="M8 1.8v1.1M8 13.1v1.1M1.8 8h1.1M13.1 8h1.1M3.6 3.6l.8.8M11.6 11.6l.8.8M12.4 3.6l-.8.8M4.4 11.6l-.8.8" />
    </>
  ),
  moon: <path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z" />,
  clock: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 5v3.2l2 1.3" />
    </>
  ),
  live: (
    <>
      <circle cx="8" cy="8" r="1.6" fill="currentColor" stroke="none" />
      <path d="M5 11a4.2 4.2 0 0 1 0-6M11 5a4.2 4.2 0 0 1 0 6M3 13A7 7 0 0 1 3 3M13 3a7 7 0 0 1 0 10" />
    </>
  ),
  sidebar: <path d="M2.5 3h11v10h-11zM6.5 3v10" />,
  facets: <path d="M2.5 4h2M7 4h6.5M2.5 8h2M7 8h4.5M2.5 12h2M7 12h6" />,
  help: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M6.4 6.4a1.6 1.6 0 1 1 2.3 1.5c-.5.3-.7.6-.7 1.1" />
      <circle cx="8" cy="11" r=".5" fill="currentColor" stroke="none" />
    </>
  ),
  warning: (
    <>
      <path d="M8 2.5 14 13H2z" />
      <path d="M8 6.5v3M8 11.2v.1" />
    </>
  ),
  running: <path d="M5 3v10l7.5-5z" fill="currentColor" />,
  refresh: <path d="M13 8a5 5 0 1 1-1.5-3.6L13 6M13 2.8V6H9.8" />,
  pencil: <path d="m3 13 .6-2.8 7.2-7.2a1.2 1.2 0 0 1 1.7 0l.5.5a1.2 1.2 0 0 1 0 1.7l-7.2 7.2z" />,
  undo: <path d="M5.5 3 2.5 6l3 3M2.5 6h7a3.5 3.5 0 0 1 0 7H6" />,
  dots: (
    <g fill="currentColor" stroke="none">
      <circle cx="3.5" cy="8" r="1.2" />
      <circle cx="8" cy="8" r="1.2" />
      <circle cx="12.5" cy="8" r="1.2" />
    </g>
  ),
  user: (
    <>
      <circle cx="8" cy="5.3" r="2.6" />
      <path d="M3 13.3a5.2 5.2 0 0 1 10 0" />
    </>
  ),
  command: (
    <path d="M6 6h4v4H6zM6 6V4.3A1.7 1.7 0 1 0 4.3 6zM10 6h1.7A1.7 1.7 0 1 0 10 4.3zM10 10v1.7A1.7 1.7 0 1 0 11.7 10zM6 10H4.3A1.7 1.7 0 1 0 6 11.7z" />
  ),
  thumbUp: (
    <path d="M5.5 7.5 8 2.5c1 0 1.6.7 1.4 1.7L9 6.5h3.3a1.2 1.2 0 0 1 1.2 1.5l-1.1 4.3a1.5 1.5 0 0 1-1.4 1.2H5.5zM2.5 7.5h3v6h-3z" />
  ),
  thumbDown: (
    <path d="M10.5 8.5 8 13.5c-1 0-1.6-.7-1.4-1.7L7 9.5H3.7A1.2 1.2 0 0 1 2.5 8l1.1-4.3A1.5 1.5 0 0 1 5 2.5h5.5zM13.5 8.5h-3v-6h3z" />
  ),
  comment: <path d="M2.5 3h11v8H8l-3 2.5V11H2.5z" />,
  eye: (
    <>
      <path d="M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8z" />
      <circle cx="8" cy="8" r="1.8" />
    </>
  ),
} satisfies Record<string, ReactNode>;
