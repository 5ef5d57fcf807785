// A block of code with light colours, its language and a copy button.
import { useMemo } from "react";
import { CopyButton } from "./CopyButton";
import styles from "./content.module.css";
import { highlight } from "./highlight";

export function Code({ code, language = "" }: { code: string; language?: string }) {
  return (
    <div className={styles.code}>
      <div className={styles.codeHead}>
        {language}
        <CopyButton label="Copy code" text={() => code} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard */}
      <pre tabIndex={0}>
        <CodeText code={code} language={language} />
      </pre>
    </div>
  );
}

export function CodeText({ code, language = "" }: { code: string; language?: string }) {
  const tokens = useMemo(() => highlight(code, language), [code, language]);
  return (
    <code>
      {tokens.map((token, at) =>
        token.kind === "plain" ? (
          token.text
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of one text never change places
          <span key={at} className={styles[token.kind]}>
            {token.text}
          </span>
        ),
      )}
    </code>
  );
}
