//! What stands below each command's help: examples, and what its exit code means.

/// Columns beyond which help is not spread, since long lines are hard to read.
pub(super) const WIDTH_MAX: usize = 110;

/// The place of what every command has, behind what it has alone.
pub(super) const LAST: usize = 900;

pub(super) const MAIN: &str = "\
Commands talk to the server that SPANWISE_TRACKING_URI names, else to the one that runs at --host and --port, else \
they open the data directory themselves. Colours are for terminals; NO_COLOR and CLICOLOR_FORCE are heard.

Exit codes:
  0  done
  1  done, with bad news: damage (check, compact), bad lines (import), no match (search --exit-code), traces that are not
     there (tag, delete)
  2  not done: wrong arguments, a filter that can't be understood, no server, an error

Examples:
  spanwise serve --demo
  spanwise search \"status = 'ERROR'\" --from -1h
  spanwise get tr-5b8efff798038103d269b633813fc60c";

pub(super) const SERVE: &str = "\
Examples:
  spanwise serve --demo
  spanwise serve --data-dir /srv/spanwise --host 0.0.0.0 --allowed-hosts traces.example.org";

pub(super) const DEMO: &str = "\
Examples:
  spanwise demo
  spanwise demo --traces 1000 --seed 7";

pub(super) const SEARCH: &str = "\
Examples:
  spanwise search \"status = 'ERROR' AND span.type = 'TOOL'\" --from -24h
  spanwise search --experiment shop --order-by \"tokens DESC\" --limit 5
  spanwise search \"cost > 0.05\" --jsonl | jq -r .trace_id";

pub(super) const STATS: &str = "\
Without --by it prints a line for each stretch of time, with --by a line for each group, with --by and --every both. \
Without --from it is the last 24 hours.

Examples:
  spanwise stats --from -7d --every 1d
  spanwise stats --by model --from -30d
  spanwise stats \"tags.env = 'prod'\" --every 1h --json | jq '.series[0].points.p95_ns'";

pub(super) const GET: &str = "\
Examples:
  spanwise get tr-5b8efff798038103d269b633813fc60c --errors
  spanwise get tr-5b8efff798038103d269b633813fc60c --span 51cbef53f7a4e9b0
  spanwise get tr-5b8efff798038103d269b633813fc60c --usage
  spanwise get tr-5b8efff798038103d269b633813fc60c --format json | jq '.spans[].name'";

pub(super) const TAIL: &str = "\
Ctrl-C ends it, with exit code 0. It needs a running server.

Examples:
  spanwise tail --where \"has:error\"
  spanwise tail --experiment shop --json | jq -r .name";

pub(super) const EXPORT: &str = "\
A file is written as FILE.partial and gets its name when it is complete.

Examples:
  spanwise export --output traces.jsonl.zst
  spanwise export \"tags.env = 'prod'\" --from -7d --format otlp-json | gzip > week.jsonl.gz";

pub(super) const IMPORT: &str = "\
After each part that the server has acknowledged, FILE.import-state says how far it is; it is removed at the end. \
Lines that are already there change nothing. Bad lines are named and left out; the exit code is then 1.

Examples:
  spanwise import traces.jsonl.zst
  spanwise import week.jsonl --experiment replayed";

pub(super) const IMPORT_MLFLOW: &str = "\
Takes experiments, traces with their spans and assessments, runs with metrics and artifacts, logged models, datasets, \
prompts, scorers, issues, label schemas, review queues and webhooks, with the ids and times that they have there. The source \
is only read, and its server may run. Started again after an interruption, it goes on; started again later, it adds what is \
new, and what is there already changes nothing. The exit code is 1 if something did not fit.

A login to a tracking server is taken from MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.

Examples:
  spanwise import mlflow sqlite:///mlflow.db
  spanwise import mlflow postgresql://mlflow:secret@localhost/mlflow --artifact-root /srv/mlartifacts
  spanwise import mlflow http://localhost:5001 --experiment shop --since -30d --report report.json";

pub(super) const TAG: &str = "\
Examples:
  spanwise tag tr-5b8efff798038103d269b633813fc60c reviewed=yes owner=amelia
  spanwise tag --where \"feedback.quality < 0.3\" --from -24h queue=review --remove reviewed";

pub(super) const DELETE: &str = "\
It says how many traces it is and asks; where nobody can answer, --yes is needed.

Examples:
  spanwise delete tr-5b8efff798038103d269b633813fc60c
  spanwise delete --where \"tags.env = 'dev'\" --to -30d --dry-run
  spanwise delete --all --experiment scratch --yes";

pub(super) const EXPERIMENTS: &str = "\
Examples:
  spanwise experiments
  spanwise experiments rename Default sandbox";

pub(super) const PRICES: &str = "\
Prices are in US dollars a million tokens. Spans that arrive are priced with those in force; what is stored keeps its cost.

Examples:
  spanwise prices
  spanwise prices show us.anthropic.claude-sonnet-4-5-20250929-v1:0 --provider aws.bedrock
  spanwise prices set gpt-4o --input 2 --output 8 --experiment shop";

