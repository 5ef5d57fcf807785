//! From a checked filter to SQL. Each leaf is two-valued (`IS TRUE`), so that NOT is the complement.

use crate::postings::TraceSet;
use crate::trace_row::state_number;
use rusqlite::types::Value;
use spanwise_model::{ExperimentId, TraceId, TraceState};
use spanwise_query::filter::RUN_METADATA_KEY;
use spanwise_query::{
    AssessmentField, CostPart, Expr, Filter, IntRange, Number, NumberField, NumberOperator, NumberTest,
    Predicate, SpanFilter, TextField, TextTest, TokenPart, ValueTest,
};
use spanwise_store::StoreResult;

/// Nanoseconds in a millisecond: MLflow's numbers are whole milliseconds, rounded down.
const NS_PER_MS: i64 = 1_000_000;

/// A condition in SQL, with what it refers to.
#[derive(Default)]
pub(crate) struct Compiled {
    /// The condition; parameters are `?1`, `?2`, ….
    pub(crate) sql: String,
    /// The values of the parameters.
    pub(crate) parameters: Vec<Value>,
    /// Tests that SQL calls by number.
    pub(crate) tests: Tests,
}

/// What the SQL functions evaluate, by the number that they are called with.
#[derive(Default)]
pub(crate) struct Tests {
    /// For `sw_value(n, json)`.
    pub(crate) values: Vec<ValueTest>,
    /// For `sw_text(n, text)`.
    pub(crate) texts: Vec<TextTest>,
    /// For `sw_span(n, trace_key)`.
    pub(crate) spans: Vec<SpanLeaf>,
}

/// A condition on spans, and the traces that may satisfy it (`None`: any).
pub(crate) struct SpanLeaf {
    pub(crate) filter: SpanFilter,
    pub(crate) traces: Option<TraceSet>,
}

/// What tells which traces may satisfy a condition on spans.
pub(crate) trait Narrow {
    /// Returns a set that holds every trace that satisfies `filter`, or `None` if that may be any.
    ///
    /// `check` is called often; its error ends the work.
    fn traces(
        &self,
        filter: &SpanFilter,
        check: &dyn Fn() -> StoreResult<()>,
    ) -> StoreResult<Option<TraceSet>> {
        self.bounds(filter, check).map(|(_, possible)| possible)
    }

    /// Returns, beside those, traces that surely satisfy `filter` if each of their spans came once; see
    /// [`crate::trace_row::explicit::PLAIN`].
    fn bounds(
        &self,
        filter: &SpanFilter,
        check: &dyn Fn() -> StoreResult<()>,
    ) -> StoreResult<(TraceSet, Option<TraceSet>)>;

    /// Returns of how few traces a list drives the query.
    fn looked_up_traces_max(&self) -> usize {
        LOOKED_UP_TRACES_MAX
    }
}

/// So few traces are looked up one by one; of more, each is asked for as the scan comes to it.
const LOOKED_UP_TRACES_MAX: usize = 5_000;

/// What the compilation of one filter needs.
struct Compilation<'a> {
    out: Compiled,
    /// The experiments that are searched, as a list in SQL.
    scope: String,
    narrow: &'a dyn Narrow,
    check: &'a dyn Fn() -> StoreResult<()>,
}

impl Compiled {
    /// Adds a parameter and returns its name.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.parameters.push(value.into());
        format!("?{}", self.parameters.len())
    }

    fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }
}

/// Compiles the condition that a trace `t` is visible, in one of the experiments and matches the filter.
pub(crate) fn compile(
    experiments: &[ExperimentId],
    filter: Option<&Filter>,
    narrow: &dyn Narrow,
    check: &dyn Fn() -> StoreResult<()>,
) -> StoreResult<Compiled> {
    let scope = experiment_list(experiments);
    let out =
        Compiled { sql: format!("t.visible = 1 AND t.experiment_id IN ({scope})"), ..Compiled::default() };
    let mut compilation = Compilation { out, scope, narrow, check };
    if let Some(filter) = filter.filter(|filter| !filter.is_all()) {
        compilation.out.push(" AND ");
        compilation.write_expr(filter)?;
    }
    Ok(compilation.out)
}

