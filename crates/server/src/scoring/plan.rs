//! What the server makes of a registered scorer.

use super::config::DEFAULT_ENDPOINT;
use super::endpoint::Caller;
use super::{NO_ENDPOINT, Scoring};
use spanwise_model::ScorerVersion;
use spanwise_score::Scorer;
use spanwise_score::stored::{self, Stored};
use std::sync::Arc;

/// Beginnings of a model's name that name an endpoint rather than a provider.
const ENDPOINT_SCHEMES: [&str; 2] = ["endpoints", "gateway"];

/// A registered scorer as the server sees it.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// What is registered.
    pub(crate) scorer: ScorerVersion,
    /// How it runs, or why it does not.
    pub(crate) way: Result<Way, String>,
    /// Whether only MLflow's client can run it.
    pub(crate) is_of_client: bool,
}

/// How a scorer runs.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) scorer: Arc<Scorer>,
    /// Whom it asks.
    pub(crate) model: Option<Model>,
}

/// A model of an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(super) endpoint: String,
    pub(super) caller: Arc<Caller>,
    pub(crate) name: String,
    pub(super) provider: Option<String>,
}

impl Plan {
    /// Reads a registered scorer.
    pub(crate) fn of(scoring: &Scoring, scorer: ScorerVersion) -> Plan {
        match stored::read(&scorer.serialized) {
            Stored::Runs(found) => {
                let way = Way::of(scoring, Arc::from(found));
                Plan { scorer, way, is_of_client: false }
            }
            Stored::OfClient(reason) => {
                Plan { scorer, way: Err(format!("runs in the client: {reason}")), is_of_client: true }
            }
        }
    }
}

impl Way {
    /// Finds out how a scorer runs; the error says why it can't.
    pub(crate) fn of(scoring: &Scoring, scorer: Arc<Scorer>) -> Result<Way, String> {
        let definition = scorer.definition();
        let model = match definition.is_judge() {
            true => Some(find_model(scoring, definition.model())?),
            false => None,
        };
        Ok(Way { scorer, model })
    }
}

/// Finds the endpoint and the model that `provider:/name` means: the endpoint of that name for `endpoints:/name` and
/// `gateway:/name`; else the endpoint that is called like the provider, and if there is none, the default one.
fn find_model(scoring: &Scoring, uri: Option<&str>) -> Result<Model, String> {
    let (scheme, name) = uri.and_then(|uri| uri.split_once(":/")).unwrap_or(("", ""));
    let name = name.trim_matches('/');
    let named = ENDPOINT_SCHEMES.contains(&scheme);
    let endpoint = match () {
        () if named => name,
        () if scoring.callers.contains_key(scheme) => scheme,
        () => DEFAULT_ENDPOINT,
    };
    let Some(caller) = scoring.callers.get(endpoint) else {
        return Err(match endpoint {
            DEFAULT_ENDPOINT => NO_ENDPOINT.to_owned(),
            other => format!("{NO_ENDPOINT} with the name `{other}`"),
        });
    };
    let model = if named { "" } else { name };
    let model = Some(model.to_owned()).filter(|model| !model.is_empty()).or(caller.endpoint.model.clone());
    let Some(model) = model else {
        return Err(format!("the scorer names no model, and the endpoint `{endpoint}` has none configured"));
    };
    let of_uri = Some(scheme).filter(|scheme| !named && !scheme.is_empty()).map(str::to_owned);
    Ok(Model {
        endpoint: endpoint.to_owned(),
        caller: Arc::clone(caller),
        name: model,
        provider: caller.endpoint.provider.clone().or(of_uri),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::{Endpoint, ScoringConfig};
    use std::time::Duration;

    fn scoring(names: &[&str]) -> Scoring {
        let endpoint = |name: &str| Endpoint {
            url: "http://127.0.0.1:1".parse().unwrap(),
            model: Some(format!("model of {name}")),
            provider: None,
            api_key: None,
            timeout: Duration::from_secs(1),
            concurrency: 1,
        };
        let endpoints = names.iter().map(|name| ((*name).to_owned(), endpoint(name))).collect();
        Scoring::new(ScoringConfig { endpoints, ..ScoringConfig::default() })
    }

    #[test]
    fn models_are_found_by_their_names() {
        let scoring = scoring(&["default", "anthropic", "mine"]);
        let find = |uri: Option<&str>| {
            find_model(&scoring, uri).map(|model| (model.endpoint, model.name, model.provider))
        };
        let found = |endpoint: &str, name: &str, provider: Option<&str>| {
            Ok((endpoint.to_owned(), name.to_owned(), provider.map(str::to_owned)))
        };
        assert_eq!(find(None), found("default", "model of default", None));
        assert_eq!(find(Some("openai:/gpt-x")), found("default", "gpt-x", Some("openai")));
        assert_eq!(find(Some("anthropic:/claude")), found("anthropic", "claude", Some("anthropic")));
        assert_eq!(find(Some("endpoints:/mine")), found("mine", "model of mine", None));
        assert_eq!(
            find(Some("gateway:/other")),
            Err("no endpoint configured with the name `other`".to_owned())
        );
    }

    #[test]
    fn without_an_endpoint_there_is_no_model() {
        assert_eq!(find_model(&scoring(&[]), None).unwrap_err(), "no endpoint configured");
    }
}
