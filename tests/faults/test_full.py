"""A full disk: writes are refused with a hint, reads go on, and the server recovers by itself."""

from __future__ import annotations

import requests

from faults.rig import at_once, check_after_restart
from faults.scenario import Export, Outcome, check_there, make_steps, run_steps
from support.server import Server

WRITERS = 4
ROUNDS = 10
LOG_BYTES_MAX = 20_000


def files_in(server: Server) -> set[str]:
    """Returns the names of all files of the data directory."""
    return {str(path.relative_to(server.data_dir)) for path in server.data_dir.rglob("*") if path.is_file()}


def test_a_full_disk_refuses_writes_and_nothing_else(rig, used_store):
    rig.store = used_store
    before = make_steps(100)
    with rig.server() as (server, disk):
        check_there(server.url, before)
        disk.fill()
        files = files_in(server)

        def write(number: int) -> Outcome:
            seeds = range(number * ROUNDS, (number + 1) * ROUNDS)
            steps = [step for seed in seeds for step in make_steps(seed)]
            return run_steps(server.url, steps, check_reads=False)

        outcome = at_once(write, WRITERS)
        assert not outcome.done, f"done without space: {outcome.done[:1]}"
        check_there(server.url, before)
        for path in ("/api/v1/traces", "/metrics", "/health"):
            assert requests.get(server.url + path, timeout=30).status_code == 200
        assert files_in(server) - files == set(), "what failed leaves files behind"
        log = server.log_path.stat().st_size
        assert log <= LOG_BYTES_MAX, f"{log} bytes of log for {len(outcome.refused)} refused requests\n{server.log()}"

        disk.heal()
        again = run_steps(server.url, outcome.refused, check_reads=False)
        assert not again.refused, again.refused[:1]
        check_there(server.url, again.done)
        assert server.stop() == 0
        check_after_restart(server, Outcome(done=[*before, *again.done]))


def test_a_disk_that_is_full_again_and_again_costs_no_space(rig, used_store):
    """A segment whose write failed is given up, and must not be collected."""
    rig.store = used_store
    exports = [step for seed in range(20) for step in make_steps(seed) if isinstance(step, Export)]
    with rig.server() as (server, disk):
        files = files_in(server)
        for number, step in enumerate(exports):
            # The second write of a segment: a new file is begun, and then there is no space for its blocks.
            disk.watch(part="segments/")
            disk.fill(1 + number % 3)
            assert step.send(server.url).status_code == 503
        disk.heal()
        assert not run_steps(server.url, exports, check_reads=False).refused
        made = {name for name in files_in(server) - files if name.endswith(".seg")}
        assert len(made) == 1, made
        check_there(server.url, exports)
        assert server.stop() == 0
        check_after_restart(server, Outcome(done=list(exports)))