/// Ids as they stand in SQL; they are integers, so nothing needs quoting.
fn experiment_list(experiments: &[ExperimentId]) -> String {
    let mut ids: Vec<i64> = experiments.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

impl Compilation<'_> {
    fn write_expr(&mut self, expr: &Filter) -> StoreResult<()> {
        match expr {
            Expr::And(parts) => self.write_parts(parts, " AND ", "1"),
            Expr::Or(parts) => self.write_parts(parts, " OR ", "0"),
            Expr::Not(inner) => {
                self.out.push("NOT (");
                self.write_expr(inner)?;
                self.out.push(")");
                Ok(())
            }
            Expr::Is(Predicate::Span(filter)) => self.write_span(filter),
            Expr::Is(predicate) => {
                let leaf = leaf(&mut self.out, predicate, &self.scope);
                self.out.push(&format!("(({leaf}) IS TRUE)"));
                Ok(())
            }
        }
    }

    fn write_parts(&mut self, parts: &[Filter], joint: &str, empty: &str) -> StoreResult<()> {
        if parts.is_empty() {
            self.out.push(empty);
            return Ok(());
        }
        self.out.push("(");
        // SQLite evaluates from left to right: what is cheap decides first.
        let mut ordered: Vec<&Filter> = parts.iter().collect();
        ordered.sort_by_key(|part| weight(part));
        for (index, part) in ordered.into_iter().enumerate() {
            if index > 0 {
                self.out.push(joint);
            }
            self.write_expr(part)?;
        }
        self.out.push(")");
        Ok(())
    }

    fn write_span(&mut self, filter: &SpanFilter) -> StoreResult<()> {
        let traces = self.narrow.traces(filter, self.check)?;
        let few = traces.as_ref().filter(|traces| traces.len() <= self.narrow.looked_up_traces_max());
        let list = few.map(|few| serde_json::Value::from_iter(few.iter()).to_string());
        let is_few = list.is_some();
        if let Some(list) = list {
            // Not inside IS TRUE, so that the list can drive the query.
            let list = self.out.bind(list);
            self.out.push(&format!("(t.trace_key IN (SELECT value FROM json_each({list})) AND "));
        }
        let number = self.out.tests.spans.len();
        self.out.tests.spans.push(SpanLeaf { filter: filter.clone(), traces });
        let close = if is_few { ")" } else { "" };
        self.out.push(&format!("sw_span({number}, t.trace_key){close}"));
        Ok(())
    }
}

/// How much a part costs for one trace: columns 0, small tables 1, spans 2.
fn weight(expr: &Filter) -> u8 {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().map(weight).max().unwrap_or(0),
        Expr::Not(inner) => weight(inner),
        Expr::Is(Predicate::Number { .. } | Predicate::Present(_)) => 0,
        Expr::Is(Predicate::Text { field: TextField::Tag(_) | TextField::Metadata(_), .. }) => 1,
        Expr::Is(Predicate::Text { .. }) => 0,
        Expr::Is(Predicate::Span(_)) => 2,
        Expr::Is(_) => 1,
    }
}

fn leaf(out: &mut Compiled, predicate: &Predicate, scope: &str) -> String {
    match predicate {
        Predicate::Number { field, test } => number(out, *field, *test),
        Predicate::Present(field) => format!("{} IS NOT NULL", number_column(*field)),
        Predicate::Text { field, test } => text_field(out, field, test),
        Predicate::Run(run_id) => {
            let run = out.bind(run_id.clone());
            let key = out.bind(RUN_METADATA_KEY.to_owned());
            format!(
                "EXISTS (SELECT 1 FROM trace_metadata m WHERE m.trace_key = t.trace_key AND m.key = {key} AND m.value = {run}) \
                 OR EXISTS (SELECT 1 FROM trace_run r WHERE r.run_id = {run} AND r.trace_id = t.trace_id)"
            )
        }
        Predicate::Prompt { name, version } => {
            let (name, version) = (out.bind(name.clone()), out.bind(version.clone()));
            format!(
                "EXISTS (SELECT 1 FROM trace_prompt p WHERE p.trace_key = t.trace_key AND p.name = {name} AND p.version = {version})"
            )
        }
        Predicate::Assessment { kind, name, test } => assessment(out, *kind, Some(name), test, scope),
        Predicate::HasAssessment(kind) => {
            assessment(out, *kind, None, &ValueTest::Text(TextTest::IsNotNull), scope)
        }
        Predicate::Issue(issue_id) => {
            let issue = out.bind(issue_id.clone());
            format!(
                "EXISTS (SELECT 1 FROM assessment a WHERE a.trace_key = t.trace_key AND a.kind = 2 AND a.name = {issue})"
            )
        }
        Predicate::Span(_) => unreachable!("write_expr writes conditions on spans"),
    }
}

fn number(out: &mut Compiled, field: NumberField, test: NumberTest) -> String {
    let column = number_column(field);
    match field {
        NumberField::StartMs => in_range(out, "t.start_ns", test.int_range().ms_to_ns()),
        NumberField::DurationMs => in_range(out, "t.duration_ns", test.int_range().ms_to_ns()),
        NumberField::Cost(_) => compare_float(out, &column, test),
        _ => in_range(out, &column, test.int_range()),
    }
}

