//! A checked trace filter: fields resolved, operators and literals of the right type. It says what to evaluate,
//! and knows no store.

use crate::Expr;
use crate::operator::{NumberTest, TextTest, ValueTest};
use spanwise_model::{Cost, TokenUsage, TraceState};

/// Which traces match. The empty text gives [`Expr::all`].
pub type Filter = Expr<Predicate>;

/// What one span must satisfy.
pub type SpanFilter = Expr<SpanTest>;

/// One condition on a trace.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// A number of the trace. An absent number satisfies nothing, `!=` included.
    Number {
        /// Which number.
        field: NumberField,
        /// What it must satisfy.
        test: NumberTest,
    },
    /// A number of the trace is known.
    Present(NumberField),
    /// A text of the trace.
    Text {
        /// Which text.
        field: TextField,
        /// What it must satisfy.
        test: TextTest,
    },
    /// The trace ran in this run (metadata `mlflow.sourceRun`) or was linked to it later.
    Run(String),
    /// The trace is linked to this version of this prompt.
    Prompt {
        /// The prompt's name.
        name: String,
        /// The version, as text.
        version: String,
    },
    /// A valid assessment of the trace has this kind and name, and its value satisfies the test.
    ///
    /// A session-level assessment (one whose metadata has [`SESSION_METADATA_KEY`]) counts for every searched
    /// trace of the session that its trace belongs to.
    Assessment {
        /// Feedback or expectation.
        kind: AssessmentField,
        /// The assessment's name.
        name: String,
        /// What its value must satisfy.
        test: ValueTest,
    },
    /// The trace has any valid assessment of this kind, its own or one of its session.
    HasAssessment(AssessmentField),
    /// The trace has an issue assessment, valid or not, that links this issue.
    Issue(String),
    /// Some single span of the trace satisfies all of this.
    Span(SpanFilter),
}

/// Metadata key of a trace's session; on an assessment it marks a session-level one.
pub const SESSION_METADATA_KEY: &str = "mlflow.trace.session";

/// Metadata key of the user that a trace served.
pub const USER_METADATA_KEY: &str = "mlflow.trace.user";

/// Metadata key of the run that a trace ran in.
pub const RUN_METADATA_KEY: &str = "mlflow.sourceRun";

/// The numbers of a trace. MLflow's times are whole milliseconds (nanoseconds divided by 10⁶, rounded down); ours are
/// nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberField {
    /// When it started, in whole milliseconds since the Unix epoch.
    StartMs,
    /// How long it took, in whole milliseconds; absent while unknown.
    DurationMs,
    /// `StartMs` + `DurationMs`, an unknown duration counted as 0.
    EndMs,
    /// When it started, in nanoseconds since the Unix epoch.
    Start,
    /// How long it took, in nanoseconds; absent while unknown.
    Duration,
    /// `Start` + `Duration`, an unknown duration counted as 0.
    End,
    /// Tokens; absent if no span reports usage.
    Tokens(TokenPart),
    /// US dollars; absent if no cost is known.
    Cost(CostPart),
    /// How many spans it has.
    SpanCount,
}

/// Which tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenPart {
    /// The total.
    Total,
    /// Those of the prompt, cached ones included.
    Input,
    /// Those of the answer.
    Output,
    /// Input tokens that were read from a cache; absent if not reported.
    CacheRead,
    /// Input tokens that were written to a cache; absent if not reported.
    CacheWrite,
}

impl TokenPart {
    /// Returns the count in a usage.
    pub fn of(self, usage: &TokenUsage) -> Option<u64> {
        match self {
            TokenPart::Total => Some(usage.total),
            TokenPart::Input => Some(usage.input),
            TokenPart::Output => Some(usage.output),
            TokenPart::CacheRead => usage.cache_read,
            TokenPart::CacheWrite => usage.cache_creation,
        }
    }
}

/// Which part of a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CostPart {
    /// The sum.
    Total,
    /// For input tokens.
    Input,
    /// For output tokens.
    Output,
}

impl CostPart {
    /// Returns the amount in a cost.
    pub fn of(self, cost: &Cost) -> f64 {
        match self {
            CostPart::Total => cost.total,
            CostPart::Input => cost.input,
            CostPart::Output => cost.output,
        }
    }
}

/// The texts of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TextField {
    /// MLflow's name of its state: `OK`, `ERROR`, `IN_PROGRESS` or `STATE_UNSPECIFIED`.
    State,
    /// Its id as [`spanwise_model::TraceId`] writes it; the literals of `=`, `!=`, `IN` and `NOT IN` are already
    /// in that form.
    TraceId,
    /// The id that the client chose.
    ClientRequestId,
    /// Its name (MLflow's tag `mlflow.traceName`).
    Name,
    /// Its session (MLflow's metadata `mlflow.trace.session`).
    Session,
    /// A tag; one of the trace hides one of its resource.
    Tag(String),
    /// Client metadata other than the reserved keys.
    Metadata(String),
    /// The canonical JSON text of its usage (metadata `mlflow.trace.tokenUsage`), see [`crate::json::usage_text`];
    /// only `Eq`, `Ne`, `IsNull`, `IsNotNull`.
    UsageText,
    /// The canonical JSON text of its cost (metadata `mlflow.trace.cost`), see [`crate::json::cost_text`];
    /// only `Eq`, `Ne`, `IsNull`, `IsNotNull`.
    CostText,
}

/// The kinds of assessment that have a value to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssessmentField {
    /// Feedback.
    Feedback,
    /// Expectation.
    Expectation,
}

/// One condition on a span.
#[derive(Debug, Clone, PartialEq)]
pub enum SpanTest {
    /// A text of the span.
    Text {
        /// Which text.
        field: SpanField,
        /// What it must satisfy.
        test: TextTest,
    },
    /// A number of the span. An absent number satisfies nothing, `!=` included.
    Number {
        /// Which number.
        field: SpanNumber,
        /// What it must satisfy.
        test: NumberTest,
    },
    /// A number of the span is known.
    Present(SpanNumber),
}

impl SpanTest {
    /// Returns whether this is a condition on the span's content.
    pub fn is_content(&self) -> bool {
        matches!(self, SpanTest::Text { field: SpanField::Content, .. })
    }
}

/// The texts of a span.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SpanField {
    /// Its name.
    Name,
    /// Its type, e.g. `LLM`.
    Type,
    /// `OK`, `ERROR` or `UNSET`.
    Status,
    /// The model that answered, if there is one.
    Model,
    /// The provider of the model, if there is one.
    Provider,
    /// The text of an attribute: a string as it is, anything else as JSON; absent satisfies nothing.
    Attribute(String),
    /// All texts of the span: name, status message, attributes and events; only `Like` and `Words`.
    Content,
}

/// The numbers of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpanNumber {
    /// How long it took, in nanoseconds; absent while it is open.
    Duration,
    /// Tokens; absent if it reports no usage.
    Tokens(TokenPart),
    /// US dollars; absent if no cost is known.
    Cost(CostPart),
}

/// Where in a text something is: byte offsets, start included, end excluded.
pub type TextSpan = std::ops::Range<usize>;

/// Returns MLflow's name of a state, the text of [`TextField::State`].
pub fn state_name(state: TraceState) -> &'static str {
    match state {
        TraceState::Unspecified => "STATE_UNSPECIFIED",
        TraceState::Ok => "OK",
        TraceState::Error => "ERROR",
        TraceState::InProgress => "IN_PROGRESS",
    }
}
