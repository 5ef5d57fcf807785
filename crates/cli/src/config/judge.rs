//! Where judges find models: `[judge]`, and `[judge.endpoints.NAME]` for further servers.
//!
//! A key comes from an environment variable or a file, is read when the server starts, and is never shown.

use super::retention::{format_age, parse_age};
use anyhow::{Context, Result, bail};
use http::Uri;
use spanwise_server::{ApiKey, DEFAULT_ENDPOINT, Endpoint, ScoringConfig};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use toml::{Table, Value};

/// The table of further servers.
pub(super) const ENDPOINTS: &str = "judge.endpoints";
/// The variable that holds the key of `[judge]`, unless another is named.
const KEY_VARIABLE: &str = "SPANWISE_JUDGE_API_KEY";
/// Calls at one time.
const CONCURRENCY_MAX: usize = 256;
/// Longest time that a call may take.
const TIMEOUT_MAX: Duration = Duration::from_secs(600);
/// Longest time that a trace has to be quiet.
const QUIET_MAX: Duration = Duration::from_secs(3_600);

/// What is set of judges and of scoring.
#[derive(Debug, Clone)]
pub(crate) struct JudgeSettings {
    /// `[judge]` itself.
    pub(crate) default: EndpointSettings,
    /// Further servers by name.
    pub(crate) endpoints: BTreeMap<String, EndpointSettings>,
    /// US dollars that a scorer may spend on a day.
    pub(crate) daily_cap: Option<f64>,
    /// Calls of a scorer on a day whose cost is not known.
    pub(crate) unpriced_calls: u64,
    /// How long a trace has to be quiet before it is scored.
    pub(crate) quiet: Duration,
}

/// What is set of one server with models.
#[derive(Debug, Clone)]
pub(crate) struct EndpointSettings {
    pub(crate) url: String,
    pub(crate) model: String,
    pub(crate) provider: String,
    pub(crate) api_key_file: String,
    pub(crate) api_key_variable: String,
    pub(crate) timeout: Duration,
    pub(crate) concurrency: usize,
}

impl Default for EndpointSettings {
    fn default() -> Self {
        EndpointSettings {
            url: String::new(),
            model: String::new(),
            provider: String::new(),
            api_key_file: String::new(),
            api_key_variable: String::new(),
            timeout: Duration::from_secs(60),
            concurrency: 4,
        }
    }
}

impl Default for JudgeSettings {
    fn default() -> Self {
        let scoring = ScoringConfig::default();
        JudgeSettings {
            default: EndpointSettings {
                api_key_variable: KEY_VARIABLE.into(),
                ..EndpointSettings::default()
            },
            endpoints: BTreeMap::new(),
            daily_cap: scoring.daily_cap_usd,
            unpriced_calls: scoring.unpriced_calls,
            quiet: scoring.quiet,
        }
    }
}

