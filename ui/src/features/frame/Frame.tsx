// What is around every page: the rail, the bar on top, the palette, tooltips and notes.
import { useQuery } from "@tanstack/react-query";
import { Outlet, useLocation, useParams } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import { infoQuery } from "../../api/queries";
import type { PopoverHandle } from "../../components/popover/Popover";
import { ToastLayer } from "../../components/toast/toast";
import { TooltipLayer } from "../../components/tooltip/TooltipLayer";
import { useShortcuts } from "../../lib/keys";
import { currentTheme, onSystemTheme, toggleTheme } from "../../lib/theme";
import { FirstRun } from "../firstrun/FirstRun";
import { CheatSheet } from "./CheatSheet";
import styles from "./Frame.module.css";
import { Palette } from "./Palette";
import { PAGES, Rail } from "./Rail";
import { live } from "./state";
import { TopBar } from "./TopBar";

export function Frame() {
  const [theme, setTheme] = useState(currentTheme);
  const [dialog, setDialog] = useState<"palette" | "help" | null>(null);
  const switcher = useRef<PopoverHandle>(null);
  const info = useQuery(infoQuery);
  const { pathname } = useLocation();
  const close = useCallback(() => setDialog(null), []);
  useEffect(() => onSystemTheme(() => setTheme(currentTheme())), []);
  useTitle();
  const switchTheme = () => setTheme(toggleTheme());

  useShortcuts({
    "mod+k": () => setDialog("palette"),
    "mod+shift+l": switchTheme,
    "?": () => setDialog("help"),
    p: () => switcher.current?.open(),
    l: () => live.set(!live.get()),
  });

  return (
    <div className={styles.frame}>
      <a href="#content" className={styles.skip}>
        Skip to the content
      </a>
      <Rail onHelp={() => setDialog("help")} />
      <div className={styles.column}>
        <TopBar switcher={switcher} theme={theme} onTheme={switchTheme} onPalette={() => setDialog("palette")} />
        <main id="content" tabIndex={-1} className={styles.content}>
          {/* A dataset may be filled from a file before there is any trace. */}
          {info.data?.traces === 0 && pathname !== "/datasets" ? <FirstRun info={info.data} /> : <Outlet />}
        </main>
      </div>
      {dialog === "palette" && <Palette onClose={close} onTheme={switchTheme} onHelp={() => setDialog("help")} />}
      {dialog === "help" && <CheatSheet onClose={close} />}
      <TooltipLayer />
      <ToastLayer />
    </div>
  );
}

/** Names the page in the browser's tab and history. */
function useTitle(): void {
  const { pathname } = useLocation();
  const { traceId, runId, modelId } = useParams({ strict: false });
  const title =
    traceId ??
    runId ??
    modelId ??
    PAGES.find(({ to }) => pathname === to || pathname.startsWith(`${to}/`))?.name ??
    "Not found";
  useEffect(() => {
    document.title = `${title} · Spanwise`;
  }, [title]);
}
