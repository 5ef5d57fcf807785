//! How scorers are kept: as JSON that MLflow's client wrote, or that it can read where it has such a scorer.
//!
//! What only Spanwise knows has its definition under `spanwise`; MLflow's client can't make a scorer of that, and is not
//! told of it.

use crate::definition::{Answer, Definition, Side, Unit};
use crate::scorer::Scorer;
use serde_json::{Map, Value, json};

/// Where our own definitions are.
const OWN: &str = "spanwise";
/// The version of MLflow's client whose form is written.
const MLFLOW_VERSION: &str = "3.17.0";
/// Stands for the configured model where MLflow's form must name one.
pub const DEFAULT_MODEL: &str = "endpoints:/default";

/// What a kept scorer is to the server.
#[derive(Debug)]
pub enum Stored {
    /// The server can run it.
    Runs(Box<Scorer>),
    /// Only MLflow's client can; this is why.
    OfClient(String),
}

/// Reads a kept scorer.
pub fn read(serialized: &str) -> Stored {
    let Ok(scorer) = serde_json::from_str::<Value>(serialized) else {
        return Stored::OfClient("its definition is no JSON".to_owned());
    };
    match definition_of(&scorer) {
        Ok(definition) => match Scorer::new(definition) {
            Ok(scorer) => Stored::Runs(Box::new(scorer)),
            Err(error) => Stored::OfClient(error.to_string()),
        },
        Err(reason) => Stored::OfClient(reason),
    }
}

/// Returns whether MLflow's client can make a scorer of what is kept.
pub fn is_known_to_client(serialized: &str) -> bool {
    let scorer: Value = serde_json::from_str(serialized).unwrap_or_default();
    scorer.get(OWN).is_none()
}

/// Returns the description that a kept scorer has.
pub fn description(serialized: &str) -> Option<String> {
    let scorer: Value = serde_json::from_str(serialized).ok()?;
    scorer["description"].as_str().map(str::to_owned)
}

/// Writes a definition as it is kept.
pub fn write(name: &str, description: Option<&str>, definition: &Definition) -> String {
    let mut scorer = json!({
        "name": name,
        "description": description,
        "aggregations": null,
        "is_session_level_scorer": false,
        "mlflow_version": MLFLOW_VERSION,
        "serialization_version": 1,
    });
    match definition {
        Definition::Guidelines { guidelines, model } => {
            scorer["builtin_scorer_class"] = "Guidelines".into();
            let mut data = json!({"name": name, "guidelines": guidelines, "model": model});
            if let Some(description) = description {
                data["description"] = description.into();
            }
            scorer["builtin_scorer_pydantic_data"] = data;
        }
        Definition::Judge { instructions, answer, categories, model } => {
            scorer["instructions_judge_pydantic_data"] = json!({
                "instructions": instructions,
                "model": model.as_deref().unwrap_or(DEFAULT_MODEL),
                "feedback_value_type": value_type(*answer, categories),
            });
        }
        definition => {
            scorer[OWN] = serde_json::to_value(definition).unwrap_or_default();
        }
    }
    scorer.to_string()
}

fn value_type(answer: Answer, categories: &[String]) -> Value {
    match answer {
        Answer::Bool => json!({"title": "Result", "type": "boolean"}),
        Answer::Number => json!({"title": "Result", "type": "number"}),
        Answer::Category => json!({"title": "Result", "type": "string", "enum": categories}),
        Answer::Text => json!({"title": "Result", "type": "string"}),
    }
}

/// Returns what a kept scorer looks for; the error says why only the client can run it.
fn definition_of(scorer: &Value) -> Result<Definition, String> {
    if let Some(own) = scorer.get(OWN) {
        return serde_json::from_value(own.clone())
            .map_err(|error| format!("its definition can't be read: {error}"));
    }
    if scorer["is_session_level_scorer"] == true {
        return Err("it scores whole sessions".to_owned());
    }
    if let Some(class) = scorer["builtin_scorer_class"].as_str() {
        return built_in(class, &scorer["builtin_scorer_pydantic_data"]);
    }
    if let Some(data) = scorer["instructions_judge_pydantic_data"].as_object() {
        return instructions_judge(data);
    }
    let reasons = [
        ("call_source", "it is Python code"),
        ("memory_augmented_judge_data", "it is a judge with a memory of its own"),
        ("third_party_scorer_data", "it is of another Python library"),
        ("ensemble_scorer_data", "it is made of several scorers"),
    ];
    let found = reasons.into_iter().find(|(field, _)| !scorer[*field].is_null());
    Err(found.map_or("its form is not known", |(_, reason)| reason).to_owned())
}

