//! What is refused, and how.

use super::*;
use crate::mlflow::field::{Fields, FromFields};
use serde_json::{Value, json};
use spanwise_model::registry::PROMPT_TEXT_TAG;

fn check_error<T: FromFields + std::fmt::Debug>(body: Value, expected: &str) {
    let error = T::from_fields(&Fields::of_body(body.as_object().unwrap())).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn aliases_have_rules() {
    let alias = |alias: &str| json!({"name": "p", "alias": alias, "version": "1"});
    check_error::<SetAlias>(alias("Latest"), "'latest' alias name (case insensitive) is reserved.");
    check_error::<SetAlias>(alias("v1"), "Version alias name 'v1' is reserved.");
    check_error::<SetAlias>(
        alias("a b"),
        "Invalid alias name: 'a b'. Names may only contain alphanumerics, underscores (_), and dashes (-).",
    );
    let body = alias("v1a");
    let request = SetAlias::from_fields(&Fields::of_body(body.as_object().unwrap())).unwrap();
    assert_eq!((request.alias.as_str(), request.of.version), ("v1a", 1));
}

#[test]
fn limits_have_their_texts() {
    let of_text = |text: &str| json!({"name": "p", "version": "1", "key": PROMPT_TEXT_TAG, "value": text});
    check_error::<SetVersionTag>(
        of_text(&"x".repeat(100_001)),
        "Prompt text exceeds max length of 100000 characters.",
    );
    check_error::<CreateRegisteredModel>(
        json!({"name": "a:b"}),
        "Invalid model name 'a:b'. Names cannot contain '/' or ':'.",
    );
    check_error::<CreateRegisteredModel>(
        json!({"name": "x".repeat(257)}),
        "'name' exceeds the maximum length of 256 characters",
    );
    check_error::<TransitionStage>(
        json!({"name": "m", "version": "1", "stage": "x"}),
        "Invalid Model Version stage: x. Value must be one of None, Staging, Production, Archived.",
    );
    check_error::<CreateVersion>(
        json!({"name": "m", "source": "x".repeat(4_097)}),
        "'source' exceeds the maximum length of 4096 characters",
    );
    check_error::<CreateVersion>(
        json!({"name": "m", "source": "x", "run_id": "x".repeat(251)}),
        "'run_id' exceeds the maximum length of 250 characters",
    );
}
