import { cleanup, fireEvent, render } from "@testing-library/react";
import { afterEach, describe, expect, test } from "vitest";
import type { Message, Part } from "../../api/types";
import { markWords } from "./Documents";
import { Markdown } from "./Markdown";
import { Messages } from "./messages/Messages";
import { PrettyValue } from "./Value";

afterEach(cleanup);

const html = (text: string) => render(<Markdown text={text} />).container;

describe("Markdown is safe by construction", () => {
  test("HTML stays text", () => {
    const container = html('<script>alert(1)</script>\n\n<img src=x onerror="alert(1)"> and <b>bold</b>');
    expect(container.querySelectorAll("script, img, b").length).toBe(0);
    expect(container.textContent).toContain("<script>alert(1)</script>");
  });
  test.each(["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "/relative"])(
    "no link to %s",
    (href) => expect(html(`[click](${href})`).querySelector("a")).toBeNull(),
  );
  test("links open elsewhere and say nothing of where they come from", () => {
    const link = html("[policy](https://example.com/p)").querySelector("a");
    expect(link?.getAttribute("href")).toBe("https://example.com/p");
    expect(link?.getAttribute("rel")).toContain("noopener");
  });
  test("an image is a link, never loaded", () => {
    const container = html("![chart](https://example.com/c.png)");
    expect(container.querySelector("img")).toBeNull();
    expect(container.querySelector("a")?.textContent).toContain("chart");
  });
});

describe("Markdown", () => {
  const check = (text: string, selector: string, content: string) =>
    expect(html(text).querySelector(selector)?.textContent).toBe(content);
  test("table", () => check("| a | b |\n| - | -: |\n| 1 | **2** |", "td:last-child strong", "2"));
  test("code with its language", () => check("```python\nx = 1\n```", "pre code", "x = 1"));
  test("nested list", () => check("- a\n  - b", "ul ul li", "b"));
  test("tasks", () => expect(html("- [x] done").querySelector("input")?.checked).toBe(true));
  test("entities are not shown as such", () => check("a & b < c", "p", "a & b < c"));
  test("code keeps its marks", () => check("`a && b`", "code", "a && b"));
});

describe("a text that a tool gave back", () => {
  const text = "# a comment, no heading\n- and no list";
  test("is shown as it is, in the same letters as in a message", () => {
    const { container } = render(<PrettyValue value={text} ofTool />);
    expect(container.querySelector("h1, ul, li")).toBeNull();
    expect(container.textContent).toBe(text);
  });
  test("is Markdown if a model wrote it", () => {
    expect(render(<PrettyValue value={text} />).container.querySelector("h1")).not.toBeNull();
  });
});

describe("messages", () => {
  const message = (role: string, ...parts: Part[]): Message => ({ role, name: null, parts, finish_reason: null });
  const call: Part = { type: "tool_call", id: "1", name: "search", arguments: { q: "jacket" } };
  const result: Part = { type: "tool_result", id: "1", name: null, result: "found it", is_error: false };

  test("a call and its result are one card, folded", () => {
    const { container, getByText } = render(
      <Messages messages={[message("assistant", call), message("tool", result)]} />,
    );
    expect(container.querySelectorAll("[data-role]").length).toBe(1);
    expect(container.textContent).toContain('search(q: "jacket")');
    fireEvent.click(getByText("→ found it"));
    expect(container.textContent).toContain("found it");
  });
  test("history is folded, and a new result of an old call is still shown", () => {
    const list = [
      message("user", { type: "text", text: "hello" }),
      message("assistant", call),
      message("tool", result),
    ];
    const { container, getByText } = render(<Messages messages={list} repeated={2} />);
    expect(container.textContent).not.toContain("hello");
    expect(container.textContent).toContain("found it");
    fireEvent.click(getByText(/2 earlier messages/));
    expect(container.textContent).toContain("hello");
  });
  test("only images that came with the trace are shown", () => {
    const image = (from: Partial<Extract<Part, { type: "image" }>>): Part =>
      ({ type: "image", url: null, data: null, mime_type: "image/png", name: null, bytes: null, ...from }) as Part;
    const inline = render(<Messages messages={[message("user", image({ data: "aGk=" }))]} />);
    expect(inline.container.querySelector("img")?.getAttribute("src")).toBe("data:image/png;base64,aGk=");
    const external = render(<Messages messages={[message("user", image({ url: "https://example.com/a.png" }))]} />);
    expect(external.container.querySelector("img")).toBeNull();
    expect(external.container.querySelector("a")?.getAttribute("href")).toBe("https://example.com/a.png");
  });

  describe("attachments", () => {
    const url = `/api/v1/attachments/${"0a".repeat(32)}`;
    const shown = (part: Partial<Part>) => {
      const whole = { url, data: null, mime_type: null, name: null, bytes: 2048, ...part } as unknown as Part;
      return render(<Messages messages={[message("user", whole)]} />).container;
    };
    test("an image of the server is shown, and is a download if it is none", () => {
      const container = shown({ type: "image" });
      const image = container.querySelector("img");
      expect(image?.getAttribute("src")).toBe(url);
      fireEvent.error(image as HTMLElement);
      expect(container.querySelector("img")).toBeNull();
      expect(container.querySelector("a")?.getAttribute("href")).toBe(url);
    });
    test("audio has a player, and a file is a download with its size", () => {
      expect(shown({ type: "audio" }).querySelector("audio")?.getAttribute("src")).toBe(url);
      const file = shown({ type: "file", name: "a.pdf" }).querySelector("a");
      expect(file?.textContent).toContain("a.pdf");
      expect(file?.textContent).toContain("bytes");
      expect(file?.getAttribute("download")).toBe("a.pdf");
    });
    test("another address on this server is not asked", () => {
      const container = shown({ type: "image", url: "/api/v1/traces/tr-1" });
      expect(container.querySelector("img")).toBeNull();
    });
  });
});

describe("values", () => {
  test("a small object is keys and values", () => {
    const { container } = render(<PrettyValue value={{ answer: "yes", refund: 89.9, sent: true }} />);
    expect([...container.querySelectorAll("dt")].map((key) => key.textContent)).toEqual(["answer", "refund", "sent"]);
  });
  test("a list is JSON", () =>
    expect(render(<PrettyValue value={[1, 2]} />).getByRole("group", { name: "JSON" })).toBeTruthy());
  test("text that holds JSON is JSON", () =>
    expect(render(<PrettyValue value='{"a":1}' />).getByRole("group", { name: "JSON" })).toBeTruthy());
});

test("words of the query are marked, whatever their case; short ones are not", () =>
  expect(
    markWords("The Refund is for you", "is the REFUND")
      .filter((part) => part.marked)
      .map((part) => part.text),
  ).toEqual(["Refund"]));
