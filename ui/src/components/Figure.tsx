// A number with its unit dimmed, in tabular numerals.
import * as format from "../lib/format";

export function FigureText({ figure }: { figure: format.Figure }) {
  if (format.isDollars(figure)) {
    return (
      <>
        <span className="unit">{figure.unit}</span>
        {figure.value}
      </>
    );
  }
  const tight = figure.unit === "" || /^[kMG]$/.test(figure.unit);
  return (
    <>
      {figure.value}
      <span className="unit">{tight ? figure.unit : `\u2009${figure.unit}`}</span>
    </>
  );
}

export function Duration({ ns }: { ns: number }) {
  return <FigureText figure={format.duration(ns)} />;
}

export function Count({ value }: { value: number }) {
  return <FigureText figure={format.count(value)} />;
}

export function Dollars({ value }: { value: number }) {
  return <FigureText figure={format.cost(value)} />;
}
