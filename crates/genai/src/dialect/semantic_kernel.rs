//! Semantic Kernel, beside what it writes in OpenTelemetry's words.
//!
//! <https://learn.microsoft.com/en-us/semantic-kernel/concepts/enterprise-readiness/observability/>

use super::{DetailKeys, Dialect, TypeKey, TypeMeaning};

pub(crate) const SEMANTIC_KERNEL: Dialect = Dialect {
    types: &[TypeKey { key: "sk.available_functions", meaning: TypeMeaning::Always("CHAIN") }],
    names: &[("AutoFunctionInvocationLoop", "CHAIN")],
    // .NET writes a function's arguments and result like this.
    inputs: &["gen_ai.tool.arguments"],
    outputs: &["gen_ai.tool.result"],
    details: DetailKeys { finish_reasons: &["gen_ai.response.finish_reason"], ..DetailKeys::NONE },
    ..Dialect::NONE
};
