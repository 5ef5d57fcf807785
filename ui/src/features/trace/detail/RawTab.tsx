// Everything that is known of a span, as JSON.
import { useMemo, useState } from "react";
import type { SpanDetail } from "../../../api/types";
import { Block } from "../../content/Block";
import { JsonView } from "../../content/json/JsonView";
import { LongText } from "../../content/LongText";

export function RawTab({ span }: { span: SpanDetail }) {
  // Made when it is first shown: the text of a large span takes a while.
  const [text] = useState(() => ({ current: null as string | null }));
  const bytes = useMemo(
    () =>
      (span.inputs?.bytes ?? 0) + (span.outputs?.bytes ?? 0) + span.attributes.reduce((sum, one) => sum + one.bytes, 0),
    [span],
  );
  const json = () => {
    text.current ??= JSON.stringify(span, null, 2);
    return text.current;
  };
  return (
    <Block title="Span as JSON" kind="raw" modes={["JSON", "Raw"]} copy={json}>
      {(mode) => (mode === "JSON" ? <JsonView value={span} bytes={bytes} height={560} /> : <LongText text={json()} />)}
    </Block>
  );
}