pub(super) const PRICES_LIST: &str = "\
Examples:
  spanwise prices list
  spanwise prices list gemini-2.5 --json | jq '.rows[].prices.input'";

pub(super) const PRICES_SHOW: &str = "\
Exit code 1: the model has no price.

Examples:
  spanwise prices show gpt-4o-2024-08-06
  spanwise prices show my-model --provider azure --experiment shop";

pub(super) const PRICES_SET: &str = "\
Examples:
  spanwise prices set gpt-4o --input 2 --output 8 --cache-read 1
  spanwise prices set llama3.2:3b --input 0 --output 0
  spanwise prices set gpt-5 --prices '{\"input\":1,\"output\":8,\"services\":{\"batch\":{\"input\":0.5,\"output\":4}}}'";

pub(super) const PRICES_UNSET: &str = "\
Example:
  spanwise prices unset gpt-4o --experiment shop";

pub(super) const PRICES_UPDATE: &str = "\
Rows that can't be used are named, and the others are taken. Exit code 1: there were such rows.

Examples:
  spanwise prices update contract.jsonl
  spanwise prices update https://example.org/model_prices_and_context_window.json";

pub(super) const PRICES_APPLY: &str = "\
It is `spanwise renormalize` by another name: what stored traces say is derived again, and with it their cost.
Exit code 1: some traces were left alone.

Examples:
  spanwise prices apply
  spanwise prices apply --experiment shop";

pub(super) const PRICES_RESET: &str = "\
Example:
  spanwise prices reset";

pub(super) const EXPERIMENTS_LIST: &str = "\
Examples:
  spanwise experiments list --deleted
  spanwise experiments list --json | jq -r '.[].name'";

pub(super) const EXPERIMENTS_CREATE: &str = "\
Example:
  spanwise experiments create shop";

pub(super) const EXPERIMENTS_RENAME: &str = "\
Example:
  spanwise experiments rename shop webshop";

pub(super) const EXPERIMENTS_DELETE: &str = "\
Example:
  spanwise experiments delete scratch";

pub(super) const EXPERIMENTS_RESTORE: &str = "\
Example:
  spanwise experiments restore scratch";

pub(super) const SCORERS: &str = "\
docs/scoring.md lists what scorers can look for. Judges ask the model that the server's configuration names ([judge]).

Examples:
  spanwise scorers
  spanwise scorers set fast -e shop -d '{\"kind\": \"latency\", \"max_ms\": 2000}'
  spanwise scorers start fast --rate 0.2
  spanwise scorers status fast";

pub(super) const SCORERS_LIST: &str = "\
Examples:
  spanwise scorers list -e shop
  spanwise scorers list --json | jq '.scorers[] | {name, state, waiting}'";

pub(super) const SCORERS_SET: &str = "\
A scorer that runs goes on with the new version. Limits alone make no version.

Examples:
  spanwise scorers set polite -e shop -d '{\"kind\": \"contains\", \"texts\": [\"please\"], \"ignore_case\": true}'
  spanwise scorers set rules -e shop --file rules.json --usd-per-day 2
  spanwise scorers set good -d '{\"kind\": \"judge\", \"instructions\": \"Does {{ outputs }} answer {{ inputs }}?\"}'";

pub(super) const SCORERS_START: &str = "\
It scores traces that arrive from now on, once they have ended. Exit code 1: it can't run as the server is configured.

Examples:
  spanwise scorers start rules
  spanwise scorers start rules --rate 0.1 --filter \"tags.env = 'prod'\"";

pub(super) const SCORERS_SHOW: &str = "\
Examples:
  spanwise scorers show rules
  spanwise scorers show rules --experiment shop";

pub(super) const SCORERS_STOP: &str = "\
Examples:
  spanwise scorers stop rules";

pub(super) const SCORERS_STATUS: &str = "\
Examples:
  spanwise scorers status rules";

pub(super) const SCORERS_DELETE: &str = "\
Examples:
  spanwise scorers delete rules";

pub(super) const SCORERS_TRY: &str = "\
Exit code 1: there was an error.

Examples:
  spanwise scorers try tr-5b8efff798038103d269b633813fc60c --scorer rules
  spanwise scorers try tr-5b8efff798038103d269b633813fc60c -d '{\"kind\": \"pii\"}'";

pub(super) const SCORERS_BACKFILL: &str = "\
The server goes on if the command is interrupted. Exit code 1: the backfill failed.

Examples:
  spanwise scorers backfill rules --filter \"status = 'OK'\" --limit 1000
  spanwise scorers backfill rules --list
  spanwise scorers backfill rules --cancel 0b0c6f6f5d0a4b6c8f6e1d2c3b4a5968";

pub(super) const REDACTION: &str = "\
Examples:
  spanwise redaction set shop --detect all
  spanwise redaction show shop
  spanwise redaction test shop 'mail ada@example.org'";

