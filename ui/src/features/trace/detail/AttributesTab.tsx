// All attributes as they came, with their types: searchable, to be copied, and each a filter for the list.
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { Attribute, SpanDetail } from "../../../api/types";
import { Icon } from "../../../components/icon/Icon";
import { bytes as formatBytes, plain } from "../../../lib/format";
import { rawText } from "../../content/Body";
import { CopyButton } from "../../content/CopyButton";
import styles2 from "../../content/content.module.css";
import { JsonView } from "../../content/json/JsonView";
import { LongText } from "../../content/LongText";
import { parseJsonText } from "../../content/text";
import { attributeUrl, fetchAttribute } from "../data/queries";
import { attributeFilter } from "../links";
import styles from "./detail.module.css";

/** Values longer than this take a line of their own below their key. */
const SHORT = 200;

export function AttributesTab({ traceId, span }: { traceId: string; span: SpanDetail }) {
  const [text, setText] = useState("");
  const needle = text.toLowerCase();
  const matches = (attribute: Attribute) =>
    needle === "" ||
    attribute.key.toLowerCase().includes(needle) ||
    rawText(attribute.value).toLowerCase().includes(needle);
  const groups: [string, Attribute[]][] = [
    ["Span", span.attributes],
    ["Resource", span.resource],
    [`Scope ${span.scope.name} ${span.scope.version}`.trim(), span.scope.attributes],
  ];
  const shown = groups
    .map(([title, list]) => [title, list.filter(matches)] as const)
    .filter(([, list]) => list.length > 0);
  return (
    <div className={styles.attributes}>
      <input
        type="search"
        className={styles.search}
        placeholder="Search keys and values"
        aria-label="Search attributes"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {shown.map(([title, list]) => (
        <section key={title} aria-label={`${title} attributes`}>
          <h3 className={styles.groupTitle}>{title}</h3>
          <table className={styles.table}>
            <tbody>
              {list.map((attribute) => (
                <Row
                  key={attribute.key}
                  attribute={attribute}
                  traceId={traceId}
                  spanId={span.span_id}
                  own={title === "Span"}
                />
              ))}
            </tbody>
          </table>
        </section>
      ))}
      {shown.length === 0 && (
        <p className={styles.empty}>
          {needle === "" ? "This span has no attributes." : `No attribute holds “${text}”.`}
        </p>
      )}
    </div>
  );
}

function Row({
  attribute,
  traceId,
  spanId,
  own,
}: {
  attribute: Attribute;
  traceId: string;
  spanId: string;
  own: boolean;
}) {
  const [loaded, setLoaded] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const value = loaded ?? attribute.value;
  const filter =
    own && !attribute.cut && attribute.bytes <= 128 ? attributeFilter(attribute.key, attribute.value) : null;
  const load = () =>
    void fetchAttribute(traceId, spanId, attribute.key).then(setLoaded, (error: Error) => setFailure(error.message));
  return (
    <tr>
      <th scope="row">
        {attribute.key}
        <span className={styles.attributeType}>{attribute.type}</span>
      </th>
      <td>
        {attribute.cut && loaded === null ? (
          <span className={styles.cutValue}>
            {plain(formatBytes(attribute.bytes))}
            <button type="button" className={styles2.more} onClick={load}>
              Load all of it
            </button>
            <a
              className={styles2.more}
              href={attributeUrl(traceId, spanId, attribute.key)}
              download={`${attribute.key}.txt`}
            >
              Download
            </a>
            {failure && <span role="alert">{failure}</span>}
          </span>
        ) : (
          <AttributeValue value={value} bytes={attribute.bytes} />
        )}
      </td>
      <td className={styles.rowTools}>
        {filter && (
          <Link
            to="/traces"
            search={{ filter }}
            className={styles2.small}
            data-tip={`Traces with ${filter}`}
            aria-label={`Filter by ${attribute.key}`}
          >
            <Icon name="filter" size={13} />
          </Link>
        )}
        <CopyButton label={`Copy the value of ${attribute.key}`} text={() => rawText(value)} />
      </td>
    </tr>
  );
}

function AttributeValue({ value, bytes }: { value: unknown; bytes: number }) {
  const parsed = useMemo(
    () => (typeof value === "string" && value.length > 2 ? parseJsonText(value) : undefined),
    [value],
  );
  if (parsed !== undefined) return <JsonView value={parsed} bytes={bytes} />;
  if (value !== null && typeof value === "object") return <JsonView value={value} bytes={bytes} />;
  const text = rawText(value);
  return text.length > SHORT ? <LongText text={text} /> : <span className={styles.plainValue}>{text}</span>;
}
