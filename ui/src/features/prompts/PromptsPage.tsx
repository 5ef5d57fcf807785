// The prompts by name, and the open one: its versions, the text of one of them with its variables, how it differs from
// another, and the way to the traces that used it.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { promptQuery, promptsQuery, promptVersionQuery } from "../../api/queries";
import type { PromptDetail, PromptSummary, PromptVersion } from "../../api/types";
import { CopyButton } from "../../components/CopyButton";
import { ErrorState } from "../../components/ErrorState";
import * as format from "../../lib/format";
import { useShortcuts } from "../../lib/keys";
import { useAppSearch } from "../../lib/useAppSearch";
import { useNow } from "../traces/useNow";
import styles from "./PromptsPage.module.css";
import { differences, messagesOf, piecesOf, variablesOf } from "./promptText";

export function PromptsPage() {
  const [search, update] = useAppSearch();
  const [name, setName] = useState("");
  const query = useQuery(promptsQuery(name.trim() || undefined));
  const field = useRef<HTMLInputElement>(null);
  const prompts = query.data?.prompts ?? [];
  const open = search.prompt ?? prompts[0]?.name;
  const pick = (prompt: string) => update({ prompt, version: undefined, against: undefined });
  const move = (delta: number) => {
    const at = prompts.findIndex((prompt) => prompt.name === open);
    const next = prompts[Math.max(0, Math.min(prompts.length - 1, at + delta))];
    if (next && next.name !== open) pick(next.name);
  };
  useShortcuts({ "/": () => field.current?.focus(), j: () => move(1), k: () => move(-1) });

  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (query.isSuccess && prompts.length === 0 && !name && !search.prompt) return <NoPrompts />;
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">Prompts</h1>
      <nav className={styles.list} aria-label="Prompts">
        <input
          ref={field}
          type="search"
          aria-label="Find a prompt"
          placeholder="Find a prompt"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <ul>
          {prompts.map((prompt) => (
            <li key={prompt.name}>
              <button type="button" aria-current={prompt.name === open || undefined} onClick={() => pick(prompt.name)}>
                <span className="cut" data-full={prompt.name}>
                  {prompt.name}
                </span>
                <span className="unit">{prompt.latest_version === null ? "" : `v${prompt.latest_version}`}</span>
                <Aliases prompt={prompt} />
              </button>
            </li>
          ))}
        </ul>
        {query.isSuccess && prompts.length === 0 && <p className="unit">No prompt has this in its name</p>}
        {query.data?.complete === false && <p className="unit">There are more; write a part of the name.</p>}
      </nav>
      {open && <Prompt key={open} name={open} />}
    </div>
  );
}

function Aliases({ prompt }: { prompt: PromptSummary }) {
  const names = Object.entries(prompt.aliases).map(([alias, version]) => `${alias} v${version}`);
  if (names.length === 0) return null;
  return <span className={styles.aliases}>{names.join(" · ")}</span>;
}

function NoPrompts() {
  return (
    <div className={styles.none} role="status">
      <h2>No prompts yet</h2>
      <p>
        <code>mlflow.genai.register_prompt(name=…, template=…)</code> makes the first version of one here, and each
        further call the next. What <code>load_prompt</code> reads in a trace is linked to it.
      </p>
    </div>
  );
}

function Prompt({ name }: { name: string }) {
  const [search, update] = useAppSearch();
  const query = useQuery(promptQuery(name));
  const numbers = query.data?.versions.map(({ version }) => version) ?? [];
  const shown = numbers.find((version) => String(version) === search.version) ?? numbers[0] ?? null;
  const against = numbers.find((version) => String(version) === search.against && version !== shown) ?? null;
  const version = useQuery(promptVersionQuery(name, shown));
  const other = useQuery(promptVersionQuery(name, against));
  const error = query.error ?? version.error ?? other.error;
  if (error) return <ErrorState error={error} onRetry={() => void query.refetch()} />;
  if (!query.data) return null;
  return (
    <>
      <Versions
        detail={query.data}
        shown={shown}
        against={against}
        onShow={(number) => update({ prompt: name, version: String(number) }, { replace: true })}
        onCompare={(number) =>
          update({ prompt: name, against: number === null ? undefined : String(number) }, { replace: true })
        }
      />
      {version.data && version.data.summary.version === shown && (
        <Text
          version={version.data}
          before={against !== null && other.data?.summary.version === against ? other.data : null}
        />
      )}
      {shown === null && <p className={styles.none}>This prompt has no versions.</p>}
    </>
  );
}

