//! Scorers that need no code: what one looks for in a trace, and what it says of it.
//!
//! [`Definition`] is what is stored and edited, [`Scorer`] its checked form, [`TraceView`] what a scorer sees of a trace,
//! [`Verdict`] what it says. A judge is asked elsewhere: [`judge`] writes the question and reads the answer. [`stored`]
//! knows the form in which MLflow's client keeps scorers. Nothing here does I/O or knows a store.

mod definition;
mod error;
pub mod judge;
mod outcome;
mod quote;
mod rule;
mod sample;
mod schema;
mod scorer;
pub mod stored;
mod trace;

pub use definition::{
    Answer, CATEGORIES_MAX, Definition, GUIDELINES_MAX, Need, PATTERN_BYTES_MAX, Side, TEXT_BYTES_MAX,
    TEXTS_MAX, TOOLS_MAX, TokenKind, Unit, Where,
};
pub use error::ScoreError;
pub use outcome::{Outcome, Skip, Verdict};
pub use sample::is_sampled;
pub use schema::{SCHEMA_BYTES_MAX, SCHEMA_STEPS_MAX, Schema};
pub use scorer::{Needs, Scorer};
pub use trace::{Ending, FailedSpan, Said, Step, ToolCall, TraceView};
