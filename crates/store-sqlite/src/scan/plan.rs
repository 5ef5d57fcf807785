//! From a checked filter to a plan over columns: every text is tested once, not once a trace.

use super::bounds::{Bounds, bounds};
use super::verdicts::{Decided, Verdicts};
use crate::catalog::{self, USER_METADATA};
use crate::error::sql_error;
use crate::postings::TraceSet;
use crate::search::{Narrow, canonical};
use crate::table::{
    Bits, Chunk, Code, Field, HASHED, Kind, RESOURCES_MAX, SESSION, STATES, Snapshot, Texts, USER, hash_code,
    read_list,
};
use crate::table::{CLIENT_REQUEST_ID, NAME};
use crate::trace_ids;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use spanwise_model::{ExperimentId, TraceId};
use spanwise_query::filter::RUN_METADATA_KEY;
use spanwise_query::{
    AssessmentField, CostPart, Expr, Filter, IntRange, NumberField, NumberTest, Predicate, SpanFilter,
    TextField, TextTest, ValueTest, state_name,
};
use spanwise_store::StoreResult;
use std::collections::{HashMap, HashSet};

/// A filter over columns.
pub(super) type Plan = Expr<Leaf>;

/// What columns can tell of one condition.
pub(super) enum Leaf {
    /// Nothing.
    Unknown,
    /// Whether a number is there and in a range.
    Number(NumberField, IntRange),
    /// Whether the cost is there and satisfies this.
    Cost(NumberTest),
    /// Whether a number is there.
    Present(NumberField),
    /// Whether the state is one of these, by number.
    States([bool; 4]),
    /// Whether a text satisfies a test; without a field no trace that has a column for it has one.
    Text { field: Option<u16>, test: CodeTest, else_untracked: bool },
    /// The same of a tag, which its resource may give, by the resource's number.
    Tag { field: Option<u16>, test: CodeTest, resources: Vec<bool> },
    /// Traces that surely match, and those that may (`None`: any).
    Keys { certain: TraceSet, possible: Option<TraceSet> },
    /// Traces with a span that surely satisfies a condition if they are plain, and those with one that may. What was
    /// decided before says more, by the number of the chunk.
    Span { certain: TraceSet, possible: Option<TraceSet>, decided: HashMap<i64, Decided> },
}

/// What a text's code tells of a test.
pub(super) struct CodeTest {
    /// By code, as far as the texts are kept.
    kept: Vec<Known>,
    /// Hashes of the texts that the test names.
    named: Vec<Code>,
    if_named: Known,
    otherwise: Known,
    /// Whether some code may leave it open.
    may_be_open: bool,
}

/// What is known of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    No,
    Maybe,
    Yes,
}

impl From<bool> for Known {
    fn from(holds: bool) -> Known {
        if holds { Known::Yes } else { Known::No }
    }
}

impl CodeTest {
    /// Returns what a code tells; 0 is no text.
    pub(super) fn decide(&self, code: Code) -> Known {
        match self.kept.get(code as usize) {
            Some(known) => *known,
            None if code & HASHED != 0 && self.named.contains(&code) => self.if_named,
            None => self.otherwise,
        }
    }

    /// Tests all texts of a field.
    fn of_text(texts: Option<&Texts>, test: &TextTest) -> CodeTest {
        let kept = decide_all(texts, |text| test.matches(text));
        let hashes = |texts: &[String]| texts.iter().map(|text| hash_code(text)).collect();
        let (named, if_named, otherwise) = match test {
            TextTest::Eq(text) => (vec![hash_code(text)], Known::Maybe, Known::No),
            TextTest::In(texts) => (hashes(texts), Known::Maybe, Known::No),
            TextTest::Ne(text) => (vec![hash_code(text)], Known::Maybe, Known::Yes),
            TextTest::NotIn(texts) => (hashes(texts), Known::Maybe, Known::Yes),
            TextTest::IsNull => (Vec::new(), Known::No, Known::No),
            TextTest::IsNotNull => (Vec::new(), Known::Yes, Known::Yes),
            _ => (Vec::new(), Known::Maybe, Known::Maybe),
        };
        let may_be_open = texts.is_some_and(|texts| !texts.is_complete());
        CodeTest { kept, named, if_named, otherwise, may_be_open }
    }

    /// Returns whether some code may leave it open whether the test holds.
    pub(super) fn may_be_open(&self) -> bool {
        self.may_be_open
    }

