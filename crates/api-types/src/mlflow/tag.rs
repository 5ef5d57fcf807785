//! Tags of traces in requests, and MLflow's rules for their keys.

use super::field::{FieldError, Fields, FromFields, Place, check_chars, cut};
use serde_json::Value;
use spanwise_model::limit::TAG_KEY_CHARS_MAX;

/// `PATCH traces/{id}/tags`.
#[derive(Debug, PartialEq, Eq)]
pub struct SetTraceTag {
    /// The tag's key.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl FromFields for SetTraceTag {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let request = SetTraceTag { key: fields.required("key")?, value: fields.or_default("value")? };
        check_tag_name(&request.key)?;
        check_chars("key", &request.key, TAG_KEY_CHARS_MAX)?;
        super::start_trace::check_value(&request.key, &request.value)?;
        if IMMUTABLE_TAGS.contains(&request.key.as_str()) {
            let text = format!("Tag '{}' is immutable and cannot be set on a trace.", request.key);
            return Err(FieldError::Rule(text));
        }
        Ok(request)
    }
}

/// `DELETE traces/{id}/tags`.
#[derive(Debug, PartialEq, Eq)]
pub struct DeleteTraceTag {
    /// The tag's key.
    pub key: String,
}

impl FromFields for DeleteTraceTag {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let request = DeleteTraceTag { key: fields.required("key")? };
        if request.key != ARCHIVAL_FAILURE && IMMUTABLE_TAGS.contains(&request.key.as_str()) {
            let text = format!("Tag '{}' is immutable and cannot be deleted on a trace.", request.key);
            return Err(FieldError::Rule(text));
        }
        Ok(request)
    }
}

const ARCHIVAL_FAILURE: &str = "mlflow.trace.archivalFailure";

/// Tags that the server makes; `mlflow.artifactLocation` is among them because clients upload to where it points.
const IMMUTABLE_TAGS: [&str; 4] = [
    super::trace_info::SPANS_LOCATION,
    super::trace_info::ARTIFACT_LOCATION,
    "mlflow.trace.archiveLocation",
    ARCHIVAL_FAILURE,
];

/// Checks a tag's key by MLflow's rules: its characters, and that it would be a plain relative path.
pub(super) fn check_tag_name(key: &str) -> Result<(), FieldError> {
    check_key("key", key)
}

/// Checks the key of a tag, metric or parameter, which a request calls `name`.
pub(super) fn check_key(name: &str, key: &str) -> Result<(), FieldError> {
    let allowed = |letter: char| letter.is_alphanumeric() || "_-. :/".contains(letter);
    let hint = if !key.chars().all(allowed) {
        ": Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and \
         slashes (/)."
            .to_owned()
    } else if normalized_path(key) != key || key == "." || key.starts_with("..") || key.starts_with('/') {
        format!(
            ": Names may be treated as files in certain cases, and must not resolve to other names when treated as \
             such. This name would resolve to '{}'",
            cut(&normalized_path(key))
        )
    } else {
        return Ok(());
    };
    let place = Place { name: name.to_owned(), from_query: false };
    Err(place.not_allowed(&Value::from(key), hint))
}

/// Resolves `.`, `..` and doubled slashes, as POSIX does for a path that need not exist.
fn normalized_path(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        let climbs = part == ".." && parts.last().is_none_or(|last| *last == "..");
        if part != ".." || (climbs && !absolute) {
            parts.push(part);
        } else if !climbs {
            parts.pop();
        }
    }
    let joined = parts.join("/");
    if absolute {
        format!("/{joined}")
    } else if joined.is_empty() {
        ".".to_owned()
    } else {
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check_error<T: FromFields + std::fmt::Debug>(body: Value, expected: &str) {
        let error = T::from_fields(&Fields::of_body(body.as_object().unwrap())).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\ndoes not begin with\n{expected}");
    }

    #[test]
    fn tag_keys_are_checked() {
        for key in ["a", "mlflow.traceName", "a b", "a/b", "é:_-", "..."] {
            let ok = check_tag_name(key);
            assert_eq!(ok.is_ok(), key != "...", "{key}: {ok:?}");
        }
        check_error::<SetTraceTag>(
            json!({"key": "a$b"}),
            "Invalid value \"a$b\" for parameter 'key' supplied: Names may only contain alphanumerics, underscores \
             (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
        );
        check_error::<SetTraceTag>(
            json!({"key": "a/../b"}),
            "Invalid value \"a/../b\" for parameter 'key' supplied: Names may be treated as files in certain cases, \
             and must not resolve to other names when treated as such. This name would resolve to 'b'",
        );
        check_error::<SetTraceTag>(
            json!({"key": "k".repeat(251)}),
            "'key' exceeds the maximum length of 250 characters",
        );
        check_error::<SetTraceTag>(
            json!({"key": "mlflow.trace.spansLocation", "value": "x"}),
            "Tag 'mlflow.trace.spansLocation' is immutable and cannot be set on a trace.",
        );
    }

    #[test]
    fn paths_resolve_as_in_posix() {
        for (path, expected) in [
            ("a/../b", "b"),
            ("a//b/", "a/b"),
            ("./a", "a"),
            ("a/..", "."),
            ("../../a", "../../a"),
            ("/../a", "/a"),
        ] {
            assert_eq!(normalized_path(path), expected);
        }
    }
}