impl EndpointSettings {
    /// Sets a value by its name; the error completes the sentence “`value` …”.
    pub(super) fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        match name {
            "url" => {
                parse_url(text)?;
                self.url = text.to_owned();
            }
            "model" => self.model = text.to_owned(),
            "provider" => self.provider = text.to_owned(),
            "api_key_file" => self.api_key_file = text.to_owned(),
            "api_key_variable" => self.api_key_variable = text.to_owned(),
            "timeout" => {
                let timeout = parse_age(text).map_err(|_| expected_time(TIMEOUT_MAX))?;
                self.timeout =
                    timeout.filter(|time| *time <= TIMEOUT_MAX).ok_or_else(|| expected_time(TIMEOUT_MAX))?;
            }
            "concurrency" => {
                let count = text.parse().ok().filter(|count| (1..=CONCURRENCY_MAX).contains(count));
                self.concurrency = count
                    .ok_or_else(|| format!("is no count; expected a number from 1 to {CONCURRENCY_MAX}"))?;
            }
            _ => return Err("is of an unknown key".into()),
        }
        Ok(())
    }

    fn get(&self) -> [(&'static str, String); 7] {
        [
            ("url", self.url.clone()),
            ("model", self.model.clone()),
            ("provider", self.provider.clone()),
            ("api_key_file", self.api_key_file.clone()),
            ("api_key_variable", self.api_key_variable.clone()),
            ("timeout", format_age(Some(self.timeout))),
            ("concurrency", self.concurrency.to_string()),
        ]
    }

    /// Returns the server, `None` if it has no address; its key is read now.
    fn endpoint(&self, name: &str) -> Result<Option<Endpoint>> {
        if self.url.is_empty() {
            return Ok(None);
        }
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let url = parse_url(&self.url).map_err(|problem| anyhow::anyhow!("`{}` {problem}", self.url))?;
        Ok(Some(Endpoint {
            url,
            model: some(&self.model),
            provider: some(&self.provider),
            api_key: self.key(name)?,
            timeout: self.timeout,
            concurrency: self.concurrency,
        }))
    }

    fn key(&self, name: &str) -> Result<Option<ApiKey>> {
        if !self.api_key_file.is_empty() {
            let path = PathBuf::from(&self.api_key_file);
            let text = std::fs::read_to_string(&path).with_context(|| {
                format!("cannot read the API key of endpoint `{name}` from {}", path.display())
            })?;
            let key = text.trim();
            if key.is_empty() {
                bail!("the file {} with the API key of endpoint `{name}` is empty", path.display());
            }
            return Ok(Some(ApiKey::new(key)));
        }
        let variable = Some(&self.api_key_variable).filter(|variable| !variable.is_empty());
        let key = variable.and_then(|variable| std::env::var(variable).ok());
        Ok(key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()).map(ApiKey::new))
    }
}

impl JudgeSettings {
    /// Returns what the server is told; keys are read now.
    pub(crate) fn scoring(&self) -> Result<ScoringConfig> {
        let mut endpoints = BTreeMap::new();
        let default = (DEFAULT_ENDPOINT, &self.default);
        let named = self.endpoints.iter().map(|(name, settings)| (name.as_str(), settings));
        for (name, settings) in std::iter::once(default).chain(named) {
            if let Some(endpoint) = settings.endpoint(name)? {
                endpoints.insert(name.to_owned(), endpoint);
            }
        }
        Ok(ScoringConfig {
            quiet: self.quiet,
            endpoints,
            daily_cap_usd: self.daily_cap,
            unpriced_calls: self.unpriced_calls,
        })
    }
}

/// Reads the table of further servers.
pub(super) fn read_endpoints(table: &Table) -> Result<BTreeMap<String, EndpointSettings>> {
    let mut endpoints = BTreeMap::new();
    for (name, value) in table {
        let place = format!("{ENDPOINTS}.{name}");
        let Value::Table(keys) = value else {
            bail!("`{place}` is no table; expected e.g. [{place}] with url = \"https://…/v1\"");
        };
        if name == DEFAULT_ENDPOINT {
            bail!("`{place}` has the name of [judge] itself; choose another");
        }
        let mut settings = EndpointSettings::default();
        for (key, value) in keys {
            let text = match value {
                Value::String(text) => text.trim().to_owned(),
                Value::Integer(number) => number.to_string(),
                _ => bail!("`{place}.{key}` has a value of the wrong type"),
            };
            let known: Vec<&str> = settings.get().iter().map(|(name, _)| *name).collect();
            if !known.contains(&key.as_str()) {
                bail!("unknown key `{place}.{key}`; expected one of {}", known.join(", "));
            }
            settings
                .set(key, &text)
                .map_err(|problem| anyhow::anyhow!("`{place}.{key}`: `{text}` {problem}"))?;
        }
        if settings.url.is_empty() {
            bail!("`{place}` has no `url`");
        }
        endpoints.insert(name.clone(), settings);
    }
    Ok(endpoints)
}

/// Returns the names and values of what is set of further servers.
pub(super) fn endpoint_rows(endpoints: &BTreeMap<String, EndpointSettings>) -> Vec<(String, String)> {
    let rows = endpoints.iter().flat_map(|(endpoint, settings)| {
        settings.get().map(|(name, value)| (format!("{ENDPOINTS}.{endpoint}.{name}"), value))
    });
    rows.collect()
}

