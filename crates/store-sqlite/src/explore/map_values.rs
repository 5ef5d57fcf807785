//! Counts of tags, feedback and expectations: of all keys that are asked for in one pass, for there may be many.

use super::facet::{Counted, Counts, add};
use crate::catalog::key_array;
use crate::error::sql_error;
use rusqlite::{Connection, Rows};
use spanwise_store::{FacetField, StoreResult};
use std::collections::{HashMap, HashSet};

/// Numbers of the kinds in table `assessment`.
const FEEDBACK: i64 = 0;
const EXPECTATION: i64 = 1;

/// Counts those of the fields that are values of tags or assessments, or keys of tags; the others are left out.
pub(super) fn count(
    conn: &Connection,
    fields: &[FacetField],
    traces: &Counted,
) -> StoreResult<HashMap<FacetField, Counts>> {
    let mut out = HashMap::new();
    if fields.iter().any(|field| matches!(field, FacetField::Tag(_) | FacetField::TagKeys)) {
        count_tags(conn, fields, traces, &mut out)?;
    }
    let kinds: [(i64, NameOf); 2] = [(FEEDBACK, feedback_name), (EXPECTATION, expectation_name)];
    for (kind, name_of) in kinds {
        let asked: HashMap<&str, &FacetField> =
            fields.iter().filter_map(|field| Some((name_of(field)?, field))).collect();
        if !asked.is_empty() {
            count_assessments(conn, kind, &asked, traces, &mut out)?;
        }
    }
    Ok(out)
}

/// Returns the name of the assessment that a field counts, if it is of one kind.
type NameOf = fn(&FacetField) -> Option<&str>;

fn feedback_name(field: &FacetField) -> Option<&str> {
    if let FacetField::Feedback(name) = field { Some(name) } else { None }
}

fn expectation_name(field: &FacetField) -> Option<&str> {
    if let FacetField::Expectation(name) = field { Some(name) } else { None }
}

fn count_assessments(
    conn: &Connection,
    kind: i64,
    asked: &HashMap<&str, &FacetField>,
    traces: &Counted,
    out: &mut HashMap<FacetField, Counts>,
) -> StoreResult<()> {
    out.extend(asked.values().map(|field| ((*field).clone(), Counts::new())));
    let mut statement = conn
        .prepare_cached(
            "SELECT name, value, count(DISTINCT trace_key) FROM assessment \
             WHERE trace_key IN rarray(?1) AND kind = ?2 AND valid = 1 AND value IS NOT NULL GROUP BY 1, 2",
        )
        .map_err(sql_error)?;
    let mut rows = statement.query((traces.key_array(), kind)).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let (name, value, count): (String, String, u64) = row.try_into().map_err(sql_error)?;
        if let Some(counts) = asked.get(&*name).and_then(|field| out.get_mut(field)) {
            counts.insert(value, count);
        }
    }
    Ok(())
}

/// Keys of tags by number, so that no text is copied for each of many rows.
#[derive(Default)]
struct Tags {
    numbers: HashMap<String, usize>,
    /// Traces that have the key, and the values of those that are asked for.
    keys: Vec<(u64, Option<Counts>)>,
}

impl Tags {
    fn number(&mut self, key: &str) -> usize {
        if let Some(&number) = self.numbers.get(key) {
            return number;
        }
        self.keys.push((0, None));
        self.numbers.insert(key.to_owned(), self.keys.len() - 1);
        self.keys.len() - 1
    }

    fn add(&mut self, number: usize, value: &str) {
        let (traces, values) = &mut self.keys[number];
        *traces += 1;
        if let Some(values) = values {
            add(values, value);
        }
    }
}

/// Counts tags, own ones over those of the resource.
fn count_tags(
    conn: &Connection,
    fields: &[FacetField],
    traces: &Counted,
    out: &mut HashMap<FacetField, Counts>,
) -> StoreResult<()> {
    let mut tags = Tags::default();
    for field in fields {
        if let FacetField::Tag(key) = field {
            let number = tags.number(key);
            tags.keys[number].1 = Some(Counts::new());
        }
    }
    let mut own: HashSet<(i64, usize)> = HashSet::new();
    let mut statement = conn
        .prepare_cached("SELECT trace_key, key, value FROM trace_tag WHERE trace_key IN rarray(?1)")
        .map_err(sql_error)?;
    each_tag(statement.query([traces.key_array()]).map_err(sql_error)?, |trace_key, key, value| {
        let number = tags.number(key);
        own.insert((trace_key, number));
        tags.add(number, value);
    })?;
    let of_traces = trace_resources(conn, traces)?;
    let resources = resource_tags(conn, &of_traces, &mut tags)?;
    for (trace_key, resource) in &of_traces {
        for (number, value) in resources.get(resource).into_iter().flatten() {
            if !own.contains(&(*trace_key, *number)) {
                tags.add(*number, value);
            }
        }
    }
    for field in fields {
        match field {
            FacetField::Tag(key) => {
                let counts = tags.numbers.get(key).and_then(|number| tags.keys[*number].1.clone());
                out.insert(field.clone(), counts.unwrap_or_default());
            }
            FacetField::TagKeys => {
                let used = tags.numbers.iter().map(|(key, number)| (key.clone(), tags.keys[*number].0));
                out.insert(field.clone(), used.filter(|(_, traces)| *traces > 0).collect());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns the resources of those traces that have one.
fn trace_resources(conn: &Connection, traces: &Counted) -> StoreResult<Vec<(i64, i64)>> {
    conn.prepare_cached(
        "SELECT trace_key, resource_id FROM trace WHERE trace_key IN rarray(?1) AND resource_id IS NOT NULL",
    )
    .and_then(|mut statement| {
        statement.query_map([traces.key_array()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    })
    .map_err(sql_error)
}

fn resource_tags(
    conn: &Connection,
    traces: &[(i64, i64)],
    tags: &mut Tags,
) -> StoreResult<HashMap<i64, Vec<(usize, String)>>> {
    let ids: HashSet<i64> = traces.iter().map(|(_, resource)| *resource).collect();
    let mut statement = conn
        .prepare_cached(
            "SELECT i.interned_id, j.key, j.value FROM interned i, json_each(i.tags) j \
             WHERE i.interned_id IN rarray(?1)",
        )
        .map_err(sql_error)?;
    let mut by_resource: HashMap<i64, Vec<(usize, String)>> = HashMap::new();
    each_tag(statement.query([key_array(ids)]).map_err(sql_error)?, |id, key, value| {
        by_resource.entry(id).or_default().push((tags.number(key), value.to_owned()));
    })?;
    Ok(by_resource)
}

/// Visits rows of an id, a key and a value.
fn each_tag(mut rows: Rows<'_>, mut visit: impl FnMut(i64, &str, &str)) -> StoreResult<()> {
    while let Some(row) = rows.next().map_err(sql_error)? {
        let mut read = || {
            visit(row.get(0)?, row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
            Ok(())
        };
        read().map_err(sql_error)?;
    }
    Ok(())
}
