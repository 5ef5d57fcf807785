//! Label schemas: the questions that reviewers answer about traces.

use crate::ExperimentId;
use std::fmt;

/// The id of a label schema: `ls-` and 32 hex digits where the server made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelSchemaId(pub String);

impl fmt::Display for LabelSchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an answer becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LabelSchemaType {
    /// Feedback.
    Feedback,
    /// An expectation.
    Expectation,
}

impl LabelSchemaType {
    /// All of them, in the order of MLflow's protobuf numbers, which count from 1.
    pub const ALL: [LabelSchemaType; 2] = [LabelSchemaType::Feedback, LabelSchemaType::Expectation];

    /// Returns MLflow's name.
    pub fn name(self) -> &'static str {
        match self {
            LabelSchemaType::Feedback => "FEEDBACK",
            LabelSchemaType::Expectation => "EXPECTATION",
        }
    }

    /// Returns the type of that name.
    pub fn from_name(name: &str) -> Option<LabelSchemaType> {
        LabelSchemaType::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// How a question is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum LabelInput {
    /// By one of two labels.
    PassFail {
        /// That for yes.
        positive_label: String,
        /// That for no.
        negative_label: String,
    },
    /// By one of some options, or by several.
    Categorical {
        /// The options.
        options: Vec<String>,
        /// Whether several may be chosen.
        multi_select: bool,
    },
    /// By a number.
    Numeric {
        /// The smallest that is allowed.
        min_value: Option<f64>,
        /// The largest that is allowed.
        max_value: Option<f64>,
    },
    /// By a text.
    Text {
        /// Its longest length, in characters.
        max_length: Option<i64>,
    },
}

impl LabelInput {
    /// Returns MLflow's name of the kind of input.
    pub fn kind(&self) -> &'static str {
        match self {
            LabelInput::PassFail { .. } => "InputPassFail",
            LabelInput::Categorical { .. } => "InputCategorical",
            LabelInput::Numeric { .. } => "InputNumeric",
            LabelInput::Text { .. } => "InputText",
        }
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelSchema {
    /// Its id.
    pub schema_id: LabelSchemaId,
    /// Where it lives.
    pub experiment_id: ExperimentId,
    /// What it is called, which is what the assessments of its answers are called.
    pub name: String,
    /// What an answer becomes.
    pub schema_type: LabelSchemaType,
    /// What reviewers are told.
    pub instruction: Option<String>,
    /// Whether a comment may be added.
    pub enable_comment: bool,
    /// How it is answered.
    pub input: LabelInput,
    /// Whether it is the question that every experiment has, which can't be changed.
    pub is_default: bool,
    /// When it was made.
    pub created_ns: i64,
    /// When it was last changed.
    pub last_updated_ns: i64,
}
