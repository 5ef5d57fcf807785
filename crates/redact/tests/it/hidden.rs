//! Values behind the escapes of JSON; and JSON stays JSON.

use super::{all, redacted};
use proptest::prelude::*;
use serde_json::{Value, json};
use spanwise_redact::{HashKey, Redactor, Rules};
use std::sync::LazyLock;

#[track_caller]
fn check(text: &str, expected: &str) {
    let (redacted, _) = redacted(all(), None, text);
    assert_eq!(redacted, expected, "{text}");
}

#[test]
fn escapes_hide_nothing_and_others_stay() {
    check(r#"{"a": "x\nbob\u0040x.org\t\u00e9"}"#, r#"{"a": "x\n[redacted:email]\t\u00e9"}"#);
    check(r#"["\u0041KIAIOSFODNN7EXAMPLE"]"#, r#"["[redacted:aws-key]"]"#);
    check(
        r#""https:\/\/hooks.slack.com\/services\/T00000000\/B00000000\/abcdef0123456789""#,
        r#""[redacted:slack-token]""#,
    );
    let pem = r#"{"k": "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"}"#;
    check(pem, r#"{"k": "[redacted:private-key]\n"}"#);
    check(r#"{"bob@x.org": 1}"#, r#"{"[redacted:email]": 1}"#);
}

#[test]
fn json_inside_json_is_searched() {
    let inner = json!({"to": "bob@x.org", "card": 4111111111111111_u64}).to_string();
    let outer = json!({"arguments": inner, "more": ["a\"b"]}).to_string();
    let expected_inner = r#"{"to":"[redacted:email]","card":"[redacted:card]"}"#;
    let (text, counts) = redacted(all(), None, &outer);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value, json!({"arguments": expected_inner, "more": ["a\"b"]}));
    assert_eq!(counts, ["card 1", "email 1"]);
    let twice = json!([outer]).to_string();
    let (text, _) = redacted(all(), None, &twice);
    let value: Vec<String> = serde_json::from_str(&text).unwrap();
    let value: Value = serde_json::from_str(&value[0]).unwrap();
    assert_eq!(value["arguments"], expected_inner);
}

#[test]
fn numbers_become_texts() {
    check(r#"{"card": 4111111111111111, "n": 17}"#, r#"{"card": "[redacted:card]", "n": 17}"#);
    check(
        r#"{"p": 0.4111111111111111, "q": 4111111111111111e3}"#,
        r#"{"p": 0.4111111111111111, "q": 4111111111111111e3}"#,
    );
}

#[test]
fn what_is_no_json_is_searched_behind_escapes_too() {
    check(r#"payload={"a": "x\nbob\u0040x.org"}"#, r#"payload={"a": "x\n[redacted:email]"}"#);
    check(r#"{"a": "x", "b": "bob\u0040x.org and so o"#, r#"{"a": "x", "b": "[redacted:email] and so o"#);
    check(r#"{"a": 1} bob@x.org"#, r#"{"a": 1} [redacted:email]"#);
    check(
        "{\"a\": \"b@x.org\"}\n{\"a\": \"c@x.org\"}\n",
        "{\"a\": \"[redacted:email]\"}\n{\"a\": \"[redacted:email]\"}\n",
    );
    check(r"C:\new\bob@x.org", r"C:\new\b[redacted:email]");
    check(r#"{\"a\": \"bob\\u0040x.org\"}"#, r#"{\"a\": \"[redacted:email]\"}"#);
}

#[test]
fn paths_take_whole_values() {
    let rules =
        Rules { paths: vec!["$..ssn".into(), "$.messages[*].content.note".into()], ..Rules::default() };
    let redactor = Redactor::new(&rules).unwrap();
    let check = |text: &str, expected: &str| assert_eq!(redacted(&redactor, None, text).0, expected);
    check(
        r#"{"ssn": 123456789, "a": {"ssn": [1, {"b": "c"}]}}"#,
        r#"{"ssn": "[redacted:path]", "a": {"ssn": "[redacted:path]"}}"#,
    );
    check(
        r#"{"messages": [{"content": {"note": "x", "text": "y"}}]}"#,
        r#"{"messages": [{"content": {"note": "[redacted:path]", "text": "y"}}]}"#,
    );
    // Through JSON in a string, and up to where a text was cut off.
    check(r#"{"arguments": "{\"ssn\": \"1\"}"}"#, r#"{"arguments": "{\"ssn\": \"[redacted:path]\"}"}"#);
    check(r#"{"ssn": "12345"#, r#"{"ssn": "[redacted:path]""#);
    check(r#"{"ss\u006e": 1}"#, r#"{"ss\u006e": "[redacted:path]"}"#);
}

/// Writes a value as JSON in which characters are escaped at random.
fn write(value: &Value, escapes: &mut impl Iterator<Item = bool>, out: &mut String) {
    match value {
        Value::String(text) => write_text(text, escapes, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { " , " } else { "" });
                write(item, escapes, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_text(name, escapes, out);
                out.push_str(": ");
                write(member, escapes, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn write_text(text: &str, escapes: &mut impl Iterator<Item = bool>, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        if escapes.next().unwrap_or(false) {
            let mut units = [0; 2];
            character
                .encode_utf16(&mut units)
                .iter()
                .for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            let quoted = Value::from(character.to_string()).to_string();
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
    }
    out.push('"');
}

const SECRETS: [&str; 5] = [
    "bob@example.org",
    "4111111111111111",
    "AKIAIOSFODNN7EXAMPLE",
    "DE89370400440532013000",
    "-----BEGIN PRIVATE KEY-----\nMIIBVgIB\n-----END PRIVATE KEY-----",
];

/// A value with texts around secrets, some of which are JSON themselves.
fn value() -> impl Strategy<Value = Value> {
    let text = ("[ \"\\\\\n/é😀x]{0,4} ", 0..SECRETS.len() + 3, " [ \"\\\\\n/é😀x]{0,4}").prop_map(
        |(before, secret, after)| {
            Value::from(format!("{before}{}{after}", SECRETS.get(secret).copied().unwrap_or("nothing")))
        },
    );
    let leaf = prop_oneof![6 => text, 1 => any::<i32>().prop_map(Value::from), 1 => Just(Value::Null)];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z\"\\\\]{1,3}", inner.clone(), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            inner.prop_map(|value| Value::from(value.to_string())),
        ]
    })
}

/// Replaces secrets as the redactor should, on the values themselves.
fn expected(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let names = ["email", "card", "aws-key", "iban", "private-key"];
            let is_container = text.starts_with(['{', '[', '"']);
            match serde_json::from_str::<Value>(text) {
                Ok(inner) if is_container => Value::from(expected(&inner).to_string()),
                _ => {
                    let replace = |text: String, (secret, name): (&&str, &str)| {
                        text.replace(*secret, &format!("[redacted:{name}]"))
                    };
                    Value::from(SECRETS.iter().zip(names).fold(text.clone(), replace))
                }
            }
        }
        Value::Array(items) => items.iter().map(expected).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), expected(member))).collect()
        }
        other => other.clone(),
    }
}

/// Parses the texts of a value as far as they are JSON.
fn unfolded(value: &Value) -> Value {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner) if text.starts_with(['{', '[', '"']) => unfolded(&inner),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(unfolded).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), unfolded(member))).collect()
        }
        other => other.clone(),
    }
}

