//! What is wrapped around a model's name: providers, paths, regions, dates and the like, taken off step by step.
//!
//! Each step takes off one thing that is known for what it is. No name is ever shortened otherwise: a shorter model is
//! another model.

use super::provider::{
    canonical, is_gateway, is_host, is_listed, is_maker, is_own_machine, is_publisher, makes_closed_models,
};
use std::borrow::Cow;

/// Prefixes of Bedrock's ids of models across regions, which name the group of regions.
const REGION_GROUPS: [&str; 9] = ["us.", "eu.", "apac.", "global.", "au.", "jp.", "ca.", "sa.", "us-gov."];
/// Kinds of deployments that stand before a model of Azure's.
const AZURE_DEPLOYMENTS: [&str; 8] =
    ["us", "eu", "global", "global-standard", "data-zone", "datazone", "standard", "responses"];
/// APIs that LiteLLM writes before a model of Bedrock's.
const BEDROCK_APIS: [&str; 5] = ["converse", "invoke", "converse_like", "mantle", "openai"];
/// Those whose models Bedrock names `maker.model`.
const BEDROCK_MAKERS: [&str; 14] = [
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "nvidia",
    "openai",
    "qwen",
    "writer",
];
/// Models that stand for a route of a gateway; what answers behind it is not known here.
const ROUTES: [&str; 2] = ["gateway:/", "endpoints:/"];
/// Steps that one name can need; more are a name that somebody made up.
const STEPS_MAX: usize = 12;

/// What was done to a name to get the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing.
    AsGiven,
    /// The provider before it was taken off, and is the provider now.
    Provider,
    /// Names around it that tell where it is served were taken off: a resource name, `models/`.
    Path,
    /// What tells the region or the kind of deployment was taken off.
    Region,
    /// The size of context was taken off.
    ContextSize,
    /// The owner of a fine-tuned model was taken off.
    FineTune,
    /// A dot in a version was written as Anthropic does.
    Spelling,
    /// The date was taken off.
    Date,
    /// `-latest` was taken off.
    Latest,
    /// Of the models of that name with a date the newest was taken.
    Newest,
    /// The same provider's other name.
    Sibling,
    /// The maker of the model.
    Maker,
    /// The list says that it is another name of a model.
    Alias,
    /// A variant that costs nothing.
    Free,
}

impl Rule {
    /// Returns its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::AsGiven => "as_given",
            Rule::Provider => "provider",
            Rule::Path => "path",
            Rule::Region => "region",
            Rule::ContextSize => "context_size",
            Rule::FineTune => "fine_tune",
            Rule::Spelling => "spelling",
            Rule::Date => "date",
            Rule::Latest => "latest",
            Rule::Newest => "newest",
            Rule::Sibling => "sibling",
            Rule::Maker => "maker",
            Rule::Alias => "alias",
            Rule::Free => "free",
        }
    }

    /// Says what was done.
    pub fn text(self) -> &'static str {
        match self {
            Rule::AsGiven => "the name as given",
            Rule::Provider => "the provider before it taken off",
            Rule::Path => "the path around it taken off",
            Rule::Region => "the region or kind of deployment taken off",
            Rule::ContextSize => "the size of context taken off",
            Rule::FineTune => "the owner of the fine-tuned model taken off",
            Rule::Spelling => "the version spelt as the maker does",
            Rule::Date => "the date taken off",
            Rule::Latest => "`latest` taken off",
            Rule::Newest => "the newest of the dated models of that name",
            Rule::Sibling => "the same maker's other service, at the same prices",
            Rule::Maker => "the maker's price, as no other provider is known",
            Rule::Alias => "another name of the model",
            Rule::Free => "a variant that costs nothing",
        }
    }
}

/// Why a model has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// The span names no model.
    NoModel,
    /// The span tells no tokens.
    NoTokens,
    /// Nothing lists the model.
    NotListed,
    /// It runs on a machine of one's own.
    OwnMachine,
    /// It is a route of a gateway.
    Route,
    /// The id hides the model.
    Opaque,
    /// The span says again what other spans used.
    Repeated,
}

impl Unknown {
    /// Returns its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Unknown::NoModel => "no_model",
            Unknown::NoTokens => "no_tokens",
            Unknown::NotListed => "not_listed",
            Unknown::OwnMachine => "own_machine",
            Unknown::Route => "route",
            Unknown::Opaque => "opaque",
            Unknown::Repeated => "repeated",
        }
    }

    /// Says why.
    pub fn text(self) -> &'static str {
        match self {
            Unknown::NoModel => "the span names no model",
            Unknown::NoTokens => "the span tells no input or output tokens",
            Unknown::NotListed => "no price list has the model at this provider",
            Unknown::OwnMachine => "models on machines of one's own have no list price",
            Unknown::Route => "a route of a gateway does not tell which model answers",
            Unknown::Opaque => "the id does not tell which model is behind it",
            Unknown::Repeated => "the span says again what other spans used",
        }
    }
}

/// A name to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) rule: Rule,
    /// The provider by now; `None` if nothing told one that prices are listed of.
    pub(crate) provider: Option<String>,
    /// In lower case.
    pub(crate) name: String,
}

