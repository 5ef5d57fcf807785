import { expect, it } from "vitest";
import { differences, messagesOf, piecesOf, variablesOf } from "./promptText";

const version = (template: string, kind: "text" | "chat") =>
  ({ template, summary: { kind } }) as Parameters<typeof messagesOf>[0];

it("a text is one message, a chat several, and what is no chat is shown as it is", () => {
  expect(messagesOf(version("Hi {{name}}", "text"))).toEqual([{ role: null, text: "Hi {{name}}" }]);
  const chat = JSON.stringify([
    { role: "system", content: "Be kind." },
    { role: "user", content: [{ type: "text", text: "{{question}}" }] },
  ]);
  const [system, user] = messagesOf(version(chat, "chat"));
  expect(system).toEqual({ role: "system", text: "Be kind." });
  expect(user?.text).toContain("{{question}}");
  for (const broken of ["{nope", "[1]", '{"role": "user"}'])
    expect(messagesOf(version(broken, "chat"))).toEqual([{ role: null, text: broken }]);
});

it("variables stand in double braces, and nothing is lost between them", () => {
  const text = "Hi {{ name }}, {{a.b}} and { {c} } {{}} {{name}}";
  expect(
    piecesOf(text)
      .map((piece) => piece.text)
      .join(""),
  ).toBe(text);
  expect(variablesOf([{ role: null, text }])).toEqual(["name", "a.b"]);
});

it("versions differ word by word, roles included", () => {
  const before = [{ role: "system", text: "Answer in two words." }];
  const after = [{ role: "system", text: "Answer in three words." }];
  const parts = differences(before, after) ?? [];
  expect(parts.filter((part) => part.removed).map((part) => part.value)).toEqual(["two"]);
  expect(parts.filter((part) => part.added).map((part) => part.value)).toEqual(["three"]);
  expect(differences(before, [{ role: "system", text: "x".repeat(200_001) }])).toBeNull();
});