/// The value of a number of a trace; NULL where it is not known.
pub(crate) fn number_column(field: NumberField) -> String {
    match field {
        NumberField::StartMs => floor_ms("t.start_ns"),
        NumberField::DurationMs => floor_ms("t.duration_ns"),
        NumberField::EndMs => {
            format!("({} + coalesce(t.duration_ns, 0) / {NS_PER_MS})", floor_ms("t.start_ns"))
        }
        NumberField::Start => "t.start_ns".to_owned(),
        NumberField::Duration => "t.duration_ns".to_owned(),
        NumberField::End => "(t.start_ns + coalesce(t.duration_ns, 0))".to_owned(),
        NumberField::Tokens(part) => token_column(part).to_owned(),
        NumberField::Cost(CostPart::Total) => "t.cost_total".to_owned(),
        // A part that is not a number was kept as NULL and is read as 0.
        NumberField::Cost(CostPart::Input) => cost_part_column("t.cost_input"),
        NumberField::Cost(CostPart::Output) => cost_part_column("t.cost_output"),
        NumberField::SpanCount => "t.span_count".to_owned(),
    }
}

fn token_column(part: TokenPart) -> &'static str {
    match part {
        TokenPart::Total => "t.total_tokens",
        TokenPart::Input => "t.input_tokens",
        TokenPart::Output => "t.output_tokens",
        TokenPart::CacheRead => "t.cache_read_tokens",
        TokenPart::CacheWrite => "t.cache_creation_tokens",
    }
}

fn cost_part_column(column: &str) -> String {
    format!("CASE WHEN t.cost_total IS NOT NULL THEN coalesce({column}, 0.0) END")
}

fn compare_float(out: &mut Compiled, column: &str, test: NumberTest) -> String {
    let operator = match test.operator {
        NumberOperator::Eq => "=",
        NumberOperator::Ne => "<>",
        NumberOperator::Lt => "<",
        NumberOperator::Le => "<=",
        NumberOperator::Gt => ">",
        NumberOperator::Ge => ">=",
    };
    let value = match test.value {
        Number::Int(int) => int as f64,
        Number::Float(float) => float,
    };
    format!("{column} {operator} {}", out.bind(value))
}

/// Milliseconds rounded down, before 1970 too (SQLite divides towards zero).
pub(crate) fn floor_ms(column: &str) -> String {
    format!("(({column} - (({column} % {NS_PER_MS}) + {NS_PER_MS}) % {NS_PER_MS}) / {NS_PER_MS})")
}

fn in_range(out: &mut Compiled, column: &str, range: IntRange) -> String {
    let (min, max, between) = match range {
        IntRange::Within { min, max } => (min, max, "BETWEEN"),
        IntRange::Except { min, max } => (min, max, "NOT BETWEEN"),
    };
    let (min, max) = (out.bind(min), out.bind(max));
    format!("{column} {between} {min} AND {max}")
}

fn text_field(out: &mut Compiled, field: &TextField, test: &TextTest) -> String {
    match field {
        TextField::State => state(test),
        TextField::TraceId => trace_id(out, test),
        TextField::ClientRequestId => text(out, "t.client_request_id", test),
        TextField::Name => text(out, "t.name", test),
        TextField::Session => text(out, "t.session", test),
        TextField::Tag(key) => {
            let value = tag_value(out, key);
            text(out, &value, test)
        }
        TextField::Metadata(key) => {
            let value = metadata_value(out, key);
            text(out, &value, test)
        }
        TextField::UsageText => text(
            out,
            "sw_usage(t.input_tokens, t.output_tokens, t.total_tokens, t.cache_read_tokens, t.cache_creation_tokens, \
             t.cache_creation_1h_tokens)",
            test,
        ),
        TextField::CostText => text(out, "sw_cost(t.cost_input, t.cost_output, t.cost_total)", test),
    }
}

/// The value of a tag: the trace's own, else its resource's.
pub(crate) fn tag_value(out: &mut Compiled, key: &str) -> String {
    let key = out.bind(key.to_owned());
    format!(
        "coalesce((SELECT g.value FROM trace_tag g WHERE g.trace_key = t.trace_key AND g.key = {key}), \
         (SELECT j.value FROM interned i, json_each(i.tags) j WHERE i.interned_id = t.resource_id AND j.key = {key}))"
    )
}

/// The value of a metadata key; the user is a column.
pub(crate) fn metadata_value(out: &mut Compiled, key: &str) -> String {
    if key == crate::catalog::USER_METADATA {
        return "t.user".into();
    }
    let key = out.bind(key.to_owned());
    format!("(SELECT m.value FROM trace_metadata m WHERE m.trace_key = t.trace_key AND m.key = {key})")
}

