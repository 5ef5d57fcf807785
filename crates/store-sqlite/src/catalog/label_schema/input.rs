//! Inputs of label schemas as the index keeps them: a JSON object with one entry, named by the kind.

use crate::error::damaged;
use serde_json::{Value, json};
use spanwise_model::LabelInput;
use spanwise_store::{StoreError, StoreResult};

pub(super) fn to_text(input: &LabelInput) -> String {
    let value = match input {
        LabelInput::PassFail { positive_label, negative_label } => {
            json!({"pass_fail": {"positive": positive_label, "negative": negative_label}})
        }
        LabelInput::Categorical { options, multi_select } => {
            json!({"categorical": {"options": options, "multi_select": multi_select}})
        }
        LabelInput::Numeric { min_value, max_value } => {
            json!({"numeric": {"min": min_value, "max": max_value}})
        }
        LabelInput::Text { max_length } => json!({"text": {"max_length": max_length}}),
    };
    value.to_string()
}

pub(super) fn from_text(text: &str) -> StoreResult<LabelInput> {
    read(text).ok_or_else(|| unreadable(text))
}

fn unreadable(text: &str) -> StoreError {
    damaged(format!("the input of a label schema can't be read: {text}"))
}

fn read(text: &str) -> Option<LabelInput> {
    let value: Value = serde_json::from_str(text).ok()?;
    let (kind, fields) = value.as_object()?.iter().next()?;
    let text = |name: &str| fields[name].as_str().map(str::to_owned);
    match kind.as_str() {
        "pass_fail" => Some(LabelInput::PassFail {
            positive_label: text("positive")?,
            negative_label: text("negative")?,
        }),
        "categorical" => {
            let options = fields["options"].as_array()?.iter();
            let options = options.map(|option| option.as_str().map(str::to_owned)).collect::<Option<_>>()?;
            Some(LabelInput::Categorical { options, multi_select: fields["multi_select"].as_bool()? })
        }
        "numeric" => {
            Some(LabelInput::Numeric { min_value: fields["min"].as_f64(), max_value: fields["max"].as_f64() })
        }
        "text" => Some(LabelInput::Text { max_length: fields["max_length"].as_i64() }),
        _ => None,
    }
}
