// The first records that would be added, with what adding each would do.
import type { RecordCandidate } from "../../api/types";
import { oneLine } from "../../lib/oneLine";
import styles from "./dialogs.module.css";

const EFFECTS: Record<RecordCandidate["effect"], [string, string]> = {
  added: ["New", "A new record"],
  changed: ["Merges", "A record with these inputs is there, and is changed"],
  unchanged: ["Same", "A record with these inputs is there, and has all of it"],
  repeated: ["Repeated", "One before it has the same inputs: they become one record"],
  refused: ["Refused", "No record can be made of it"],
};

export function Candidates({ candidates }: { candidates: readonly RecordCandidate[] }) {
  return (
    <div className={styles.candidates}>
      <table aria-label="Preview">
        <thead>
          <tr>
            <th>Does</th>
            <th>Inputs</th>
            <th>Expectations</th>
            <th>Outputs</th>
          </tr>
        </thead>
        <tbody>
          {candidates.map((candidate) => {
            const [name, tip] = EFFECTS[candidate.effect];
            return (
              <tr key={`${candidate.origin} ${candidate.span_id ?? ""}`} data-effect={candidate.effect}>
                <td data-tip={candidate.message ?? tip}>{name}</td>
                {candidate.message !== null ? (
                  <td colSpan={3} className={styles.error}>
                    {candidate.message}
                  </td>
                ) : (
                  [candidate.inputs, candidate.expectations, candidate.outputs].map((value, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: the three are always the same.
                    <td key={index} data-full={brief(value)}>
                      {oneLine(brief(value)) || <span className="unit">–</span>}
                    </td>
                  ))
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function brief(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "object" && Object.keys(value).length === 0) return "";
  return JSON.stringify(value);
}