fn built_in(class: &str, data: &Value) -> Result<Definition, String> {
    let model = data["model"].as_str().map(str::to_owned);
    match class {
        "Guidelines" => Ok(Definition::Guidelines { guidelines: texts(&data["guidelines"]), model }),
        "ExpectationsGuidelines" => Ok(Definition::ExpectedGuidelines { model }),
        "RegexMatch" => {
            let pattern = data["pattern"].as_str().unwrap_or_default();
            let pattern = match data["match_type"].as_str() {
                Some("fullmatch") => format!(r"\A(?:{pattern})\z"),
                _ => pattern.to_owned(),
            };
            let ignore_case = data["case_insensitive"] == true;
            Ok(Definition::Regex { pattern, on: Side::Output, must_not: false, ignore_case })
        }
        "ResponseLength" => {
            let unit = if data["unit"] == "words" { Unit::Words } else { Unit::Characters };
            let (min, max) = (data["min_length"].as_u64(), data["max_length"].as_u64());
            Ok(Definition::Length { on: Side::Output, unit, min, max })
        }
        "PIIDetection" => {
            Err("the patterns of PIIDetection are in MLflow's client; a scorer of the kind `pii` is like it"
                .to_owned())
        }
        other => Err(format!("the built-in scorer {other} keeps its instructions in MLflow's client")),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn instructions_judge(data: &Map<String, Value>) -> Result<Definition, String> {
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    let instructions = text("instructions").unwrap_or_default().to_owned();
    let model = text("model").filter(|model| *model != DEFAULT_MODEL).map(str::to_owned);
    let value_type = data.get("feedback_value_type").cloned().unwrap_or_default();
    let categories = texts(&value_type["enum"]);
    let answer = match value_type["type"].as_str() {
        Some("boolean") => Answer::Bool,
        Some("number" | "integer") => Answer::Number,
        Some("string") if !categories.is_empty() => Answer::Category,
        Some("string") | None => Answer::Text,
        Some(other) => return Err(format!("its answer is of the type `{other}`")),
    };
    Ok(Definition::Judge { instructions, answer, categories, model })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(definition: Value) -> String {
        let scorer = Scorer::from_json(&definition).unwrap();
        let serialized = write("s", Some("about"), scorer.definition());
        match read(&serialized) {
            Stored::Runs(again) => assert_eq!(again.definition(), scorer.definition()),
            Stored::OfClient(reason) => panic!("{reason}"),
        }
        assert_eq!(description(&serialized).as_deref(), Some("about"));
        serialized
    }

    #[test]
    fn definitions_come_back_as_they_were() {
        let guidelines = kept(json!({"kind": "guidelines", "guidelines": ["a", "b"], "model": "openai:/x"}));
        let judge = kept(json!({
            "kind": "judge", "instructions": "{{ outputs }}?", "answer": "category", "categories": ["a", "b"],
        }));
        assert!(is_known_to_client(&guidelines) && is_known_to_client(&judge));
        let regex = kept(json!({"kind": "regex", "pattern": "a+", "on": "input"}));
        assert!(!is_known_to_client(&regex));
    }

    #[test]
    fn what_the_client_wrote_is_run_where_it_can_be() {
        let runs = |scorer: Value| match read(&scorer.to_string()) {
            Stored::Runs(scorer) => Ok(serde_json::to_value(scorer.definition()).unwrap()),
            Stored::OfClient(reason) => Err(reason),
        };
        let built_in = |class: &str, data: Value| json!({"builtin_scorer_class": class, "builtin_scorer_pydantic_data": data});
        assert_eq!(
            runs(built_in("Guidelines", json!({"guidelines": "be kind", "model": "openai:/m"}))),
            Ok(json!({"kind": "guidelines", "guidelines": ["be kind"], "model": "openai:/m"}))
        );
        assert_eq!(
            runs(built_in("RegexMatch", json!({"pattern": "a|b", "match_type": "fullmatch"}))),
            Ok(json!({"kind": "regex", "pattern": r"\A(?:a|b)\z", "on": "output"}))
        );
        assert!(runs(built_in("RegexMatch", json!({"pattern": "(?=x)"}))).unwrap_err().contains("`pattern`"));
        assert_eq!(
            runs(built_in("Safety", json!({}))),
            Err("the built-in scorer Safety keeps its instructions in MLflow's client".to_owned())
        );
        let judge = |data: Value| json!({"instructions_judge_pydantic_data": data});
        let number = json!({"instructions": "{{ outputs }}", "model": "m:/x", "feedback_value_type": {"type": "integer"}});
        assert_eq!(runs(judge(number)).unwrap()["answer"], "number");
        let list = json!({"instructions": "{{ outputs }}", "model": "m:/x", "feedback_value_type": {"type": "array"}});
        assert_eq!(runs(judge(list)), Err("its answer is of the type `array`".to_owned()));
        assert_eq!(runs(json!({"call_source": "x"})), Err("it is Python code".to_owned()));
        let session = json!({"is_session_level_scorer": true});
        assert_eq!(runs(session), Err("it scores whole sessions".to_owned()));
    }
}
