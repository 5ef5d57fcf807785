//! A selection of traces, as query parameters or as the body of a bulk request. Pure.

use crate::args::{BulkSelection, Scope, Selection};
use crate::text::url_encoded;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Query parameters of a URL.
#[derive(Debug, Default)]
pub(crate) struct Query {
    text: String,
}

impl Query {
    /// Makes the parameters of a selection.
    pub(crate) fn of(selection: &Selection) -> Query {
        let Scope { experiment, from, to } = &selection.scope;
        let mut query = Query::default();
        query.add_all("experiment", experiment);
        query.add_some("filter", selection.filter());
        query.add_some("from", from.as_deref());
        query.add_some("to", to.as_deref());
        query
    }

    /// Adds a parameter.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        let sign = if self.text.is_empty() { '?' } else { '&' };
        self.text.push_str(&format!("{sign}{name}={}", url_encoded(value)));
    }

    /// Adds a parameter, if there is a value.
    pub(crate) fn add_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    /// Adds a parameter for each value.
    pub(crate) fn add_all(&mut self, name: &str, values: &[String]) {
        for value in values {
            self.add(name, value);
        }
    }

    /// Returns a path with the parameters.
    pub(crate) fn on(&self, path: &str) -> String {
        format!("{path}{}", self.text)
    }
}

/// Returns the body of a bulk request, without what it shall do.
pub(crate) fn bulk_body(trace_ids: &BTreeSet<&str>, selection: &BulkSelection) -> Map<String, Value> {
    let Scope { experiment, from, to } = &selection.scope;
    let mut body = Map::new();
    let mut add = |name: &str, is_given: bool, value: Value| {
        if is_given {
            body.insert(name.to_owned(), value);
        }
    };
    add("trace_ids", !trace_ids.is_empty(), json!(trace_ids));
    add("experiments", !experiment.is_empty(), json!(experiment));
    add("filter", selection.filter.is_some(), json!(selection.filter));
    add("from", from.is_some(), json!(from));
    add("to", to.is_some(), json!(to));
    add("all", selection.all, json!(true));
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_encoded_and_absent_ones_left_out() {
        let mut query = Query::default();
        assert_eq!(query.on("/a"), "/a");
        query.add_all("experiment", &["a b".into(), "2".into()]);
        query.add_some("from", None);
        query.add_some("filter", Some("name = 'x&y'"));
        assert_eq!(query.on("/a"), "/a?experiment=a%20b&experiment=2&filter=name%20%3D%20%27x%26y%27");
    }

    #[test]
    fn a_bulk_body_has_what_was_given() {
        let mut selection = BulkSelection::default();
        assert!(bulk_body(&BTreeSet::new(), &selection).is_empty());
        selection.filter = Some("has:error".into());
        selection.scope.from = Some("-1h".into());
        let body = bulk_body(&BTreeSet::from(["tr-1"]), &selection);
        assert_eq!(Value::from(body), json!({"trace_ids": ["tr-1"], "filter": "has:error", "from": "-1h"}));
    }
}
