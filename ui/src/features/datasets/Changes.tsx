// The fields of a record in which two versions differ, word by word.
import styles from "./DatasetsPage.module.css";
import type { FieldChange } from "./recordDiff";

export function Changes({ changes }: { changes: readonly FieldChange[] }) {
  return (
    <dl className={styles.changes}>
      {changes.map(({ name, pieces }) => (
        <div key={name}>
          <dt className="cut" data-full={name}>
            {name}
          </dt>
          <dd>
            {pieces.map((piece, index) =>
              piece.kind === "added" ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one comparison never move.
                <ins key={index}>{piece.value}</ins>
              ) : piece.kind === "removed" ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: see above.
                <del key={index}>{piece.value}</del>
              ) : (
                piece.value
              ),
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
