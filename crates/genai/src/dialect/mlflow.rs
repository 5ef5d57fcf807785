//! MLflow's own attributes, as its client writes them.
//!
//! <https://mlflow.org/docs/latest/genai/tracing/>

use super::{CostKeys, DetailKeys, Dialect, TypeKey, TypeMeaning, UsageKeys};

pub(crate) const MLFLOW: Dialect = Dialect {
    types: &[TypeKey { key: "mlflow.spanType", meaning: TypeMeaning::AsIs }],
    inputs: &["mlflow.spanInputs"],
    outputs: &["mlflow.spanOutputs"],
    usage: UsageKeys { maps: &["mlflow.chat.tokenUsage"], ..UsageKeys::NONE },
    cost: CostKeys { maps: &["mlflow.llm.cost"], ..CostKeys::NONE },
    message_formats: &["mlflow.message.format"],
    tools: &["mlflow.chat.tools"],
    models: &["mlflow.llm.model"],
    providers: &["mlflow.llm.provider"],
    parameter_maps: &["invocation_params"],
    request_parts: &["invocation_params"],
    details: DetailKeys { first_events: &["mlflow.chunk.item.0"], ..DetailKeys::NONE },
    keeps_empty: true,
    ..Dialect::NONE
};