/// Reads an amount of US dollars, or `off` as no bound.
pub(super) fn parse_cap(text: &str) -> Result<Option<f64>, String> {
    if text == "off" {
        return Ok(None);
    }
    let usd = text.trim_start_matches('$').parse().ok().filter(|usd: &f64| usd.is_finite() && *usd >= 0.0);
    usd.map(Some).ok_or_else(|| "is no amount; expected US dollars such as 5 or 0.50, or off".into())
}

/// Reads how long a trace has to be quiet.
pub(super) fn parse_quiet(text: &str) -> Result<Duration, String> {
    let quiet = parse_age(text).ok().flatten().filter(|time| *time <= QUIET_MAX);
    quiet.ok_or_else(|| expected_time(QUIET_MAX))
}

fn expected_time(max: Duration) -> String {
    format!("is no time; expected one with a unit, such as 5s or 2m, at most {}", format_age(Some(max)))
}

fn parse_url(text: &str) -> Result<Uri, String> {
    let url: Uri = text.parse().map_err(|error| format!("is no address: {error}"))?;
    match (url.scheme_str(), url.authority()) {
        (_, Some(authority)) if authority.as_str().contains('@') => {
            Err("holds a user or a password; give a key by api_key_variable or api_key_file".into())
        }
        (Some("http" | "https"), Some(_)) if url.query().is_none() => Ok(url),
        _ => Err("is no address; expected one such as https://api.openai.com/v1".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_servers_are_read_and_shown() {
        let table: Table =
            "[mine]\nurl = 'http://10.0.0.1:8000/v1'\nmodel = 'm'\nconcurrency = 2".parse().unwrap();
        let endpoints = read_endpoints(&table).unwrap();
        let rows = endpoint_rows(&endpoints);
        assert!(rows.contains(&("judge.endpoints.mine.url".into(), "http://10.0.0.1:8000/v1".into())));
        assert!(rows.contains(&("judge.endpoints.mine.timeout".into(), "1m".into())));
        let settings = JudgeSettings { endpoints, ..JudgeSettings::default() };
        let config = settings.scoring().unwrap();
        assert_eq!(config.endpoints["mine"].concurrency, 2);
        assert!(!config.endpoints.contains_key(DEFAULT_ENDPOINT), "it has no address");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| {
            let table: Table = text.parse().unwrap();
            format!("{:#}", read_endpoints(&table).unwrap_err())
        };
        assert_eq!(error("[a]\nmodel = 'm'"), "`judge.endpoints.a` has no `url`");
        assert!(error("[a]\nurl = 'x'").contains("`x` is no address; expected one such as https://"));
        assert!(
            error("[a]\nuri = 'x'").starts_with("unknown key `judge.endpoints.a.uri`; expected one of url")
        );
        assert!(error("[default]\nurl = 'http://a'").contains("has the name of [judge] itself"));
        assert!(error("[a]\nurl = 'http://u:p@a'").contains("a user or a password"));
        assert_eq!(parse_cap("$2.5"), Ok(Some(2.5)));
        assert!(parse_cap("-1").is_err());
        assert!(parse_quiet("2h").unwrap_err().ends_with("at most 1h"));
    }

    #[test]
    fn a_key_comes_from_a_file_and_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "secret-key\n").unwrap();
        let mut settings = JudgeSettings::default();
        settings.default.url = "http://a/v1".into();
        settings.default.api_key_file = path.display().to_string();
        let config = settings.scoring().unwrap();
        assert!(config.endpoints[DEFAULT_ENDPOINT].api_key.is_some());
        assert!(!format!("{config:?}").contains("secret-key"));
        settings.default.api_key_file = folder.path().join("absent").display().to_string();
        let error = format!("{:#}", settings.scoring().unwrap_err());
        assert!(error.starts_with("cannot read the API key of endpoint `default` from"), "{error}");
    }
}
