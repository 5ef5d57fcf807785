//! What gives a span away when no convention has named its type; the last table of all.

use super::{Dialect, TypeKey, TypeMeaning};

pub(crate) const HINT: Dialect = Dialect {
    // A span that asks for a model is a call of one, whatever else it leaves out.
    types: &[TypeKey { key: "gen_ai.request.model", meaning: TypeMeaning::Always("LLM") }],
    ..Dialect::NONE
};
