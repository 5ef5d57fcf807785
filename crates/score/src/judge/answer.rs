//! What a model answered.

use super::question::Question;
use crate::definition::Answer;
use crate::outcome::Outcome;
use crate::quote::quote;
use crate::trace::parse_json;
use serde_json::Value;
use spanwise_model::TokenUsage;

/// Characters of a rationale.
const RATIONALE_CHARS_MAX: usize = 4_000;

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// There is no text in it.
    #[error("the model answered nothing ({0})")]
    Empty(String),
    /// The text is no score.
    #[error("the model's answer is no {expected}: {answer}")]
    Unreadable {
        /// What was asked for.
        expected: String,
        /// What came, shortened.
        answer: String,
    },
}

/// Reads the text and the token counts out of a reply to a request for a chat completion. Counts that are missing are not 0.
pub fn read_reply(reply: &Value) -> Result<(String, Option<TokenUsage>), AnswerError> {
    let choice = &reply["choices"][0];
    let text = match &choice["message"]["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    };
    if text.trim().is_empty() {
        let why = choice["message"]["refusal"].as_str().or(choice["finish_reason"].as_str());
        return Err(AnswerError::Empty(why.unwrap_or("no reason is given").to_owned()));
    }
    let count = |name: &str| reply["usage"][name].as_u64();
    let usage = count("prompt_tokens").zip(count("completion_tokens")).map(|(input, output)| TokenUsage {
        input,
        output,
        total: count("total_tokens").unwrap_or(input + output),
        cache_read: reply["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64(),
        ..TokenUsage::default()
    });
    Ok((text, usage))
}

/// Reads a score out of the text of an answer: the JSON that was asked for, alone, in a code block or inside other words.
pub fn read_answer(question: &Question, text: &str) -> Result<Outcome, AnswerError> {
    let unreadable = || AnswerError::Unreadable { expected: expected(question), answer: quote(text) };
    let object = parse_json(text).filter(Value::is_object).or_else(|| inner_object(text));
    let object = object.ok_or_else(unreadable)?;
    let value = value_of(question, &object["result"]).ok_or_else(unreadable)?;
    let mut rationale = object["rationale"].as_str().unwrap_or_default().trim().to_owned();
    if let Some((end, _)) = rationale.char_indices().nth(RATIONALE_CHARS_MAX) {
        rationale.truncate(end);
        rationale.push('…');
    }
    Ok(Outcome { value, rationale })
}

fn expected(question: &Question) -> String {
    let result = match question.answer {
        Answer::Bool => "true or false".to_owned(),
        Answer::Number => "a number".to_owned(),
        Answer::Text => "a text".to_owned(),
        Answer::Category => format!("one of {}", question.categories.join(", ")),
    };
    format!("JSON with a `rationale` and a `result` that is {result}")
}

/// Finds the last object that stands in a text with a `result` in it.
fn inner_object(text: &str) -> Option<Value> {
    let starts = text.match_indices('{').map(|(at, _)| at).collect::<Vec<_>>();
    // Few answers have many; each start is read once.
    starts.into_iter().rev().take(64).find_map(|at| {
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        values.next()?.ok().filter(|value| value.get("result").is_some())
    })
}

fn value_of(question: &Question, result: &Value) -> Option<Value> {
    match question.answer {
        Answer::Bool => {
            let is_true = match result {
                Value::Bool(value) => *value,
                Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                    "true" | "yes" => true,
                    "false" | "no" => false,
                    _ => return None,
                },
                _ => return None,
            };
            Some(match question.in_words {
                true => Value::from(if is_true { "yes" } else { "no" }),
                false => Value::from(is_true),
            })
        }
        Answer::Number => match result {
            Value::Number(_) => Some(result.clone()),
            Value::String(text) => {
                text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from)
            }
            _ => None,
        },
        Answer::Category => {
            let text = result.as_str()?.trim();
            let found = question.categories.iter().find(|name| name.trim().eq_ignore_ascii_case(text))?;
            Some(Value::from(found.as_str()))
        }
        Answer::Text => result.as_str().map(Value::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn question(answer: Answer, categories: &[&str], in_words: bool) -> Question {
        Question {
            system: String::new(),
            user: String::new(),
            answer,
            categories: categories.iter().map(|&name| name.to_owned()).collect(),
            in_words,
            is_cut: false,
        }
    }

    #[track_caller]
    fn check(question: &Question, text: &str, expected: Value) {
        let outcome = read_answer(question, text).unwrap();
        assert_eq!((outcome.value, outcome.rationale.as_str()), (expected, "why"));
    }

    #[test]
    fn answers_are_read_however_they_are_wrapped() {
        let asked = question(Answer::Bool, &[], false);
        check(&asked, r#"{"rationale": "why", "result": true}"#, json!(true));
        check(&asked, "```json\n{\"rationale\": \"why\", \"result\": \"No\"}\n```", json!(false));
        check(
            &asked,
            "Let me see {x}. So: {\"rationale\":\"why\",\"result\":true} That is all.",
            json!(true),
        );
        check(&question(Answer::Bool, &[], true), r#"{"rationale":"why","result":false}"#, json!("no"));
        check(&question(Answer::Number, &[], false), r#"{"rationale":"why","result":"4.5"}"#, json!(4.5));
        check(&question(Answer::Number, &[], false), r#"{"rationale":"why","result":4}"#, json!(4));
        let asked = question(Answer::Category, &["Good", "Bad"], false);
        check(&asked, r#"{"rationale":"why","result":"good"}"#, json!("Good"));
        check(&question(Answer::Text, &[], false), r#"{"rationale":"why","result":"x"}"#, json!("x"));
    }

    #[test]
    fn what_is_no_answer_is_quoted() {
        let asked = question(Answer::Category, &["a", "b"], false);
        for text in ["Sure!", r#"{"result": "c"}"#, r#"{"rationale": "x"}"#] {
            let error = read_answer(&asked, text).unwrap_err().to_string();
            assert!(error.contains("a `result` that is one of a, b") && error.contains(text), "{error}");
        }
    }

    #[test]
    fn replies_have_a_text_and_counts() {
        let reply = json!({
            "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 3},
        });
        let (text, usage) = read_reply(&reply).unwrap();
        assert_eq!((text.as_str(), usage.unwrap().total), ("hi", 10));
        let silent = json!({"choices": [{"message": {"content": null}, "finish_reason": "length"}]});
        assert_eq!(read_reply(&silent).unwrap_err().to_string(), "the model answered nothing (length)");
        assert_eq!(read_reply(&json!({"choices": [{"message": {"content": "x"}}]})).unwrap().1, None);
    }
}
