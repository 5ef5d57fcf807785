//! Judges: the question to a model, and what its answer says. Who asks it is not known here.

mod answer;
mod question;
pub(crate) mod template;

pub use answer::{AnswerError, read_answer, read_reply};
pub use question::{JUDGED_CHARS_MAX, Question, request_body, write_question};
