//! The second step: clauses to predicates, and how they bind spans. What a clause means is said by `mlflow` and
//! `house`: MLflow's grammar comes first, and what it refuses the wider one may take. What both refuse has an error
//! in the words of each.

use crate::analyze::FilterDiagnostic;
use crate::error::{FilterError, Problem};
use crate::expr::Expr;
use crate::filter::{Filter, Predicate, SpanFilter};
use crate::house;
use crate::mlflow;
use crate::syntax::{self, Clause, HAS_COMPARATOR, Item, Syntax};

/// What a clause is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Leaf {
    /// The trace.
    Trace(Filter),
    /// A span of it.
    Span(SpanFilter),
}

/// How clauses are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// What relative times are counted from; without it there are none.
    pub(crate) now_ns: Option<i64>,
    /// Whether values that a field never has are refused, though MLflow takes them.
    pub(crate) strict: bool,
}

/// A clause that neither grammar takes.
pub(crate) struct Refusal {
    pub(crate) mlflow: FilterError,
    pub(crate) house: FilterDiagnostic,
}

/// Parses and checks a trace filter; the empty text matches every trace. Relative times are refused: they need
/// [`parse_filter_at`].
pub fn parse_filter(text: &str) -> Result<Filter, FilterError> {
    parse(text, None)
}

/// Parses and checks a trace filter, with relative times (`start >= -1h`) counted from `now_ns`, in nanoseconds since
/// the Unix epoch.
pub fn parse_filter_at(text: &str, now_ns: i64) -> Result<Filter, FilterError> {
    parse(text, Some(now_ns))
}

fn parse(text: &str, now_ns: Option<i64>) -> Result<Filter, FilterError> {
    let tree = syntax::parse_mlflow(text, now_ns)?;
    let (filter, refusals) = check(&tree, Reading { now_ns, strict: false });
    match refusals.into_iter().next() {
        Some(first) => Err(first.mlflow),
        None => Ok(filter),
    }
}

/// Checks a parsed filter; it means something only if nothing was refused.
pub(crate) fn check(tree: &Syntax<'_>, reading: Reading) -> (Filter, Vec<Refusal>) {
    let mut checker = Checker { reading, refusals: Vec::new() };
    let filter = checker.tree(tree);
    (filter, checker.refusals)
}

struct Checker {
    reading: Reading,
    refusals: Vec<Refusal>,
}

impl Checker {
    fn tree(&mut self, tree: &Syntax<'_>) -> Filter {
        match tree {
            Expr::And(parts) => self.conjunction(parts),
            Expr::Or(parts) => Expr::or(parts.iter().map(|part| self.tree(part)).collect()),
            Expr::Not(inner) => Expr::negate(self.tree(inner)),
            Expr::Is(Item::SpanGroup(group)) => Expr::Is(Predicate::Span(self.span_group(group))),
            Expr::Is(Item::Clause(clause)) => match self.leaf(clause, false) {
                Some(Leaf::Trace(filter)) => filter,
                Some(Leaf::Span(filter)) => Expr::Is(Predicate::Span(filter)),
                None => Expr::all(),
            },
        }
    }

    /// Checks clauses joined by AND: those about spans bind one span together, and stand where the first one stood.
    fn conjunction(&mut self, parts: &[Syntax<'_>]) -> Filter {
        let mut checked = Vec::with_capacity(parts.len());
        let mut tests = Vec::new();
        let mut place = 0;
        for part in parts {
            let Expr::Is(Item::Clause(clause)) = part else {
                checked.push(self.tree(part));
                continue;
            };
            match self.leaf(clause, false) {
                Some(Leaf::Trace(filter)) => checked.push(filter),
                Some(Leaf::Span(filter)) => {
                    if tests.is_empty() {
                        place = checked.len();
                    }
                    tests.push(filter);
                }
                None => {}
            }
        }
        if !tests.is_empty() {
            checked.insert(place, Expr::Is(Predicate::Span(Expr::and(tests))));
        }
        Expr::and(checked)
    }

    fn span_group(&mut self, tree: &Expr<Clause<'_>>) -> SpanFilter {
        match tree {
            Expr::And(parts) => Expr::and(parts.iter().map(|part| self.span_group(part)).collect()),
            Expr::Or(parts) => Expr::or(parts.iter().map(|part| self.span_group(part)).collect()),
            Expr::Not(inner) => Expr::negate(self.span_group(inner)),
            Expr::Is(clause) => match self.leaf(clause, true) {
                Some(Leaf::Span(filter)) => filter,
                _ => Expr::all(),
            },
        }
    }

    fn leaf(&mut self, clause: &Clause<'_>, in_group: bool) -> Option<Leaf> {
        match read(clause, in_group, self.reading) {
            Ok(leaf) => Some(leaf),
            Err(refusal) => {
                self.refusals.push(*refusal);
                None
            }
        }
    }
}

fn read(clause: &Clause<'_>, in_group: bool, reading: Reading) -> Result<Leaf, Box<Refusal>> {
    let mlflow = match read_mlflow(clause, in_group) {
        Ok(leaf) if reading.strict => match house::check_values(clause, in_group) {
            None => return Ok(leaf),
            Some(house) => return Err(Box::new(Refusal { mlflow: not_a_clause(clause), house })),
        },
        Ok(leaf) => return Ok(leaf),
        Err(mlflow) => mlflow,
    };
    house::leaf(clause, in_group, reading).map_err(|house| Box::new(Refusal { mlflow, house }))
}

fn read_mlflow(clause: &Clause<'_>, in_group: bool) -> Result<Leaf, FilterError> {
    if clause.comparator == HAS_COMPARATOR {
        return Err(not_a_clause(clause));
    }
    if in_group { mlflow::span_leaf(clause) } else { mlflow::leaf(clause) }
}

fn not_a_clause(clause: &Clause<'_>) -> FilterError {
    let words = vec![format!("has:{}", clause.identifier.text)];
    FilterError::new(
        Problem::InvalidClauses(words),
        clause.comparator_span.start..clause.identifier.span().end,
    )
}