/// The names to look for, and why there may be no price.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    pub(crate) all: Vec<Candidate>,
    pub(crate) refused: Option<Unknown>,
    pub(crate) is_free: bool,
}

/// Returns the names of a model, each with one thing more taken off; a provider of which nobody lists prices is none,
/// unless `is_known`.
pub(crate) fn candidates(provider: Option<&str>, model: &str, is_known: impl Fn(&str) -> bool) -> Candidates {
    let mut found = Candidates::default();
    let provider =
        provider.map(canonical).filter(|name| is_listed(name) || is_known(name)).map(Cow::into_owned);
    let mut now = Candidate { rule: Rule::AsGiven, provider, name: model.trim().to_lowercase() };
    found.refused = refused(&now);
    found.all.push(now.clone());
    while found.all.len() < STEPS_MAX
        && let Some(next) = next(&now)
    {
        found.refused = found.refused.or_else(|| refused(&next));
        found.all.push(next.clone());
        now = next;
    }
    found.is_free = found.all.iter().any(|candidate| {
        candidate.provider.as_deref() == Some("openrouter") && candidate.name.ends_with(":free")
    });
    found
}

fn refused(candidate: &Candidate) -> Option<Unknown> {
    let name = candidate.name.as_str();
    if candidate.provider.as_deref().is_some_and(is_own_machine) {
        return Some(Unknown::OwnMachine);
    }
    if ROUTES.iter().any(|route| name.starts_with(route)) {
        return Some(Unknown::Route);
    }
    let hides = name.starts_with("arn:") && arn_model(name).is_none()
        || name.starts_with("tunedmodels/")
        || name.starts_with("projects/") && !name.contains("/models/")
        || name.contains("/endpoints/");
    hides.then_some(Unknown::Opaque)
}

/// Takes off the outermost thing that is known.
fn next(now: &Candidate) -> Option<Candidate> {
    let (provider, name) = (now.provider.as_deref(), now.name.as_str());
    let with = |rule, name: &str| {
        (!name.is_empty()).then(|| Candidate { rule, provider: now.provider.clone(), name: name.to_owned() })
    };
    let at = |rule, provider: &str, name: &str| {
        (!name.is_empty()).then(|| Candidate {
            rule,
            provider: Some(provider.to_owned()),
            name: name.to_owned(),
        })
    };
    if let Some(model) = arn_model(name) {
        return at(Rule::Path, "bedrock", model);
    }
    if let Some((provider, model)) = path_model(provider, name) {
        return at(Rule::Path, &provider, model);
    }
    if let Some((first, rest)) = name.split_once('/') {
        if let Some(rest) = within(provider, first, rest) {
            return with(Rule::Region, rest);
        }
        if let Some(prefix) = switch(provider, first) {
            return at(Rule::Provider, &prefix, rest);
        }
        if provider.is_some_and(is_host) && is_namespace(first) {
            return with(Rule::Provider, rest);
        }
        return None;
    }
    if let Some(told) = told_by_name(provider, name) {
        return at(Rule::Path, told, name);
    }
    let cut = fine_tune(name).map(|name| (Rule::FineTune, name));
    if name.starts_with("ft:") {
        return cut.and_then(|(rule, name)| with(rule, name));
    }
    let cut = context_size(name).map(|name| (Rule::ContextSize, name));
    let cut = cut.or_else(|| region_group(provider, name).map(|name| (Rule::Region, name)));
    let cut = cut.or_else(|| without_date(name).map(|name| (Rule::Date, name)));
    let cut = cut.or_else(|| name.strip_suffix("-latest").map(|name| (Rule::Latest, name)));
    if let Some((rule, name)) = cut {
        return with(rule, name);
    }
    let spelt = name.starts_with("claude-").then(|| name.replace('.', "-"))?;
    if spelt == name { None } else { with(Rule::Spelling, &spelt) }
}

/// Returns the model of `arn:aws:bedrock:REGION:ACCOUNT:inference-profile/us.anthropic.…`.
fn arn_model(name: &str) -> Option<&str> {
    let (head, resource) =
        name.strip_prefix("arn:")?.split_once(":bedrock:").map(|(_, rest)| rest)?.rsplit_once('/')?;
    let kind = head.rsplit(':').next()?;
    matches!(kind, "inference-profile" | "foundation-model").then_some(resource)
}

/// Returns provider and model of `…publishers/google/models/MODEL`, `models/MODEL` and the like.
fn path_model<'a>(provider: Option<&str>, name: &'a str) -> Option<(String, &'a str)> {
    if name.starts_with("projects/") || name.starts_with("publishers/") {
        return Some(("vertex_ai".into(), name.split_once("/models/")?.1));
    }
    let model = name.strip_prefix("models/")?;
    Some((provider.unwrap_or("gemini").to_owned(), model))
}

