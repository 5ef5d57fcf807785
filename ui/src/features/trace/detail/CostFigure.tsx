// What a span costs, and on a click why: the prices that were taken, how the model was found, and what each kind of token
// comes to.
import type { Cost, CostReason } from "../../../api/types";
import { Dollars } from "../../../components/Figure";
import { Popover } from "../../../components/popover/Popover";
import { exact, exactCost } from "../../../lib/format";
import { oneLine } from "../../../lib/oneLine";
import explained from "../explained.module.css";
import styles from "./cost.module.css";

interface Props {
  cost: Cost | null;
  reason: CostReason | null;
}

export function CostFigure({ cost, reason }: Props) {
  if (!cost && !reason) return null;
  const text = cost ? <Dollars value={cost.total} /> : "unknown";
  return (
    <div>
      <dt>Cost</dt>
      <dd>
        {reason ? (
          <Popover
            label="Cost: why this number"
            width={440}
            button={(attributes) => (
              <button type="button" className={explained.button} data-tip={oneLine(reason.text)} {...attributes}>
                {text}
              </button>
            )}
          >
            {() => <Reason cost={cost} reason={reason} />}
          </Popover>
        ) : (
          text
        )}
      </dd>
    </div>
  );
}

export function Reason({ cost, reason }: { cost: Cost | null; reason: CostReason }) {
  const isListCost = reason.source === "reported" || !reason.is_current;
  return (
    <div className={explained.panel}>
      <p className={styles.sentence}>{oneLine(reason.text)}</p>
      {cost && (
        <p>
          Input {exactCost(cost.input)} + output {exactCost(cost.output)} = {exactCost(cost.total)}
        </p>
      )}
      {reason.charges.length > 0 && (
        <>
          <h3>{isListCost ? "What its tokens cost at the prices in force" : "Tokens and prices"}</h3>
          <table className={styles.charges}>
            <tbody>
              {reason.charges.map((charge) => (
                <tr key={charge.kind}>
                  <th scope="row">{charge.kind.replaceAll("_", " ")}</th>
                  <td>{exact(charge.tokens)}</td>
                  <td>× ${charge.per_million} / million</td>
                  <td>{exactCost(charge.cost)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      {reason.match && <Steps match={reason.match} />}
    </div>
  );
}

function Steps({ match }: { match: NonNullable<CostReason["match"]> }) {
  return (
    <>
      <h3>How the model was looked for</h3>
      <ol className={styles.steps}>
        {match.steps.map((step) => (
          <li key={`${step.rule} ${step.provider} ${step.name}`} data-found={step.found}>
            <code>{oneLine(step.name)}</code> {step.provider && `(${oneLine(step.provider)}) `}
            {step.text}: {step.found ? "found" : "not listed"}
          </li>
        ))}
      </ol>
      {match.unknown && <p>{match.unknown.text}</p>}
    </>
  );
}
