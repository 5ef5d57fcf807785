// Reads and changes the URL's state from any component.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import type { AppSearch } from "./search";

/** Changes some keys of the URL; `undefined` takes a key away. `replace` leaves no step to go back to. */
export type UpdateSearch = (patch: Partial<AppSearch>, options?: { replace?: boolean }) => void;

export function useAppSearch(): [AppSearch, UpdateSearch] {
  const search: AppSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const update = useCallback<UpdateSearch>(
    (patch, options) => {
      void navigate({ to: ".", search: (previous: AppSearch) => ({ ...previous, ...patch }), ...options });
    },
    [navigate],
  );
  return [search, update];
}
