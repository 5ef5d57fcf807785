//! The variables that configure an SDK.

use crate::config::{Config, ConfigError, LOCAL_GRPC, LOCAL_SERVER, Target};
use crate::value::Value;
use std::time::Duration;

type Get<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The header by which a server is told the id of an experiment.
const EXPERIMENT_HEADER: &str = "x-mlflow-experiment-id";
/// The spool that `SPANWISE_SPOOL_DIR` asks for has at most so many bytes.
const SPOOL_BYTES: u64 = 256 << 20;
/// The longest time for a request that can be asked for: a day.
const REQUEST_MS_MAX: f64 = 86_400_000.0;

/// Returns the first of several variables that is set, and its name.
fn first<'n>(get: Get<'_>, names: &[&'n str]) -> Option<(&'n str, String)> {
    names.iter().find_map(|name| Some((*name, get(name)?)))
}

pub(crate) fn read(get: Get<'_>) -> Result<Config, ConfigError> {
    let mut config = Config::new().target(target(get)?);
    if let Some((_, name)) = first(get, &["SPANWISE_EXPERIMENT", "MLFLOW_EXPERIMENT_NAME"]) {
        config = config.experiment(name);
    }
    for (key, value) in get("OTEL_RESOURCE_ATTRIBUTES").iter().flat_map(|list| pairs(list)) {
        config = config.attribute(key, Value::Text(value));
    }
    if let Some(name) = get("OTEL_SERVICE_NAME") {
        config = config.service_name(name);
    }
    let ratios = ["SPANWISE_TRACE_SAMPLING_RATIO", "MLFLOW_TRACE_SAMPLING_RATIO"];
    if let Some(ratio) = number(get, &ratios, "is no share between 0 and 1", |ratio| ratio <= 1.0)? {
        config = config.sampling(ratio);
    }
    let timeouts = ["SPANWISE_TRACE_TIMEOUT_SECONDS", "MLFLOW_TRACE_TIMEOUT_SECONDS"];
    if let Some(seconds) = number(get, &timeouts, "is no number of seconds above 0", |seconds| seconds > 0.0)?
    {
        config = config.trace_timeout(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    let timeouts = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
    if let Some(ms) = number(get, &timeouts, "is no number of milliseconds above 0", |ms| ms > 0.0)? {
        config = config.request_timeout(Duration::from_secs_f64(ms.min(REQUEST_MS_MAX) / 1e3));
    }
    if let Some(folder) = get("SPANWISE_SPOOL_DIR") {
        config = config.spool(folder, SPOOL_BYTES);
    }
    let disabled = first(get, &["SPANWISE_SDK_DISABLED", "OTEL_SDK_DISABLED"]);
    Ok(config.enabled(!disabled.is_some_and(|(_, value)| value.trim().eq_ignore_ascii_case("true"))))
}

/// The one that OpenTelemetry has as it is, without a path appended.
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

fn target(get: Get<'_>) -> Result<Target, ConfigError> {
    let mut target = match first(get, &["SPANWISE_TRACKING_URI", "MLFLOW_TRACKING_URI"]) {
        Some((name, address)) => named(name, Target::parse(address.trim()))?,
        None => otlp_target(get)?,
    };
    for name in ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"] {
        for (key, value) in get(name).iter().flat_map(|list| pairs(list)) {
            target = target.header(key, value);
        }
    }
    Ok(match get("MLFLOW_EXPERIMENT_ID") {
        Some(id) => target.header(EXPERIMENT_HEADER, id.trim()),
        None => target,
    })
}

/// Returns where OpenTelemetry's variables send spans.
fn otlp_target(get: Get<'_>) -> Result<Target, ConfigError> {
    let endpoint = first(get, &[TRACES_ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT"]);
    let is_grpc = speaks_grpc(get)?;
    let default = if is_grpc { LOCAL_GRPC } else { LOCAL_SERVER };
    let (name, address) = endpoint.unwrap_or(("OTEL_EXPORTER_OTLP_PROTOCOL", default.to_owned()));
    let address = address.trim();
    if is_grpc {
        return named(name, Target::grpc(address));
    }
    let mut target = named(name, Target::parse(address))?;
    if name == TRACES_ENDPOINT
        && let Target::Http { url, .. } = &mut target
    {
        address.clone_into(url);
    }
    Ok(target)
}

fn speaks_grpc(get: Get<'_>) -> Result<bool, ConfigError> {
    let names = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
    let Some((name, value)) = first(get, &names) else { return Ok(false) };
    match value.trim() {
        "grpc" => Ok(true),
        "http/protobuf" => Ok(false),
        _ => {
            let problem = "is not spoken here; give `http/protobuf` or `grpc`".to_owned();
            Err(ConfigError::Value { name: name.to_owned(), value, problem })
        }
    }
}

/// Lets an error name the variable that an address came from.
fn named(name: &str, target: Result<Target, ConfigError>) -> Result<Target, ConfigError> {
    target.map_err(|ConfigError::Value { value, problem, .. }| ConfigError::Value {
        name: name.to_owned(),
        value,
        problem,
    })
}

fn number(
    get: Get<'_>,
    names: &[&str],
    problem: &str,
    is_right: impl Fn(f64) -> bool,
) -> Result<Option<f64>, ConfigError> {
    let Some((name, value)) = first(get, names) else { return Ok(None) };
    let number = value.trim().parse().ok().filter(|number: &f64| *number >= 0.0 && is_right(*number));
    number.map(Some).ok_or_else(|| ConfigError::Value {
        name: name.to_owned(),
        value,
        problem: problem.to_owned(),
    })
}

/// Reads `key=value,…`, whose values are percent-encoded as in W3C baggage. What is no pair is left out, as
/// OpenTelemetry's SDKs do.
fn pairs(list: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        Some((key.trim().to_owned(), percent_decoded(value.trim())))
    };
    list.split(',').filter_map(pair).filter(|(key, _)| !key.is_empty()).collect()
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |at: usize| tail.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high << 4 | low) as u8);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<String, String> {
        let get =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Config::from_variables(get).map(|config| format!("{config:?}")).map_err(|error| error.to_string())
    }

    fn goes_to(variables: &[(&str, &str)], expected: &str) {
        assert_eq!(with(variables), Ok(format!("Config {{ targets: [{expected}], .. }}")));
    }

    #[test]
    fn the_first_address_that_is_set_counts() {
        goes_to(&[], "http://127.0.0.1:5000/v1/traces");
        let otel = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
        goes_to(&[otel], "http://collector:4318/v1/traces");
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/in");
        goes_to(&[otel, traces], "http://collector:4318/in");
        let mlflow = ("MLFLOW_TRACKING_URI", "http://mlflow:5000");
        goes_to(&[otel, mlflow], "http://mlflow:5000/v1/traces");
        goes_to(&[otel, mlflow, ("SPANWISE_TRACKING_URI", "file:///data")], "/data");
        goes_to(&[("SPANWISE_TRACKING_URI", " "), ("MLFLOW_TRACKING_URI", "./data")], "./data");
    }

    #[test]
    fn the_protocol_is_that_of_opentelemetrys_addresses() {
        const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
        let otel = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317/v1/traces");
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf");
        goes_to(&[(PROTOCOL, "http/protobuf")], "http://127.0.0.1:5000/v1/traces");
        goes_to(&[otel, (PROTOCOL, "grpc"), traces], "http://collector:4317/v1/traces");
        // Another address says itself what it is.
        goes_to(&[("MLFLOW_TRACKING_URI", "http://m:5000"), (PROTOCOL, "grpc")], "http://m:5000/v1/traces");
        assert_eq!(
            with(&[otel, (PROTOCOL, "http/json")]).unwrap_err(),
            "OTEL_EXPORTER_OTLP_PROTOCOL: `http/json` is not spoken here; give `http/protobuf` or `grpc`"
        );
        if cfg!(feature = "grpc") {
            goes_to(&[(PROTOCOL, "grpc")], "http://127.0.0.1:4317");
            goes_to(&[otel, (PROTOCOL, "grpc")], "http://collector:4317");
            assert_eq!(
                with(&[(PROTOCOL, "grpc"), (otel.0, "collector:4317")]).unwrap_err(),
                "OTEL_EXPORTER_OTLP_ENDPOINT: `collector:4317` is no place for OTLP over gRPC; give http://HOST:PORT"
            );
        } else {
            let error = with(&[otel, (PROTOCOL, "grpc")]).unwrap_err();
            assert!(error.contains("needs the feature `otlp-grpc`"), "{error}");
        }
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        let error = |name, value| with(&[(name, value)]).unwrap_err();
        assert_eq!(
            error("MLFLOW_TRACKING_URI", "databricks"),
            "MLFLOW_TRACKING_URI: `databricks` is no place for traces; give http://HOST:PORT, file:///DATA_DIR, or a path"
        );
        assert!(error("SPANWISE_TRACKING_URI", "sqlite:///a.db").contains("`sqlite:///a.db` is no place"));
        for ratio in ["1.5", "-1", "x", "NaN"] {
            let expected = format!("SPANWISE_TRACE_SAMPLING_RATIO: `{ratio}` is no share between 0 and 1");
            assert_eq!(error("SPANWISE_TRACE_SAMPLING_RATIO", ratio), expected);
        }
        assert_eq!(
            error("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            "OTEL_EXPORTER_OTLP_TIMEOUT: `10s` is no number of milliseconds above 0"
        );
        assert!(
            error("MLFLOW_TRACE_TIMEOUT_SECONDS", "0").starts_with("MLFLOW_TRACE_TIMEOUT_SECONDS: `0` is no")
        );
    }

    #[test]
    fn lists_of_pairs_are_read_as_opentelemetry_has_them() {
        let expected = [("a", "b c"), ("k", "v=w"), ("p", "%zz")];
        let expected: Vec<_> =
            expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!(pairs("a=b%20c, k = v=w,nonsense,=x,p=%zz"), expected);
    }
}