interface VersionsProps {
  detail: PromptDetail;
  shown: number | null;
  against: number | null;
  onShow(version: number): void;
  onCompare(version: number | null): void;
}

function Versions({ detail, shown, against, onShow, onCompare }: VersionsProps) {
  const now = useNow();
  return (
    <section className={styles.versions} aria-label="Versions">
      <ol>
        {detail.versions.map((version) => (
          <li key={version.version} data-shown={version.version === shown || undefined}>
            <button
              type="button"
              aria-current={version.version === shown || undefined}
              onClick={() => onShow(version.version)}
            >
              <span className={styles.number}>v{version.version}</span>
              {version.aliases.map((alias) => (
                <span key={alias} className={styles.alias}>
                  {alias}
                </span>
              ))}
              <span className={styles.when} data-tip={format.timestamp(format.nsToMs(version.created_ns))}>
                {format.ago(format.nsToMs(version.created_ns), now)}
              </span>
              {version.commit_message && (
                <span className={`${styles.message} cut`} data-full={version.commit_message}>
                  {version.commit_message}
                </span>
              )}
            </button>
            {version.version !== shown && (
              <button
                type="button"
                className={styles.compare}
                aria-pressed={version.version === against}
                onClick={() => onCompare(version.version === against ? null : version.version)}
              >
                {version.version === against ? "Compared" : "Compare"}
              </button>
            )}
          </li>
        ))}
      </ol>
      {!detail.complete && <p className="unit">Only the newest {detail.versions.length} are shown.</p>}
    </section>
  );
}

function Text({ version, before }: { version: PromptVersion; before: PromptVersion | null }) {
  const messages = useMemo(() => messagesOf(version), [version]);
  const variables = useMemo(() => variablesOf(messages), [messages]);
  const parts = useMemo(() => (before ? differences(messagesOf(before), messages) : null), [before, messages]);
  const { summary } = version;
  return (
    <article className={styles.text} aria-label={`Version ${summary.version}`} tabIndex={-1}>
      <header>
        <h2>
          {version.name} <span className="unit">v{summary.version}</span>
        </h2>
        <CopyButton text={version.template} label="Copy the text" />
        {before && <span className="unit">against v{before.summary.version}</span>}
        <Link to="/traces" search={{ filter: version.trace_filter }} className={styles.link}>
          Traces that used it
        </Link>
      </header>
      {summary.commit_message && <p className={styles.commit}>{summary.commit_message}</p>}
      {variables.length > 0 && (
        <p className={styles.variables}>
          <span className="unit">Variables</span>
          {variables.map((variable) => (
            <code key={variable}>{variable}</code>
          ))}
        </p>
      )}
      {before && parts === null && <p className="unit">These versions are too long to be compared word by word.</p>}
      {parts ? (
        <pre className={styles.difference} data-testid="prompt-difference">
          {parts.map((part, index) =>
            part.added ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one comparison never move.
              <ins key={index}>{part.value}</ins>
            ) : part.removed ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: see above.
              <del key={index}>{part.value}</del>
            ) : (
              part.value
            ),
          )}
        </pre>
      ) : (
        messages.map((message, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the messages of one version never move.
          <section key={index} className={styles.said}>
            {message.role !== null && <h3>{message.role}</h3>}
            <pre>
              {piecesOf(message.text).map((piece, at) =>
                piece.isVariable ? (
                  // biome-ignore lint/suspicious/noArrayIndexKey: see above.
                  <mark key={at}>{piece.text}</mark>
                ) : (
                  piece.text
                ),
              )}
            </pre>
          </section>
        ))
      )}
      <Json name="Model" text={version.model_config} />
      <Json name="Response format" text={version.response_format} />
      {Object.keys(summary.tags).length > 0 && (
        <p className={styles.variables}>
          <span className="unit">Tags</span>
          {Object.entries(summary.tags).map(([key, value]) => (
            <span key={key}>
              {key} {value}
            </span>
          ))}
        </p>
      )}
    </article>
  );
}

function Json({ name, text }: { name: string; text: string | null }) {
  if (text === null) return null;
  return (
    <section className={styles.said}>
      <h3>{name}</h3>
      <pre>{pretty(text)}</pre>
    </section>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
