//! Query parameters: each is taken by name, and what nobody took is an error that lists what there is.

use crate::error::Problem;
use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use std::convert::Infallible;
use std::ops::RangeInclusive;

/// The query parameters of a request.
pub(crate) struct Parameters {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Parameters::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Parameters {
    fn parse(query: &str) -> Parameters {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let given = pairs.map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (form_decoded(key), form_decoded(value))
        });
        Parameters { given: given.collect(), known: Vec::new() }
    }

    /// Takes all values of a parameter that may be repeated.
    pub(crate) fn all(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        let (taken, rest) = std::mem::take(&mut self.given).into_iter().partition(|(key, _)| key == name);
        self.given = rest;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes a parameter that may be there once; an empty value counts as none.
    pub(crate) fn one(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let mut values = self.all(name);
        if values.len() > 1 {
            return Err(Problem::invalid(format!(
                "parameter `{name}` is given {} times; expected once",
                values.len()
            )));
        }
        Ok(values.pop().filter(|value| !value.is_empty()))
    }

    /// Takes a whole number within a range.
    pub(crate) fn number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, Problem> {
        let Some(text) = self.one(name)? else { return Ok(default) };
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let (min, max) = range.into_inner();
            Problem::invalid(format!(
                "parameter `{name}` is `{text}`; expected a whole number from {min} to {max}"
            ))
        })
    }

    /// Takes `true` or `false`.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool, Problem> {
        match self.one(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => {
                Err(Problem::invalid(format!("parameter `{name}` is `{other}`; expected `true` or `false`")))
            }
        }
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let Some((name, _)) = self.given.first() else { return Ok(()) };
        let known = match self.known.as_slice() {
            [] => "this route takes none".to_owned(),
            known => format!(
                "expected one of {}",
                known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        Err(Problem::new(StatusCode::BAD_REQUEST, format!("unknown parameter `{name}`; {known}")))
    }
}

/// That a request has no query parameters, for routes that change something: one that is taken for `dry_run` must not
/// be passed over.
pub(crate) struct NoParameters;

impl<S: Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Parameters::parse(parts.uri.query().unwrap_or_default()).finish().map(|()| NoParameters)
    }
}

fn form_decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_is_refused_with_what_there_is() {
        let mut parameters = Parameters::parse("limit=5&filtr=x");
        assert_eq!(parameters.number("limit", 1..=10, 3).unwrap(), 5);
        assert_eq!(parameters.one("filter").unwrap(), None);
        let problem = parameters.finish().unwrap_err();
        assert_eq!(problem.detail, "unknown parameter `filtr`; expected one of `limit`, `filter`");
    }

    #[test]
    fn values_out_of_range_and_doubled_ones_are_refused() {
        let refuse = |query: &str| Parameters::parse(query).number("limit", 1..=10, 3).unwrap_err().detail;
        assert_eq!(refuse("limit=11"), "parameter `limit` is `11`; expected a whole number from 1 to 10");
        assert_eq!(refuse("limit=1&limit=2"), "parameter `limit` is given 2 times; expected once");
        assert_eq!(Parameters::parse("experiment=a+b&experiment=%C3%A9").all("experiment"), ["a b", "é"]);
    }
}
