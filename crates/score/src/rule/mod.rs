//! The scorers that need no model: each looks at a trace and says what it found.

pub(crate) mod figure;
pub(crate) mod text;
pub(crate) mod tool;

use crate::trace::{Said, TraceView};
use crate::{Side, Skip};

/// Returns one side of a trace.
fn side(trace: &TraceView, side: Side) -> (&Said, Skip) {
    match side {
        Side::Input => (&trace.input, Skip::NoInput),
        Side::Output => (&trace.output, Skip::NoOutput),
    }
}

fn words(trace: &TraceView, wanted: Side) -> Result<String, Skip> {
    let (said, skip) = side(trace, wanted);
    said.words().ok_or(skip)
}

fn name_of(wanted: Side) -> &'static str {
    match wanted {
        Side::Input => "the input",
        Side::Output => "the output",
    }
}
