// The rows of a list that is drawn as far as it is on the screen, and whose next page is asked for before its end is seen.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";

export const ROW_PX = 32;
export const HEADER_PX = 28;
/** Rows before the end at which the next page is asked for. */
const AHEAD = 40;

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage(): unknown;
}

export function useEndlessRows(count: number, { hasNextPage, isFetchingNextPage, fetchNextPage }: Pages) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 15,
    paddingStart: HEADER_PX,
    scrollPaddingStart: HEADER_PX,
    useFlushSync: false,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= count - AHEAD) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, last, count]);
  return { scroller, virtualizer, items };
}