    /// Tests all lists of assessed values.
    fn of_list(texts: Option<&Texts>, test: &ValueTest) -> CodeTest {
        let is_any = matches!(test, ValueTest::Text(TextTest::IsNull | TextTest::IsNotNull));
        let holds =
            |value: &Option<String>| is_any || test.matches(&canonical(value.as_deref().unwrap_or("null")));
        let kept = decide_all(texts, |text| text.is_some_and(|text| read_list(text).iter().any(holds)));
        let otherwise = if is_any { Known::Yes } else { Known::Maybe };
        let may_be_open = texts.is_some_and(|texts| !texts.is_complete());
        CodeTest { kept, named: Vec::new(), if_named: otherwise, otherwise, may_be_open }
    }
}

fn decide_all(texts: Option<&Texts>, test: impl Fn(Option<&str>) -> bool) -> Vec<Known> {
    let kept = texts.into_iter().flat_map(Texts::iter).map(|text| Known::from(test(Some(text))));
    std::iter::once(Known::from(test(None))).chain(kept).collect()
}

/// What a plan is made from.
pub(super) struct Planner<'a> {
    pub(super) conn: &'a Connection,
    pub(super) snapshot: &'a Snapshot,
    pub(super) scope: &'a Scope,
    pub(super) narrow: &'a dyn Narrow,
    pub(super) verdicts: &'a Verdicts,
    pub(super) check: &'a dyn Fn() -> StoreResult<()>,
}

