"""`mlflow.genai.evaluate` by the unmodified client against Spanwise and MLflow's own server, in turn.

Prints what each evaluation took: seconds of the clock, and of the processor in the client and in the server. `make
bench-evaluate` runs it; docs/performance.md has the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.environment import ENVIRONMENT  # noqa: E402  (found by the line above)
from support.mlflow_server import MlflowServer  # noqa: E402
from support.server import Server, clean_env  # noqa: E402

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
QUESTIONS = ["rows", "traces"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=500, help="rows, and traces, of each evaluation")
    arguments.add_argument("--rounds", type=int, default=3, help="how often each server has its turn")
    arguments.add_argument("--client", metavar="URL", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.client:
        print(json.dumps(evaluate(options.client, options.rows)))
        return
    with tempfile.TemporaryDirectory() as folder:
        results = [compare(Path(folder), options.rows) for _ in range(options.rounds)]
    show(results, options.rows)


def compare(folder: Path, rows: int) -> dict[str, dict]:
    """Evaluates against one server and then the other, each with an empty store."""
    folder = Path(tempfile.mkdtemp(dir=folder))
    ours = Server(folder / "data").start()
    try:
        result = {"spanwise": measure(ours.url, ours.pid(), rows)}
    finally:
        ours.close()
    theirs = MlflowServer(folder).start()
    try:
        result["mlflow"] = measure(theirs.url, theirs.pid(), rows)
    finally:
        theirs.stop()
    return result


def measure(url: str, pid: int, rows: int) -> dict:
    """Runs the client in a process of its own, and adds what the server's processes took meanwhile."""
    before = cpu_of_group(pid)
    command = [sys.executable, __file__, "--client", url, "--rows", str(rows)]
    # Its progress is shown if it fails.
    done = subprocess.run(command, env=clean_env(**ENVIRONMENT), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the client failed:\n{done.stdout}{done.stderr}")
    return {**json.loads(done.stdout.splitlines()[-1]), "server": cpu_of_group(pid) - before}


def cpu_of_group(pid: int) -> float:
    """Returns the processor's seconds of a process and all below it."""
    stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(stat[11]) + int(stat[12])) / TICKS_PER_S + sum(cpu_of_group(int(child)) for child in children)


def evaluate(url: str, rows: int) -> dict:
    """Evaluates rows with a function that is traced and two scorers, then the traces of that with one."""
    import mlflow
    from mlflow.genai.scorers import scorer

    mlflow.set_tracking_uri(url)
    mlflow.set_experiment("evaluate")

    @mlflow.trace(span_type="AGENT")
    def answer(question: str) -> str:
        with mlflow.start_span("ask", span_type="CHAT_MODEL") as span:
            span.set_inputs({"messages": [{"role": "user", "content": question}]})
            span.set_outputs({"choices": [{"message": {"role": "assistant", "content": f"A {question}"}}]})
        return f"A {question}"

    @scorer
    def correct(outputs, expectations):
        return outputs == expectations["expected_response"]

    @scorer
    def length(outputs):
        return len(outputs)

    questions = [f"question {n}?" for n in range(rows)]
    data = [{"inputs": {"question": q}, "expectations": {"expected_response": f"A {q}"}} for q in questions]
    begun = time.monotonic()
    result = mlflow.genai.evaluate(data=data, predict_fn=answer, scorers=[correct, length])
    rows_s = time.monotonic() - begun
    traces = mlflow.search_traces(run_id=result.run_id, max_results=rows, return_type="list")
    if len(traces) != rows or result.metrics["correct/mean"] != 1.0:
        sys.exit(f"{len(traces)} of {rows} traces, {result.metrics}")
    begun = time.monotonic()
    mlflow.genai.evaluate(data=traces, scorers=[length])
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"rows": rows_s, "traces": time.monotonic() - begun, "client": used.ru_utime + used.ru_stime}


def show(results: list[dict[str, dict]], rows: int) -> None:
    """Prints the medians and, of what the clock says, the ratio of each round."""
    print(f"{rows} rows, then the {rows} traces of that; the median of {len(results)} rounds, in seconds\n")
    print(f"{'':10}{'rows':>10}{'traces':>10}{'client CPU':>12}{'server CPU':>12}")
    for server in ("spanwise", "mlflow"):
        medians = {key: statistics.median(r[server][key] for r in results) for key in results[0][server]}
        print("{:10}{rows:>10.1f}{traces:>10.1f}{client:>12.1f}{server:>12.2f}".format(server, **medians))
    for which in QUESTIONS:
        ratios = " ".join(f"{r['spanwise'][which] / r['mlflow'][which]:.2f}" for r in results)
        print(f"spanwise / mlflow, {which}: {ratios}")


if __name__ == "__main__":
    main()
