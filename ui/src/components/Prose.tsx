// A message of the server: what stands in backticks is code.

export function Prose({ text }: { text: string }) {
  return text.split("`").map((part, index) =>
    index % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have only their place.
      <code key={index}>{part}</code>
    ) : (
      part
    ),
  );
}