static WITH_PATHS: LazyLock<Redactor> = LazyLock::new(|| {
    let paths = vec!["$..a".to_owned(), "$[0]".to_owned()];
    let detectors = vec!["email".into(), "credential".into()];
    Redactor::new(&Rules { detectors, paths, ..Rules::default() }).expect("the rules are right")
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn redacted_json_is_the_value_with_its_texts_redacted(value in value(), escapes in proptest::collection::vec(any::<bool>(), 0..400)) {
        let mut text = String::new();
        write(&value, &mut escapes.into_iter(), &mut text);
        let (redacted, _) = redacted(all(), None, &text);
        let is_container = text.starts_with(['{', '[', '"']);
        prop_assume!(is_container);
        let read: Value = serde_json::from_str(&redacted).expect("it stays JSON");
        prop_assert_eq!(unfolded(&read), unfolded(&expected(&value)));
    }

    #[test]
    fn any_text_is_survived(text in "[\\\\\"{}\\[\\]:,u0-9a-f@. é\n-]{0,60}") {
        let (once, _) = redacted(&WITH_PATHS, Some("password"), &text);
        let is_json = serde_json::from_str::<Value>(&text).is_ok_and(|value| !value.is_number());
        prop_assert!(!is_json || serde_json::from_str::<Value>(&once).is_ok(), "{text} {once}");
    }
}

#[test]
fn with_a_key_equal_values_have_equal_hashes() {
    let rules = Rules {
        detectors: vec!["email".into(), "card".into()],
        paths: vec!["$.p".into()],
        ..Rules::default()
    };
    let redactor = Redactor::with_key(&rules, HashKey::new("0123456789abcdef")).unwrap();
    let redact = |text: &str| redacted(&redactor, None, text).0;
    let hash = "[redacted:email:c019192e59b92c2f]";
    assert_eq!(redact("ada@example.org"), hash);
    assert_eq!(
        redact(r#"{"a": "\nada\u0040example.org", "p": "x"}"#),
        format!(r#"{{"a": "\n{hash}", "p": "[redacted:path]"}}"#)
    );
    assert_eq!(redact(r"x\nada@example.org"), format!(r"x\n{hash}"));
    assert_ne!(redact("bob@example.org"), hash);
    let card = redact("4111111111111111");
    assert_eq!(redact("4111 1111 1111 1111"), card);
    assert_eq!(redact(r#"{"n": 4111111111111111}"#), format!(r#"{{"n": "{card}"}}"#));
}
