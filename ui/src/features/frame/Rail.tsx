// The rail on the left: the pages, as icons or with their names.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { infoQuery } from "../../api/queries";
import { IconButton } from "../../components/button/Button";
import { Icon, type IconName } from "../../components/icon/Icon";
import { useAppSearch } from "../../lib/useAppSearch";
import styles from "./Rail.module.css";
import { railWide } from "./state";

export const PAGES = [
  { to: "/traces", name: "Traces", icon: "traces" },
  { to: "/sessions", name: "Sessions", icon: "sessions" },
  { to: "/runs", name: "Runs", icon: "runs" },
  { to: "/versions", name: "Versions", icon: "versions" },
  { to: "/reviews", name: "Reviews", icon: "reviews" },
  { to: "/datasets", name: "Datasets", icon: "datasets" },
  { to: "/prompts", name: "Prompts", icon: "prompts" },
  { to: "/scorers", name: "Scorers", icon: "scorers" },
  { to: "/experiments", name: "Experiments", icon: "experiments" },
] as const satisfies readonly { to: string; name: string; icon: IconName }[];

export function Rail({ onHelp }: { onHelp(): void }) {
  const wide = railWide.use();
  const [search] = useAppSearch();
  const info = useQuery(infoQuery);
  const { experiment, from, to } = search;
  return (
    <nav className={styles.rail} data-wide={wide || undefined} aria-label="Pages">
      <Link to="/traces" search={{ experiment }} className={styles.logo} aria-label="Spanwise">
        <svg width="22" height="22" viewBox="0 0 16 16" aria-hidden="true">
          <rect width="16" height="16" rx="3.5" />
          <path d="M3 4.5h7M5 8h8M7 11.5h4" />
        </svg>
        {wide && <span>Spanwise</span>}
      </Link>
      <ul className={styles.pages}>
        {PAGES.map((page) => (
          <li key={page.to}>
            <Link
              to={page.to}
              search={{ experiment, from, to }}
              className={styles.page}
              activeProps={{ "aria-current": "page" }}
              activeOptions={{ includeSearch: false }}
              data-tip={wide ? undefined : page.name}
              aria-label={page.name}
            >
              <Icon name={page.icon} size={18} />
              {wide && <span>{page.name}</span>}
            </Link>
          </li>
        ))}
      </ul>
      <div className={styles.foot}>
        {wide && info.data && <span className={styles.version}>{info.data.version}</span>}
        <IconButton icon="help" label="Keyboard shortcuts" keys="?" onClick={onHelp} />
        <IconButton
          icon="sidebar"
          label={wide ? "Collapse" : "Show labels"}
          aria-expanded={wide}
          onClick={() => railWide.set(!wide)}
        />
      </div>
    </nav>
  );
}
