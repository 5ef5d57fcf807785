//! Reads the parameters of a request: the query string of a GET, the JSON body of anything else.

use crate::App;
use crate::error::{Failure, MlflowCode, MlflowError, MlflowResult};
use crate::otlp::{BodyError, Encoding, read_body};
use axum::extract::{FromRequest, Request};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use spanwise_api_types::mlflow::field::{FieldError, Fields, FromFields};
use spanwise_model::ErrorKind;

/// The parameters of a request.
pub(super) struct Params<T>(pub(super) T);

impl<T: FromFields> FromRequest<App> for Params<T> {
    type Rejection = MlflowError;

    async fn from_request(request: Request, app: &App) -> MlflowResult<Self> {
        let given = Given::read(request, app).await?;
        let fields =
            if given.is_query { Fields::of_query(&given.object) } else { Fields::of_body(&given.object) };
        Ok(Params(T::from_fields(&fields)?))
    }
}

/// What a request gives, whatever it is for: there are some hundred kinds of them, and one reader.
struct Given {
    object: Map<String, Value>,
    /// Whether it is of a query string, in which all values are texts.
    is_query: bool,
}

impl Given {
    async fn read(request: Request, app: &App) -> MlflowResult<Given> {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            let object = query_object(request.uri().query().unwrap_or_default());
            return Ok(Given { object, is_query: true });
        }
        if request.method() == Method::POST {
            check_content_type(request.headers())?;
        }
        let encoding = request.headers().get(CONTENT_ENCODING).map_or(Some(""), |value| value.to_str().ok());
        let encoding = encoding
            .and_then(Encoding::from_header)
            .ok_or_else(|| bad_request("unknown Content-Encoding"))?;
        // The body counts against the budget of what is on its way in, so that many large ones can't fill memory.
        let mut reservation = app.ingest.reserve();
        let bytes = read_body(request, encoding, app.config.body_bytes_max, &mut reservation).await?;
        Ok(Given { object: body_object(&bytes), is_query: false })
    }
}

impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Self {
        Failure::new(ErrorKind::InvalidArgument, error.to_string())
    }
}

impl From<BodyError> for MlflowError {
    fn from(error: BodyError) -> Self {
        let message = error.to_string();
        match error {
            BodyError::TooLarge(_) => MlflowError::new(MlflowCode::BodyTooLarge, message),
            BodyError::Corrupt(_) | BodyError::Interrupted => bad_request(&message),
            BodyError::Exhausted(_) => MlflowError::new(MlflowCode::ResourceExhausted, message),
        }
    }
}

fn bad_request(message: &str) -> MlflowError {
    MlflowError::new(MlflowCode::BadRequest, message)
}

fn check_content_type(headers: &HeaderMap) -> MlflowResult<()> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Err(MlflowError::invalid("Bad Request. Content-Type header is missing."));
    };
    let media_type = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        return Err(MlflowError::invalid("Bad Request. Content-Type must be one of ['application/json']."));
    }
    Ok(())
}

/// Reads a body's object. As upstream, what is no object counts as an empty one, and the text of a JSON value is
/// read once more.
fn body_object(bytes: &[u8]) -> Map<String, Value> {
    let value = match serde_json::from_slice(bytes) {
        Ok(Value::String(text)) => serde_json::from_str(&text).unwrap_or_default(),
        other => other.unwrap_or_default(),
    };
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// Reads a query string; a parameter that is given more than once becomes an array.
pub(super) fn query_object(query: &str) -> Map<String, Value> {
    let mut object = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = Value::from(form_decoded(value));
        match object.entry(form_decoded(key)) {
            serde_json::map::Entry::Vacant(entry) => {
                entry.insert(value);
            }
            serde_json::map::Entry::Occupied(mut entry) => match entry.get_mut() {
                Value::Array(values) => values.push(value),
                first => *first = Value::Array(vec![first.take(), value]),
            },
        }
    }
    object
}

fn form_decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn repeated_parameters_are_arrays() {
        let expected = json!({"ids": ["a b", "c+", "d"], "flag": "True", "empty": ""});
        assert_eq!(Value::Object(query_object("ids=a+b&ids=c%2B&ids=d&flag=True&empty=&")), expected);
    }

    #[test]
    fn what_is_no_object_is_an_empty_one() {
        for (body, expected) in [
            (r#"{"a": 1}"#, json!({"a": 1})),
            (r#""{\"a\": 1}""#, json!({"a": 1})),
            ("{nope", json!({})),
            ("[1]", json!({})),
            ("", json!({})),
        ] {
            assert_eq!(Value::Object(body_object(body.as_bytes())), expected, "{body}");
        }
    }
}