impl Planner<'_> {
    /// Makes the plan of a filter.
    pub(super) fn plan(&self, filter: &Filter) -> StoreResult<Plan> {
        let all =
            |parts: &[Filter]| parts.iter().map(|part| self.plan(part)).collect::<StoreResult<Vec<_>>>();
        Ok(match filter {
            Expr::And(parts) => Expr::And(all(parts)?),
            Expr::Or(parts) => Expr::Or(all(parts)?),
            Expr::Not(inner) => Expr::Not(Box::new(self.plan(inner)?)),
            Expr::Is(predicate) => self.leaf(predicate)?,
        })
    }

    fn leaf(&self, predicate: &Predicate) -> StoreResult<Plan> {
        (self.check)()?;
        match predicate {
            Predicate::Number { field, test } => Ok(number(*field, *test)),
            Predicate::Present(field) => Ok(Expr::Is(Leaf::Present(*field))),
            Predicate::Text { field, test } => self.text(field, test),
            Predicate::Run(run_id) => self.run(run_id),
            Predicate::Prompt { name, version } => self.keys(
                "SELECT trace_key FROM trace_prompt WHERE name = ?1 AND version = ?2",
                [name.clone().into(), version.clone().into()],
            ),
            Predicate::Issue(issue_id) => self.keys(
                "SELECT trace_key FROM assessment WHERE kind = 2 AND name = ?1",
                [issue_id.clone().into()],
            ),
            Predicate::Assessment { kind, name, test } => Ok(self.assessment(*kind, Some(name), test)),
            Predicate::HasAssessment(kind) => {
                Ok(self.assessment(*kind, None, &ValueTest::Text(TextTest::IsNotNull)))
            }
            Predicate::Span(filter) => self.span(filter),
        }
    }

    fn text(&self, field: &TextField, test: &TextTest) -> StoreResult<Plan> {
        Ok(match field {
            TextField::State => {
                Expr::Is(Leaf::States(STATES.map(|state| test.matches(Some(state_name(state))))))
            }
            TextField::TraceId => return self.trace_id(test),
            TextField::ClientRequestId => self.row_text(CLIENT_REQUEST_ID, test),
            TextField::Name => self.row_text(NAME, test),
            TextField::Session => self.row_text(SESSION, test),
            TextField::Metadata(key) if key == USER_METADATA => self.row_text(USER, test),
            TextField::Metadata(key) => {
                self.named_text(&Field::Metadata(key.clone()), |texts| CodeTest::of_text(texts, test))
            }
            TextField::Tag(key) => self.tag(key, test),
            TextField::UsageText => json_text(NumberField::Tokens(spanwise_query::TokenPart::Total), test),
            TextField::CostText => json_text(NumberField::Cost(CostPart::Total), test),
        })
    }

    fn row_text(&self, field: u16, test: &TextTest) -> Plan {
        let test = CodeTest::of_text(Some(self.snapshot.texts(field)), test);
        Expr::Is(Leaf::Text { field: Some(field), test, else_untracked: false })
    }

    /// A text of one of the small tables.
    fn named_text(&self, field: &Field, test: impl FnOnce(Option<&Texts>) -> CodeTest) -> Plan {
        let field = self.snapshot.field(field);
        let test = test(field.map(|field| &**self.snapshot.texts(field)));
        Expr::Is(Leaf::Text { field, test, else_untracked: field.is_none() })
    }

    fn tag(&self, key: &str, test: &TextTest) -> Plan {
        let field = self.snapshot.field(&Field::Tag(key.to_owned()));
        let resources = &self.snapshot.resources;
        let resources = resources.iter().map(|tags| test.matches(tags.get(key).map(String::as_str)));
        let resources = resources.collect();
        let test = CodeTest::of_text(field.map(|field| &**self.snapshot.texts(field)), test);
        Expr::Is(Leaf::Tag { field, test, resources })
    }

    fn trace_id(&self, test: &TextTest) -> StoreResult<Plan> {
        let (ids, is_in) = match test {
            TextTest::Eq(id) => (std::slice::from_ref(id), true),
            TextTest::Ne(id) => (std::slice::from_ref(id), false),
            TextTest::In(ids) => (&**ids, true),
            TextTest::NotIn(ids) => (&**ids, false),
            TextTest::IsNull => return Ok(Expr::Or(Vec::new())),
            TextTest::IsNotNull => return Ok(Expr::all()),
            _ => return Ok(Expr::Is(Leaf::Unknown)),
        };
        let ids: Vec<TraceId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let plan = of_keys(trace_ids::find_all(self.conn, &ids)?.into_iter().collect());
        Ok(if is_in { plan } else { Expr::Not(Box::new(plan)) })
    }

    fn run(&self, run_id: &str) -> StoreResult<Plan> {
        let test = TextTest::Eq(run_id.to_owned());
        let ran_in = self.named_text(&Field::Metadata(RUN_METADATA_KEY.to_owned()), |texts| {
            CodeTest::of_text(texts, &test)
        });
        let linked = catalog::traces_of_run(self.conn, run_id)?;
        let linked = trace_ids::find_all(self.conn, &linked)?.into_iter().collect();
        Ok(Expr::Or(vec![ran_in, of_keys(linked)]))
    }

    /// Traces that an index of SQLite names.
    fn keys(&self, sql: &str, parameters: impl IntoIterator<Item = Value>) -> StoreResult<Plan> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.query_map(params_from_iter(parameters), |row| row.get(0))?.collect()
            })
            .map(of_keys)
            .map_err(sql_error)
    }

    fn span(&self, filter: &SpanFilter) -> StoreResult<Plan> {
        let (certain, possible) = self.narrow.bounds(filter, self.check)?;
        let decided = self.verdicts.recall(filter, self.snapshot);
        Ok(Expr::Is(Leaf::Span { certain, possible, decided }))
    }

    /// A valid assessment of the trace's own, or one that speaks for its session.
    fn assessment(&self, kind: AssessmentField, name: Option<&str>, test: &ValueTest) -> Plan {
        let field = |of_session| Field::Assessed {
            kind: Kind::from(kind),
            name: name.map(str::to_owned),
            of_session,
        };
        let list_test = |texts: Option<&Texts>| CodeTest::of_list(texts, test);
        let own = self.named_text(&field(false), list_test);
        let of_session = self.named_text(&field(true), list_test);
        let any = Expr::Or(vec![own, self.in_sessions_of(of_session)]);
        if test.is_absence() { Expr::Not(Box::new(any)) } else { any }
    }

    /// Traces of a session that some searched trace which `plan` finds is of.
    fn in_sessions_of(&self, plan: Plan) -> Plan {
        let texts = self.snapshot.texts(SESSION);
        let mut test = CodeTest {
            kept: vec![Known::No; texts.len() + 1],
            named: Vec::new(),
            if_named: Known::Maybe,
            otherwise: Known::No,
            may_be_open: !texts.is_complete(),
        };
        for (number, chunk) in &self.snapshot.chunks {
            let found = bounds(&plan, *number, chunk).within(&self.scope.rows(chunk));
            test.may_be_open |= found.lower != found.upper;
            for row in found.upper.iter() {
                let code = chunk.code(SESSION, row);
                let known = if found.lower.contains(row) { Known::Yes } else { Known::Maybe };
                match test.kept.get_mut(code as usize) {
                    Some(_) if code == 0 => {}
                    Some(kept) if *kept != Known::Yes => *kept = known,
                    Some(_) => {}
                    None => test.named.push(code),
                }
            }
        }
        Expr::Is(Leaf::Text { field: Some(SESSION), test, else_untracked: false })
    }
}