fn state(test: &TextTest) -> String {
    let states = [
        (TraceState::Unspecified, "STATE_UNSPECIFIED"),
        (TraceState::Ok, "OK"),
        (TraceState::Error, "ERROR"),
        (TraceState::InProgress, "IN_PROGRESS"),
    ];
    let matching = states.iter().filter(|(_, name)| test.matches(Some(name)));
    let numbers: Vec<String> = matching.map(|(state, _)| state_number(*state).to_string()).collect();
    format!("t.state IN ({})", numbers.join(", "))
}

fn trace_id(out: &mut Compiled, test: &TextTest) -> String {
    match test {
        TextTest::Eq(id) => format!("t.trace_id IN ({})", id_list(out, std::slice::from_ref(id))),
        TextTest::Ne(id) => format!("t.trace_id NOT IN ({})", id_list(out, std::slice::from_ref(id))),
        TextTest::In(ids) => format!("t.trace_id IN ({})", id_list(out, ids)),
        TextTest::NotIn(ids) => format!("t.trace_id NOT IN ({})", id_list(out, ids)),
        _ => text(out, "sw_trace_id(t.trace_id)", test),
    }
}

/// Texts that are no trace id match no trace.
fn id_list(out: &mut Compiled, ids: &[String]) -> String {
    let parsed = ids.iter().filter_map(|id| id.parse::<TraceId>().ok());
    parsed.map(|id| out.bind(trace_id_value(&id))).collect::<Vec<_>>().join(", ")
}

/// Returns a trace id as SQLite keeps it.
pub(super) fn trace_id_value(id: &TraceId) -> Value {
    match id {
        TraceId::Otel(bytes) => Value::Blob(bytes.to_vec()),
        TraceId::Text(text) => Value::Text(text.to_string()),
    }
}

/// A test of a text expression, which may be NULL.
fn text(out: &mut Compiled, value: &str, test: &TextTest) -> String {
    match test {
        TextTest::Eq(wanted) => format!("{value} = {}", out.bind(wanted.clone())),
        TextTest::Ne(wanted) => format!("{value} <> {}", out.bind(wanted.clone())),
        TextTest::In(wanted) => format!("{value} IN ({})", bind_all(out, wanted)),
        TextTest::NotIn(wanted) => format!("{value} NOT IN ({})", bind_all(out, wanted)),
        TextTest::IsNull => format!("{value} IS NULL"),
        TextTest::IsNotNull => format!("{value} IS NOT NULL"),
        TextTest::Like(pattern) => {
            let text = out.bind(pattern.as_str().to_owned());
            format!("matches_like({value}, {text}, {})", u8::from(pattern.ignores_case()))
        }
        TextTest::RLike(pattern) => {
            format!("matches_rlike({value}, {})", out.bind(pattern.as_str().to_owned()))
        }
        TextTest::Contains(_) | TextTest::Lacks(_) | TextTest::Words(_) | TextTest::Number(_) => {
            out.tests.texts.push(test.clone());
            format!("sw_text({}, {value})", out.tests.texts.len() - 1)
        }
    }
}

fn bind_all(out: &mut Compiled, values: &[String]) -> String {
    values.iter().map(|value| out.bind(value.clone())).collect::<Vec<_>>().join(", ")
}

/// A valid assessment of the trace itself (of that name, if there is one), or a session-level one of a trace of the same session among those that
/// are searched.
fn assessment(
    out: &mut Compiled,
    kind: AssessmentField,
    name: Option<&str>,
    test: &ValueTest,
    scope: &str,
) -> String {
    let kind = assessment_kind(kind);
    let of_name = match name {
        Some(name) => format!("AND a.name = {} ", out.bind(name.to_owned())),
        None => String::new(),
    };
    let condition = match test {
        ValueTest::Text(TextTest::IsNull | TextTest::IsNotNull) => "1".to_owned(),
        _ => {
            out.tests.values.push(test.clone());
            format!("sw_value({}, a.value)", out.tests.values.len() - 1)
        }
    };
    let matches = format!("a.valid = 1 AND a.kind = {kind} {of_name}AND {condition}");
    // The second list does not depend on the trace that is asked about: it is made once a query.
    let any = format!(
        "(EXISTS (SELECT 1 FROM assessment a WHERE a.trace_key = t.trace_key AND {matches}) \
         OR (t.session IN (SELECT o.session FROM assessment a JOIN trace o ON o.trace_key = a.trace_key \
         WHERE a.session IS NOT NULL AND {matches} AND o.session IS NOT NULL AND o.visible = 1 \
         AND o.experiment_id IN ({scope}))) IS TRUE)"
    );
    if test.is_absence() { format!("NOT {any}") } else { any }
}

/// The number of a kind in column `kind` of table `assessment`.
pub(crate) fn assessment_kind(kind: AssessmentField) -> i64 {
    match kind {
        AssessmentField::Feedback => 0,
        AssessmentField::Expectation => 1,
    }
}
