// Dollars in a narrow column: what is below a hundredth of a cent says only that.
import { Dollars } from "../../components/Figure";

const LEAST = 0.0001;

export function RowDollars({ value }: { value: number }) {
  if (value >= LEAST) return <Dollars value={value} />;
  return <span className="unit">&lt;$0.0001</span>;
}
