// Which columns are shown and how wide: the URL may say which, the browser remembers both.
import { useMemo } from "react";
import { useStored } from "../../lib/storage";
import { useAppSearch } from "../../lib/useAppSearch";
import { isDefault } from "./ColumnMenu";
import { chosenColumns, DEFAULT_COLUMNS } from "./columns";

export function useColumns() {
  const [search, update] = useAppSearch();
  const [remembered, remember] = useStored<readonly string[]>("columns", DEFAULT_COLUMNS);
  const [widths, setWidths] = useStored<Record<string, number>>("widths", {});
  const columns = useMemo(() => chosenColumns(search.columns, remembered), [search.columns, remembered]);
  const choose = (ids: readonly string[]) => {
    remember(ids);
    update({ columns: isDefault(ids) ? undefined : ids.join(",") }, { replace: true });
  };
  const setWidth = (id: string, width: number | null) => {
    const { [id]: _, ...others } = widths;
    setWidths(width === null ? others : { ...others, [id]: width });
  };
  const reset = () => {
    setWidths({});
    choose(DEFAULT_COLUMNS);
  };
  return { columns, widths, choose, setWidth, reset };
}
