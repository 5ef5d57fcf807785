//! The filter language: text to a checked, typed filter that says what to evaluate, and what its operators mean.
//!
//! Two steps: `syntax` turns text into clauses with their places in the text, `check` resolves fields, operators
//! and literals. The result knows no store; engines compile [`Filter`] to whatever they have, and share the
//! matching of single values ([`operator`], [`like`], [`token`], [`json`]). The grammar is MLflow's and grows
//! beyond it; error messages that MLflow has are MLflow's. Nothing here does I/O.

mod analyze;
pub mod catalog;
mod check;
mod complete;
pub mod error;
pub mod experiment;
pub mod expr;
mod field;
pub mod filter;
mod fold;
pub mod json;
mod lex;
pub mod like;
mod literal;
pub mod operator;
pub mod order;
mod print;
#[cfg(feature = "reference")]
pub mod reference;
mod syntax;
pub mod token;
mod write;

pub use analyze::{Analysis, FilterDiagnostic, OrderAnalysis, analyze, analyze_order};
pub use catalog::{FIELDS, FieldInfo, FieldKind, field_info};
pub use check::{parse_filter, parse_filter_at};
pub use complete::{CompletionContext, Expected, FieldScope, complete};
pub use error::{FilterError, Problem};
pub use experiment::{
    ExperimentFilter, ExperimentOrderBy, ExperimentOrderKey, ExperimentPredicate, parse_experiment_filter,
    parse_experiment_order,
};
pub use expr::Expr;
pub use filter::{
    AssessmentField, Filter, NumberField, Predicate, SpanField, SpanFilter, SpanTest, TextField, TextSpan,
    state_name,
};
pub use like::LikePattern;
pub use operator::{
    IntRange, Number, NumberOperator, NumberTest, RLikePattern, TextTest, ValueTest, whole_ms,
};
pub use order::{OrderBy, OrderKey, parse_order_by, parse_order_text};
pub use token::{Narrowing, each_token, required_tokens, tokens};
pub use write::{clause, field_text, quote_value};