/// Takes off what a provider itself writes before a model: regions, APIs, kinds of deployments.
fn within<'a>(provider: Option<&str>, first: &str, rest: &'a str) -> Option<&'a str> {
    let is_within = match provider? {
        "bedrock" => {
            is_region(first) || BEDROCK_APIS.contains(&first) || first.ends_with("-month-commitment")
        }
        "azure" | "azure_ai" => AZURE_DEPLOYMENTS.contains(&first),
        "vertex_ai" => is_region(first) || first == "global",
        _ => false,
    };
    is_within.then_some(rest)
}

/// Returns the provider that stands before a model, if it may be believed: a host has prices of its own for what
/// others made, who published weights is not who serves them, and many serve models that are open.
fn switch(provider: Option<&str>, first: &str) -> Option<String> {
    let prefix = canonical(first).into_owned();
    let may = match provider {
        Some(provider) if provider == prefix => true,
        Some(provider) if is_host(provider) => false,
        Some(provider) if is_gateway(provider) => makes_closed_models(&prefix),
        Some(_) => {
            is_host(&prefix) || is_gateway(&prefix) || is_own_machine(&prefix) || makes_closed_models(&prefix)
        }
        None => is_listed(&prefix) && !is_publisher(first),
    };
    may.then_some(prefix)
}

/// Returns whether a name before a model names its publisher.
fn is_namespace(first: &str) -> bool {
    is_maker(&canonical(first)) || matches!(first, "meta-llama" | "meta" | "deepseek-ai" | "zai-org")
}

/// Returns the provider whose names look like this. Libraries name the maker of a model on Bedrock as its provider.
fn told_by_name(provider: Option<&str>, name: &str) -> Option<&'static str> {
    if provider.is_some_and(|provider| is_host(provider) || is_gateway(provider)) {
        return None;
    }
    let bare = REGION_GROUPS.iter().find_map(|group| name.strip_prefix(group)).unwrap_or(name);
    let (maker, _) = bare.split_once('.')?;
    BEDROCK_MAKERS.contains(&maker).then_some("bedrock")
}

/// Returns `ft:BASE` of `ft:BASE:owner:name:id`.
fn fine_tune(name: &str) -> Option<&str> {
    let base = name.strip_prefix("ft:")?;
    let (base, _) = base.split_once(':')?;
    Some(&name[..base.len() + "ft:".len()])
}

/// Cuts the `:200k` off `anthropic.claude-…-v1:0:200k`.
fn context_size(name: &str) -> Option<&str> {
    let (rest, size) = name.rsplit_once(':')?;
    let is_size = size.strip_suffix('k').is_some_and(|digits| !digits.is_empty() && is_digits(digits));
    (is_size && rest.contains(':')).then_some(rest)
}

fn region_group<'a>(provider: Option<&str>, name: &'a str) -> Option<&'a str> {
    let rest = REGION_GROUPS.iter().find_map(|group| name.strip_prefix(group))?;
    let is_bedrock = provider.is_none_or(|provider| provider.starts_with("bedrock"));
    let maker = rest.split_once('.').is_some_and(|(maker, _)| BEDROCK_MAKERS.contains(&maker));
    (is_bedrock && maker).then_some(rest)
}

/// Returns whether this is a region, such as `us-east-1`, `europe-west4` or `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let starts = parts.next().is_some_and(|first| first.bytes().all(|byte| byte.is_ascii_lowercase()));
    let ends = text.bytes().last().is_some_and(|byte| byte.is_ascii_digit());
    starts && ends && parts.next().is_some() && text.len() <= 24
}

/// Returns the name without `-2024-08-06`, `-20241022`, `@20241022`, or the `-05-06` of a preview.
pub(crate) fn without_date(model: &str) -> Option<&str> {
    let is_date = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        digits == 8 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    let cut = |len: usize| {
        let at = model.len().checked_sub(len)?;
        let (name, date) = (model.get(..at)?, model.get(at + 1..)?);
        (!name.is_empty() && model[at..].starts_with(['-', '@']) && is_date(date)).then_some(name)
    };
    cut("-2024-08-06".len()).or_else(|| cut("-20240806".len())).or_else(|| preview(model))
}

fn preview(model: &str) -> Option<&str> {
    let at = model.len().checked_sub("-05-06".len())?;
    let (name, date) = (model.get(..at)?, model.get(at..)?);
    let is_date = date.bytes().enumerate().all(|(at, byte)| match at {
        0 | 3 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    (is_date && (name.ends_with("-preview") || name.ends_with("-exp"))).then_some(name)
}

/// Returns the name that a dated model is also asked for by.
pub(crate) fn undated(name: &str) -> Option<&str> {
    without_date(name)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_only_look_dated_are_safe() {
        for model in [
            "",
            "-",
            "é",
            "12345678",
            "ü-20240101",
            "gpt-4o-----------",
            "-20240101",
            "/",
            "arn:",
            "ft:",
            ":",
        ] {
            let _ = candidates(None, model, |_| false);
            let _ = candidates(Some("bedrock"), model, |_| false);
        }
        assert_eq!(without_date("m-20240101"), Some("m"));
        assert_eq!(without_date("m@20240101"), Some("m"));
        assert_eq!(without_date("m-preview-05-06"), Some("m-preview"));
        assert_eq!(without_date("m-05-06"), None);
        assert_eq!(without_date("m20240101"), None);
    }
}
