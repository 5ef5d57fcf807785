// Markdown as React nodes. It is safe by construction: tokens of the lexer become elements made here, HTML in the text
// stays text, links open only http(s) and mail, and no image is ever loaded from the network.
import { lexer, type Token, type Tokens } from "marked";
import { Fragment, memo, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Code } from "./Code";
import styles from "./content.module.css";
import { guessLines } from "./LongText";
import { splitMarkdown } from "./text";

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const chunks = useMemo(() => splitMarkdown(text), [text]);
  if (chunks.length === 1) return <Piece text={text} />;
  return (
    <div>
      {chunks.map((chunk, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never change places
        <LazyPiece key={at} text={chunk} eager={at === 0} />
      ))}
    </div>
  );
});

function Piece({ text }: { text: string }) {
  const tokens = useMemo(() => lexer(text), [text]);
  return <div className={styles.markdown}>{blocks(tokens)}</div>;
}

/** How far from the screen a piece is rendered. */
const MARGIN = "1200px";

/** A piece of a long text: parsed when it comes near the screen, and kept from then on. */
function LazyPiece({ text, eager }: { text: string; eager: boolean }) {
  const element = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(eager);
  useEffect(() => {
    if (near || !element.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && setNear(true),
      {
        rootMargin: MARGIN,
      },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [near]);
  const height = `${guessLines(text) * 20}px`;
  return (
    <div ref={element} className={styles.chunk} style={near ? { containIntrinsicSize: `auto ${height}` } : { height }}>
      {near && <Piece text={text} />}
    </div>
  );
}

function blocks(tokens: Token[]): ReactNode[] {
  return tokens.map((token, at) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of one text never change places
    return <Fragment key={at}>{block(token)}</Fragment>;
  });
}

function block(token: Token): ReactNode {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      const { depth, tokens } = token as Tokens.Heading;
      const Heading = `h${Math.min(Math.max(depth, 1), 6)}` as "h1";
      return <Heading>{inlines(tokens)}</Heading>;
    }
    case "paragraph":
      return <p>{inlines((token as Tokens.Paragraph).tokens)}</p>;
    case "code":
      return <Code code={(token as Tokens.Code).text} language={(token as Tokens.Code).lang?.split(/\s/)[0] ?? ""} />;
    case "blockquote":
      return <blockquote>{blocks((token as Tokens.Blockquote).tokens)}</blockquote>;
    case "hr":
      return <hr />;
    case "list":
      return list(token as Tokens.List);
    case "table":
      return table(token as Tokens.Table);
    case "html":
      return <p>{token.raw}</p>;
    default:
      return inline(token);
  }
}

function list(token: Tokens.List): ReactNode {
  const items = token.items.map((item, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the items of one text never change places
    <li key={at} className={item.task ? styles.task : undefined}>
      {item.task && (
        <input type="checkbox" checked={item.checked === true} disabled aria-label={item.checked ? "done" : "to do"} />
      )}
      {blocks(item.tokens.filter((part) => part.type !== "checkbox"))}
    </li>
  ));
  if (!token.ordered) return <ul>{items}</ul>;
  return <ol start={token.start === "" ? 1 : token.start}>{items}</ol>;
}

function table(token: Tokens.Table): ReactNode {
  const cell = (from: Tokens.TableCell) => ({
    style: from.align ? { textAlign: from.align } : undefined,
    children: inlines(from.tokens),
  });
  return (
    <div className={styles.tableScroll}>
      <table>
        <thead>
          {/* biome-ignore-start lint/suspicious/noArrayIndexKey: the cells of one text never change places */}
          <tr>
            {token.header.map((head, at) => (
              <th key={at} {...cell(head)} />
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, at) => (
            <tr key={at}>
              {row.map((data, column) => (
                <td key={column} {...cell(data)} />
              ))}
            </tr>
          ))}
          {/* biome-ignore-end lint/suspicious/noArrayIndexKey: see above */}
        </tbody>
      </table>
    </div>
  );
}

function inlines(tokens: Token[] | undefined): ReactNode[] {
  return (tokens ?? []).map((token, at) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of one text never change places
    return <Fragment key={at}>{inline(token)}</Fragment>;
  });
}

function inline(token: Token): ReactNode {
  switch (token.type) {
    case "strong":
      return <strong>{inlines(token.tokens)}</strong>;
    case "em":
      return <em>{inlines(token.tokens)}</em>;
    case "del":
      return <del>{inlines(token.tokens)}</del>;
    case "codespan":
      return <code className={styles.inlineCode}>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link":
      return <SafeLink href={(token as Tokens.Link).href}>{inlines(token.tokens)}</SafeLink>;
    case "image":
      return <SafeLink href={(token as Tokens.Image).href}>{(token as Tokens.Image).text || "image"} (image)</SafeLink>;
    case "text":
    case "escape":
      return "tokens" in token && token.tokens ? inlines(token.tokens) : ((token as Tokens.Text).text ?? token.raw);
    default:
      return token.raw;
  }
}

/** A link if its address is one that a browser may follow, else its text. */
export function SafeLink({ href, children, className }: { href: string; children: ReactNode; className?: string }) {
  if (!/^(https?:|mailto:)/i.test(href)) return <span className={className}>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" className={className}>
      {children}
    </a>
  );
}
