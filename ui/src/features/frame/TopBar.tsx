// The bar on top: what is looked at on the left, how on the right.
import type { Ref } from "react";
import { Button, IconButton } from "../../components/button/Button";
import type { PopoverHandle } from "../../components/popover/Popover";
import { shown } from "../../lib/keys";
import type { Theme } from "../../lib/theme";
import { ExperimentSwitcher } from "./ExperimentSwitcher";
import { live } from "./state";
import { TimeRange } from "./TimeRange";
import styles from "./TopBar.module.css";

interface TopBarProps {
  switcher: Ref<PopoverHandle>;
  theme: Theme;
  onTheme(): void;
  onPalette(): void;
}

export function TopBar({ switcher, theme, onTheme, onPalette }: TopBarProps) {
  const isLive = live.use();
  return (
    <header className={styles.bar}>
      <ExperimentSwitcher handle={switcher} />
      <button type="button" className={styles.palette} onClick={onPalette}>
        <span>Go to a page, experiment or trace id</span>
        <kbd>{shown("mod+k")}</kbd>
      </button>
      <div className={styles.right}>
        <TimeRange />
        <Button
          className={styles.live}
          aria-pressed={isLive}
          tip={isLive ? "New traces appear as they arrive" : "The list stands still"}
          keys="l"
          onClick={() => live.set(!isLive)}
        >
          <span className={styles.pulse} data-on={isLive || undefined} />
          Live
        </Button>
        <IconButton
          icon={theme === "dark" ? "sun" : "moon"}
          label={theme === "dark" ? "Light theme" : "Dark theme"}
          keys="mod+shift+l"
          onClick={onTheme}
        />
      </div>
    </header>
  );
}
