//! The filter language: text to a checked, typed filter that says what to evaluate, and what its operators mean.
//!
//! Two steps: `syntax` turns text into clauses with their places in the text, `check` resolves fields, operators
//! and literals: by `mlflow` as MLflow does, and where that refuses by `house`, the wider grammar. The result knows no
//! store; engines compile [`Filter`] to whatever they have, and share the matching of single values ([`operator`],
//! [`like`], [`token`], [`json`]). One grammar has two faces: [`parse_filter`] says the first problem in MLflow's
//! words, [`analyze`] says all of them in ours. docs/filter-language.md is for users. Nothing here does I/O.

mod analyze;
pub mod catalog;
mod check;
mod complete;
pub mod entity;
pub mod error;
pub mod expr;
mod field;
pub mod filter;
mod fold;
mod house;
pub mod json;
mod lex;
pub mod like;
mod literal;
pub mod metric;
mod mlflow;
pub mod operator;
pub mod order;
mod print;
mod quantity;
#[cfg(feature = "reference")]
pub mod reference;
mod suggest;
mod syntax;
mod time;
pub mod token;
pub mod word;
mod write;

pub use analyze::{Analysis, FilterDiagnostic, OrderAnalysis, analyze, analyze_order};
pub use catalog::{FIELDS, FieldInfo, FieldKind, PRESENCE_WORDS, field_info};
pub use check::{parse_filter, parse_filter_at};
pub use complete::{CompletionContext, Expected, FieldScope, complete};
pub use entity::{
    Entity, EntityField, EntityFilter, EntityOrderBy, EntityPredicate, EntityTest, parse_entity_filter,
    parse_entity_order,
};
pub use error::{FilterError, Problem};
pub use expr::Expr;
pub use filter::{
    AssessmentField, CostPart, Filter, NumberField, Predicate, SpanField, SpanFilter, SpanNumber, SpanTest,
    TextField, TextSpan, TokenPart, state_name,
};
pub use like::LikePattern;
pub use metric::{MetricFilter, parse_metric_filter};
pub use operator::{
    IntRange, Number, NumberOperator, NumberTest, RLikePattern, Substring, TextTest, ValueTest, Words,
    whole_ms,
};
pub use order::{OrderBy, OrderKey, parse_order_by, parse_order_text};
pub use token::{Narrowing, each_token, required_tokens, tokens};
pub use word::{SHORT_WORD_BYTES_MAX, Word, each_word};
pub use write::{clause, field_text, quote_value};
