//! JetBrains Koog, beside what it writes in OpenTelemetry's words.
//!
//! <https://docs.koog.ai/opentelemetry-support/>

use super::{Dialect, TypeKey, TypeMeaning};

pub(crate) const KOOG: Dialect = Dialect {
    types: &[
        TypeKey { key: "koog.strategy.name", meaning: TypeMeaning::Always("WORKFLOW") },
        TypeKey { key: "koog.subgraph.id", meaning: TypeMeaning::Always("CHAIN") },
        TypeKey { key: "koog.node.id", meaning: TypeMeaning::Always("TASK") },
        TypeKey { key: "koog.node.name", meaning: TypeMeaning::Always("TASK") },
    ],
    inputs: &["koog.node.input", "koog.subgraph.input"],
    outputs: &["koog.node.output", "koog.subgraph.output"],
    ..Dialect::NONE
};