pub(super) const REDACTION_SHOW: &str = "\
Example:
  spanwise redaction show shop";

pub(super) const REDACTION_SET: &str = "\
The rules hold for all that is sent from then on; what is stored already stays as it is.

Examples:
  spanwise redaction set shop --detect secrets --detect email
  spanwise redaction set shop --pattern 'mrn=MRN-\\d{7}' --path '$..ssn' --attribute 'http.request.header.*'
  spanwise redaction set shop --off
  spanwise redaction set shop --default";

pub(super) const REDACTION_TEST: &str = "\
Nothing is stored. Rules that are given are tried in place of those of the experiment.

Examples:
  spanwise redaction test shop '{\"to\": \"ada\\u0040example.org\"}'
  spanwise redaction test shop 'MRN-1234567' --pattern 'mrn=MRN-\\d{7}'";

pub(super) const REDACTION_DETECTORS: &str = "\
Example:
  spanwise redaction detectors";

pub(super) const BACKUP: &str = "\
The folder is on this machine, also if the server is elsewhere. Interrupted, it still holds the backup that was there
before. The configuration file is not part of a backup.

Examples:
  spanwise backup /mnt/backup/spanwise
  SPANWISE_TRACKING_URI=http://traces.example.org:5000 spanwise backup ./spanwise-backup";

pub(super) const RESTORE: &str = "\
The data directory (--data-dir) must be new or empty. Every file is verified. Interrupted, it can't be opened, and the
same command starts again.

Example:
  spanwise restore /mnt/backup/spanwise --data-dir ./restored";

pub(super) const COMPACT: &str = "\
A server does this by itself, but takes its time. It may be interrupted: nothing is lost, and the rest is done the next
time. The exit code is 1 if traces can't be read.

Examples:
  spanwise compact
  spanwise compact --data-dir ./data --json | jq .after";

pub(super) const CHECK: &str = "\
Reads every byte, and names what is damaged and which traces lose what by it; the rest stays readable. The exit code is
0 if everything is in order, 1 if something is damaged, 2 if it could not be checked. If a server has the data directory
open, or SPANWISE_TRACKING_URI names one, the server checks what it holds, and goes on with its work.

Examples:
  spanwise check --data-dir ./data
  SPANWISE_TRACKING_URI=http://127.0.0.1:5000 spanwise check";

pub(super) const RENORMALIZE: &str = "\
Spans are kept as they came; what is searched and added up is derived from them when they come in. After an update that
knows more conventions, this derives it again for what is stored. Tags, assessments, names that were set and what the
MLflow client gave stay. It may be interrupted: what is done stays done, and the next run does the rest. The exit code
is 1 if traces can't be read, or were written to all the while.

Examples:
  spanwise renormalize
  spanwise renormalize --experiment shop --json | jq .changed_spans";

pub(super) const CONFIG: &str = "\
Examples:
  spanwise config show
  spanwise config path";

pub(super) const CONFIG_SHOW: &str = "\
Examples:
  spanwise config show
  SPANWISE_PORT=5001 spanwise config show --json | jq .port";

pub(super) const CONFIG_PATH: &str = "\
The exit code is 1 if there is none; standard error then says where one may be.

Example:
  $EDITOR \"$(spanwise config path)\"";

pub(super) const COMPLETIONS: &str = "\
Examples:
  spanwise completions bash > ~/.local/share/bash-completion/completions/spanwise
  spanwise completions zsh > \"${fpath[1]}/_spanwise\"
  spanwise completions fish > ~/.config/fish/completions/spanwise.fish";

pub(super) const DATASETS: &str = "\
Examples:
  spanwise datasets
  spanwise datasets show golden
  spanwise datasets export golden --output golden.parquet
  spanwise datasets import rows.csv --dataset golden --column question=inputs.question";

pub(super) const DATASETS_LIST: &str = "\
Examples:
  spanwise datasets list --experiment shop
  spanwise datasets list --name golden --json | jq -r '.[].dataset_id'";

pub(super) const DATASETS_SHOW: &str = "\
Examples:
  spanwise datasets show golden
  spanwise datasets show golden --version 3 --limit 100";

pub(super) const DATASETS_EXPORT: &str = "\
Each of the three forms gives the same records when it is imported again. CSV has a column for each field of inputs and \
expectations, and its cells are JSON where they are no text; Parquet has a column for each part of a record, as JSON text.

Examples:
  spanwise datasets export golden --output golden.csv
  spanwise datasets export golden --version 3 | jq .inputs";

pub(super) const DATASETS_IMPORT: &str = "\
Columns (or keys) named inputs, outputs, expectations, tags, or like a field of them (inputs.question), go there; \
--column says where others go. A record whose inputs are there already is merged into it. A row that can't be taken is \
named, the others are kept, and the exit code is 1.

Examples:
  spanwise datasets import golden.jsonl --dataset golden --create --experiment shop
  spanwise datasets import rows.csv --dataset golden --column question=inputs.question \\
      --column answer=expectations.expected_response --dry-run";
