//! What two agents are asked to do, and the steps they take.

/// A task for an agent.
pub(super) struct Task {
    pub(super) agent: Agent,
    pub(super) asked: &'static str,
    pub(super) steps: &'static [Step],
    pub(super) answer: &'static str,
}

/// The agents; each speaks another dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agent {
    Travel,
    Coding,
}

/// A tool call: what the model says, what it calls, and what comes back.
pub(super) struct Step {
    pub(super) thought: &'static str,
    pub(super) tool: &'static str,
    pub(super) arguments: &'static str,
    pub(super) result: &'static str,
    /// The request that the tool makes, if it makes one: a span of its own.
    pub(super) calls: Option<&'static str>,
    /// How the tool may fail, after which the agent tries again.
    pub(super) failure: Option<(&'static str, &'static str)>,
}

const fn step(
    thought: &'static str,
    tool: &'static str,
    arguments: &'static str,
    result: &'static str,
    calls: Option<&'static str>,
) -> Step {
    Step { thought, tool, arguments, result, calls, failure: None }
}

const fn shaky(step: Step, exception: &'static str, message: &'static str) -> Step {
    Step { failure: Some((exception, message)), ..step }
}

pub(super) const TASKS: &[Task] = &[
    Task {
        agent: Agent::Travel,
        asked: "Plan a long weekend in Lisbon for two from Berlin, 13 to 16 March, under 1,200 EUR. We like food and don't \
            want to change planes.",
        steps: &[
            step(
                "I start with direct flights.",
                "search_flights",
                r#"{"from":"BER","to":"LIS","depart":"2026-03-13","return":"2026-03-16","direct":true,"adults":2}"#,
                r#"{"flights":[{"carrier":"TP","price_eur":386,"out":"07:10","back":"19:45"},{"carrier":"FR","price_eur":274,"out":"21:35","back":"06:15"}]}"#,
                Some("GET flights.example.com/v2/search"),
            ),
            step(
                "TAP leaves more time there. Is the weather fine?",
                "get_weather",
                r#"{"city":"Lisbon","from":"2026-03-13","to":"2026-03-16"}"#,
                r#"{"days":[{"max_c":17,"rain":0.2},{"max_c":18,"rain":0.1},{"max_c":16,"rain":0.5},{"max_c":17,"rain":0.2}]}"#,
                None,
            ),
            shaky(
                step(
                    "Good enough to walk. Hotels in Alfama or Chiado next, up to 130 EUR a night.",
                    "search_hotels",
                    r#"{"city":"Lisbon","areas":["Alfama","Chiado"],"nights":3,"max_price_eur":130,"guests":2}"#,
                    r#"{"hotels":[{"id":"h-881","name":"Casa do Mirante","price_eur":118,"rating":9.1},{"id":"h-207","name":"Chiado Arts","price_eur":127,"rating":8.7}]}"#,
                    Some("POST hotels.example.com/graphql"),
                ),
                "TimeoutError",
                "hotels.example.com did not answer within 10 s",
            ),
            step(
                "Casa do Mirante looks best. I check its details.",
                "get_hotel",
                r#"{"id":"h-881"}"#,
                r#"{"name":"Casa do Mirante","breakfast":true,"cancellation":"free until 2026-03-10","total_eur":354}"#,
                Some("POST hotels.example.com/graphql"),
            ),
            step(
                "And the other one, to compare.",
                "get_hotel",
                r#"{"id":"h-207"}"#,
                r#"{"name":"Chiado Arts","breakfast":false,"cancellation":"none","total_eur":381}"#,
                Some("POST hotels.example.com/graphql"),
            ),
            step(
                "They like food: two good places in reach.",
                "search_restaurants",
                r#"{"city":"Lisbon","near":"Alfama","cuisine":"portuguese","max_price":3}"#,
                r#"{"restaurants":[{"name":"Taberna da Rua","price":2,"rating":4.7},{"name":"O Velho Eurico","price":2,"rating":4.6},{"name":"Prado","price":3,"rating":4.6}]}"#,
                None,
            ),
            shaky(
                step(
                    "I see whether there is a table on Saturday.",
                    "check_table",
                    r#"{"restaurant":"O Velho Eurico","date":"2026-03-14","time":"20:00","guests":2}"#,
                    r#"{"available":false,"alternatives":["21:45"]}"#,
                    None,
                ),
                "ToolInputError",
                "`time` must be one of the opening slots; got 20:00",
            ),
            step(
                "21:45 is late but fine in Lisbon. How do they get from the airport?",
                "get_transit",
                r#"{"from":"LIS airport","to":"Casa do Mirante"}"#,
                r#"{"options":[{"mode":"metro","minutes":34,"price_eur":1.8},{"mode":"taxi","minutes":18,"price_eur":14}]}"#,
                None,
            ),
            step(
                "A day trip to Sintra would fit on Sunday.",
                "search_activities",
                r#"{"city":"Lisbon","date":"2026-03-15","tags":["day trip","food"]}"#,
                r#"{"activities":[{"name":"Sintra and Cabo da Roca","price_eur":59},{"name":"Petiscos tour","price_eur":75}]}"#,
                None,
            ),
            step(
                "Now the sum.",
                "calculate",
                r#"{"expression":"386 + 354 + 2*59 + 4*1.8 + 220"}"#,
                r#"{"value":1085.2}"#,
                None,
            ),
        ],
        answer: "Three nights in Lisbon for about 1,085 EUR: TAP direct from Berlin (07:10, back 19:45, 386 EUR), Casa do \
            Mirante in Alfama with breakfast (354 EUR, free cancellation until 10 March), dinner at O Velho Eurico on \
            Saturday at 21:45, and Sintra on Sunday (118 EUR). That leaves 115 EUR of your budget.",
    },
    Task {
        agent: Agent::Travel,
        asked: "My flight LH1184 to Oslo tomorrow was cancelled. I must be there by 14:00 for a meeting, find me something and \
            tell the hotel.",
        steps: &[
            step(
                "First I look at the booking.",
                "get_booking",
                r#"{"reference":"X7QK2P"}"#,
                r#"{"flight":"LH1184","from":"FRA","to":"OSL","status":"cancelled","fare":"flex"}"#,
                Some("GET bookings.example.com/v1/X7QK2P"),
            ),
            step(
                "Flex: rebooking is free. What flies in the morning?",
                "search_flights",
                r#"{"from":"FRA","to":"OSL","date":"tomorrow","arrive_before":"13:00"}"#,
                r#"{"flights":[{"flight":"SK678","arrive":"11:55","seats":4},{"flight":"LH860","arrive":"12:40","seats":0}]}"#,
                Some("GET flights.example.com/v2/search"),
            ),
            shaky(
                step(
                    "SK678 arrives at 11:55. I hold a seat.",
                    "hold_seat",
                    r#"{"flight":"SK678","minutes":15}"#,
                    r#"{"hold":"H-5521","expires_in":900}"#,
                    Some("POST flights.example.com/v2/holds"),
                ),
                "RateLimitError",
                "429 Too Many Requests: retry after 2 s",
            ),
            step(
                "Is a carrier of another alliance allowed for a flex fare?",
                "get_fare_rules",
                r#"{"fare":"flex","reason":"cancelled by airline"}"#,
                r#"{"rebooking":"any carrier, same day or next","fee_eur":0}"#,
                None,
            ),
            step(
                "Allowed. I rebook.",
                "rebook",
                r#"{"reference":"X7QK2P","hold":"H-5521"}"#,
                r#"{"status":"confirmed","ticket":"117-2394405512","seat":"9C"}"#,
                Some("POST bookings.example.com/v1/X7QK2P/rebook"),
            ),
            step(
                "How long from the airport to the meeting?",
                "get_transit",
                r#"{"from":"OSL airport","to":"Aker Brygge, Oslo","arrive_after":"11:55"}"#,
                r#"{"options":[{"mode":"Flytoget","minutes":34},{"mode":"taxi","minutes":45}]}"#,
                None,
            ),
            step(
                "That works out. Which hotel is it?",
                "get_itinerary",
                r#"{"reference":"X7QK2P"}"#,
                r#"{"hotel":{"name":"Amerikalinjen","phone":"+47 21 40 59 00","check_in":"15:00"}}"#,
                None,
            ),
            shaky(
                step(
                    "I tell the hotel about the earlier arrival.",
                    "send_email",
                    r#"{"to":"frontdesk@amerikalinjen.example","subject":"Arrival tomorrow at about 12:45"}"#,
                    r#"{"status":"sent"}"#,
                    None,
                ),
                "SMTPRecipientsRefused",
                "550 5.1.1 mailbox unavailable",
            ),
            step(
                "Does it rain there? A taxi may be better then.",
                "get_weather",
                r#"{"city":"Oslo","from":"tomorrow","to":"tomorrow"}"#,
                r#"{"days":[{"max_c":3,"rain":0.1,"snow":0.0}]}"#,
                None,
            ),
            step(
                "And put it all into the calendar.",
                "update_calendar",
                r#"{"event":"Flight to Oslo","start":"tomorrow 09:50","end":"tomorrow 11:55"}"#,
                r#"{"status":"updated"}"#,
                None,
            ),
        ],
        answer: "You are on SK678 tomorrow, 09:50 to 11:55, seat 9C, at no cost (ticket 117-2394405512). With the Flytoget you \
            are at Aker Brygge by about 12:45. The hotel knows that you come early, and your calendar is up to date.",
    },
    Task {
        agent: Agent::Coding,
        asked: "test_parse_duration is flaky on CI, find out why and fix it",
        steps: &[
            step(
                "I look at the test first.",
                "grep",
                r#"{"pattern":"test_parse_duration","path":"."}"#,
                "tests/test_time.py:41:def test_parse_duration():\ntests/test_time.py:58:def test_parse_duration_rejects_negative():",
                None,
            ),
            step(
                "",
                "read_file",
                r#"{"path":"tests/test_time.py","lines":"35-70"}"#,
                "def test_parse_duration():\n    start = time.time()\n    assert parse_duration(\"1h30m\") == 5400\n    assert time.time() - start < 0.001\n",
                None,
            ),
            step(
                "It asserts on wall-clock time: under a millisecond. That fails on a loaded machine. What does the function do?",
                "read_file",
                r#"{"path":"src/timeutil/parse.py"}"#,
                "_UNITS = {\"h\": 3600, \"m\": 60, \"s\": 1}\n\ndef parse_duration(text):\n    pattern = re.compile(r\"(\\d+)([hms])\")\n    ...",
                None,
            ),
            step(
                "When was the time limit added?",
                "git_log",
                r#"{"path":"tests/test_time.py","limit":5}"#,
                "9f31c02 guard parse_duration against catastrophic backtracking\n41b77aa add parse_duration",
                None,
            ),
            step(
                "It guards against a slow pattern, so it must not just go. I see how that commit changed the pattern.",
                "git_show",
                r#"{"commit":"9f31c02"}"#,
                "-    pattern = re.compile(r\"((\\d+)+[hms])+\")\n+    pattern = re.compile(r\"(\\d+)([hms])\")",
                Some("git show 9f31c02"),
            ),
            shaky(
                step(
                    "The pattern is linear now. I replace the clock by a bound that means the same everywhere.",
                    "edit_file",
                    r#"{"path":"tests/test_time.py","find":"assert time.time() - start < 0.001","replace":"assert parse_duration(\"1\" * 50_000 + \"x\") is None"}"#,
                    "edited tests/test_time.py (1 replacement)",
                    None,
                ),
                "EditConflict",
                "the text to find occurs 2 times; give more context",
            ),
            shaky(
                step(
                    "Now the tests.",
                    "run_tests",
                    r#"{"args":["tests/test_time.py","-q"]}"#,
                    "14 passed in 0.31s",
                    Some("pytest tests/test_time.py -q"),
                ),
                "CalledProcessError",
                "pytest exited with 1: NameError: name 'start' is not defined",
            ),
            step(
                "Twenty times, to be sure.",
                "run_tests",
                r#"{"args":["tests/test_time.py","-q","--count","20"]}"#,
                "280 passed in 4.87s",
                Some("pytest tests/test_time.py -q --count 20"),
            ),
            step(
                "And the linter.",
                "run_command",
                r#"{"command":"ruff check src tests"}"#,
                "All checks passed!",
                Some("ruff check src tests"),
            ),
            step(
                "A last look at the change.",
                "git_diff",
                r#"{}"#,
                " tests/test_time.py | 4 +---\n 1 file changed, 1 insertion(+), 3 deletions(-)",
                None,
            ),
        ],
        answer: "The test asserted that parsing takes less than 1 ms of wall-clock time, which fails when the CI machine is \
            busy. The limit guarded against catastrophic backtracking (9f31c02), so I kept the guard and dropped the clock: \
            a 50,000-digit input must now be rejected, which the old pattern would not have finished. 280 runs passed.",
    },
    Task {
        agent: Agent::Coding,
        asked: "Add a --json flag to `inventory list`. Same fields as the table, and a test.",
        steps: &[
            step(
                "Where is the command?",
                "list_files",
                r#"{"path":"cli","depth":2}"#,
                "cli/__init__.py\ncli/inventory.py\ncli/orders.py\ncli/table.py\ntests/cli/test_inventory.py",
                None,
            ),
            step(
                "",
                "read_file",
                r#"{"path":"cli/inventory.py"}"#,
                "@app.command(\"list\")\ndef list_items(warehouse: str | None = None):\n    rows = load_items(warehouse)\n    print(render_table(rows, [\"sku\", \"name\", \"stock\"]))",
                None,
            ),
            step(
                "How does `orders` do it?",
                "grep",
                r#"{"pattern":"--json","path":"cli"}"#,
                "cli/orders.py:22:    as_json: bool = typer.Option(False, \"--json\"),\ncli/orders.py:29:        print(json.dumps([asdict(row) for row in rows], indent=2))",
                None,
            ),
            step(
                "There is a pattern to follow. Which fields does a row have?",
                "read_file",
                r#"{"path":"inventory/model.py"}"#,
                "@dataclass\nclass Item:\n    sku: str\n    name: str\n    stock: int\n    supplier_price: Decimal",
                None,
            ),
            step(
                "`supplier_price` must not get out: only the table's fields. I write it.",
                "edit_file",
                r#"{"path":"cli/inventory.py","find":"def list_items(warehouse: str | None = None):","replace":"def list_items(warehouse: str | None = None, as_json: bool = typer.Option(False, \"--json\")):"}"#,
                "edited cli/inventory.py (1 replacement)",
                None,
            ),
            step(
                "",
                "edit_file",
                r#"{"path":"cli/inventory.py","find":"    print(render_table(","replace":"    if as_json:\n        print(json.dumps([{f: getattr(r, f) for f in FIELDS} for r in rows], indent=2))\n        return\n    print(render_table("}"#,
                "edited cli/inventory.py (1 replacement)",
                None,
            ),
            step(
                "The test.",
                "edit_file",
                r#"{"path":"tests/cli/test_inventory.py","append":"def test_list_as_json(runner):\n    ..."}"#,
                "edited tests/cli/test_inventory.py (appended 9 lines)",
                None,
            ),
            shaky(
                step(
                    "",
                    "run_tests",
                    r#"{"args":["tests/cli","-q"]}"#,
                    "23 passed in 1.12s",
                    Some("pytest tests/cli -q"),
                ),
                "CalledProcessError",
                "pytest exited with 1: NameError: name 'FIELDS' is not defined",
            ),
            step(
                "Types too.",
                "run_command",
                r#"{"command":"mypy cli"}"#,
                "Success: no issues found in 4 source files",
                Some("mypy cli"),
            ),
            shaky(
                step(
                    "I update the help text in the docs.",
                    "edit_file",
                    r#"{"path":"docs/cli.md","find":"inventory list [--warehouse NAME]","replace":"inventory list [--warehouse NAME] [--json]"}"#,
                    "edited docs/cli.md (1 replacement)",
                    None,
                ),
                "FileNotFoundError",
                "docs/cli.md does not exist; did you mean docs/reference/cli.md?",
            ),
            step(
                "Done; the whole suite once more.",
                "run_tests",
                r#"{"args":["-q"]}"#,
                "412 passed in 38.40s",
                Some("pytest -q"),
            ),
        ],
        answer: "`inventory list --json` prints the fields of the table (sku, name, stock) as a JSON array, following what \
            `orders list` does. I left out `supplier_price`, which is internal. One new test; all 412 pass; the CLI \
            reference mentions the flag.",
    },
];