/// The experiments that are searched. There may be a thousand of them, and each row asks.
pub(super) struct Scope {
    /// Whether each of the first ids is in it.
    first: Vec<bool>,
    others: HashSet<i64>,
}

/// Ids that are looked up by their number; larger ones are rare.
const FIRST_IDS: usize = 1 << 16;

impl Scope {
    pub(super) fn new(experiments: &[ExperimentId]) -> Scope {
        let mut scope = Scope { first: Vec::new(), others: HashSet::new() };
        for id in experiments {
            match usize::try_from(id.0) {
                Ok(number) if number < FIRST_IDS => {
                    scope.first.resize(scope.first.len().max(number + 1), false);
                    scope.first[number] = true;
                }
                _ => drop(scope.others.insert(id.0)),
            }
        }
        scope
    }

    /// Returns the rows of a chunk that are in one of the experiments.
    pub(super) fn rows(&self, chunk: &Chunk) -> Bits {
        let is_in = |id: i64| match usize::try_from(id).ok().and_then(|number| self.first.get(number)) {
            Some(is_in) => *is_in,
            None => !self.others.is_empty() && self.others.contains(&id),
        };
        chunk.experiment.rows_where(is_in).and(&chunk.live)
    }
}

fn of_keys(keys: TraceSet) -> Plan {
    Expr::Is(Leaf::Keys { certain: keys.clone(), possible: Some(keys) })
}

fn number(field: NumberField, test: NumberTest) -> Plan {
    Expr::Is(match field {
        NumberField::Cost(CostPart::Total) => Leaf::Cost(test),
        NumberField::Cost(_) => return if_present(field),
        NumberField::StartMs => Leaf::Number(NumberField::Start, test.int_range().ms_to_ns()),
        NumberField::DurationMs => Leaf::Number(NumberField::Duration, test.int_range().ms_to_ns()),
        _ => Leaf::Number(field, test.int_range()),
    })
}

/// What is in no column, but can only be if a number is there.
fn if_present(field: NumberField) -> Plan {
    Expr::And(vec![Expr::Is(Leaf::Present(field)), Expr::Is(Leaf::Unknown)])
}

/// The text of a number: there if the number is.
fn json_text(field: NumberField, test: &TextTest) -> Plan {
    match test {
        TextTest::IsNotNull => Expr::Is(Leaf::Present(field)),
        TextTest::IsNull => Expr::Not(Box::new(Expr::Is(Leaf::Present(field)))),
        _ => if_present(field),
    }
}

/// Returns whether all that a plan leaves open are conditions on spans: verdicts on these are remembered.
pub(super) fn is_open_for_spans_only(plan: &Plan, snapshot: &Snapshot) -> bool {
    let all = |parts: &[Plan]| parts.iter().all(|part| is_open_for_spans_only(part, snapshot));
    let has_untracked = || snapshot.chunks.iter().any(|(_, chunk)| !chunk.untracked.is_empty());
    match plan {
        Expr::And(parts) | Expr::Or(parts) => all(parts),
        Expr::Not(inner) => is_open_for_spans_only(inner, snapshot),
        Expr::Is(leaf) => match leaf {
            Leaf::Unknown => false,
            Leaf::Text { test, else_untracked, .. } => {
                let is_field_closed = !else_untracked || !has_untracked();
                !test.may_be_open() && is_field_closed
            }
            Leaf::Tag { field, test, .. } => {
                let is_field_closed = field.is_some() || !has_untracked();
                !test.may_be_open() && is_field_closed && snapshot.resources.len() < RESOURCES_MAX
            }
            Leaf::Number(..)
            | Leaf::Cost(_)
            | Leaf::Present(_)
            | Leaf::States(_)
            | Leaf::Keys { .. }
            | Leaf::Span { .. } => true,
        },
    }
}

/// Returns the rows of a chunk for which a plan surely holds, and those for which it may.
pub(super) fn evaluate(plan: &Plan, number: i64, chunk: &Chunk, scope: &Scope) -> Bounds {
    let rows = scope.rows(chunk);
    if rows.is_empty() {
        return Bounds::NONE;
    }
    bounds(plan, number, chunk).within(&rows)
}
