//! Counts of values from the columns in memory: by code, so that each text is looked at once.

use super::facet::Counts;
use crate::catalog::USER_METADATA;
use crate::scan::Selected;
use crate::table::{Code, Field, Kind, NAME, SESSION, STATES, UNKNOWN_RESOURCE, USER, read_list};
use spanwise_query::state_name;
use spanwise_store::FacetField;
use std::collections::{BTreeSet, HashMap};

/// Counts those of the fields that columns can tell; the others are left out.
pub(super) fn count(traces: Option<&Selected>, fields: &[FacetField]) -> HashMap<FacetField, Counts> {
    let Some(traces) = traces else { return HashMap::new() };
    fields.iter().filter_map(|field| Some((field.clone(), count_field(traces, field)?))).collect()
}

/// Returns `None` if some text is not kept.
fn count_field(traces: &Selected, field: &FacetField) -> Option<Counts> {
    let named = |field: Field| count_named(traces, &field);
    let assessed = |kind, name: Option<&String>| {
        let field = Field::Assessed { kind, name: name.cloned(), of_session: false };
        count_named(traces, &field).map(of_lists)
    };
    match field {
        FacetField::State => Some(count_states(traces)),
        FacetField::Name => texts_of(traces, NAME),
        FacetField::Session => texts_of(traces, SESSION),
        FacetField::User => texts_of(traces, USER),
        FacetField::Metadata(key) if key == USER_METADATA => texts_of(traces, USER),
        FacetField::Metadata(key) => named(Field::Metadata(key.clone())),
        FacetField::MetadataKeys => count_metadata_keys(traces),
        FacetField::Tag(key) => count_tag(traces, key),
        FacetField::TagKeys => count_tag_keys(traces),
        FacetField::Feedback(name) => assessed(Kind::Feedback, Some(name)),
        FacetField::FeedbackNames => assessed(Kind::Feedback, None),
        FacetField::Expectation(name) => assessed(Kind::Expectation, Some(name)),
        FacetField::ExpectationNames => assessed(Kind::Expectation, None),
        FacetField::Model
        | FacetField::Provider
        | FacetField::SpanType
        | FacetField::SpanName
        | FacetField::SpanStatus
        | FacetField::AttributeKeys
        | FacetField::Attribute(_) => None,
    }
}

fn count_states(traces: &Selected) -> Counts {
    let mut counts = Counts::new();
    for (number, state) in STATES.iter().enumerate() {
        let count: usize =
            traces.chunks().map(|(_, chunk, rows)| chunk.states[number].and(rows).count()).sum();
        if count > 0 {
            counts.insert(state_name(*state).to_owned(), count as u64);
        }
    }
    counts
}

/// Counts the texts of a field that may have no column.
fn count_named(traces: &Selected, field: &Field) -> Option<Counts> {
    match traces.snapshot.field(field) {
        Some(field) => texts_of(traces, field),
        None => has_all_columns(traces).then(Counts::new),
    }
}

/// Returns whether every tag, metadata and assessment of the traces is in a column.
fn has_all_columns(traces: &Selected) -> bool {
    traces.chunks().all(|(_, chunk, rows)| chunk.untracked.and(rows).is_empty())
}

fn texts_of(traces: &Selected, field: u16) -> Option<Counts> {
    let mut by_code = vec![0_u64; traces.snapshot.texts(field).len() + 1];
    for (_, chunk, rows) in traces.chunks() {
        let Some(column) = chunk.text(field) else { continue };
        for row in rows.iter() {
            *by_code.get_mut(column.get(row) as usize)? += 1;
        }
    }
    Some(named_counts(traces, field, &by_code))
}

/// Returns texts with their counts.
fn named_counts(traces: &Selected, field: u16, by_code: &[u64]) -> Counts {
    let texts = traces.snapshot.texts(field);
    let counted = by_code.iter().enumerate().filter(|(_, count)| **count > 0);
    counted.filter_map(|(code, count)| Some((texts.of_code(code as Code)?.to_owned(), *count))).collect()
}

/// Counts what is in lists: a trace counts once for each value, and lists have each once.
fn of_lists(lists: Counts) -> Counts {
    let mut counts = Counts::new();
    for (list, count) in lists {
        for value in read_list(&list).into_iter().flatten() {
            *counts.entry(value).or_default() += count;
        }
    }
    counts
}

/// Counts the values of a tag: the trace's own, else its resource's.
fn count_tag(traces: &Selected, key: &str) -> Option<Counts> {
    let field = traces.snapshot.field(&Field::Tag(key.to_owned()));
    if field.is_none() && !has_all_columns(traces) {
        return None;
    }
    let texts = field.map_or(0, |field| traces.snapshot.texts(field).len());
    let mut by_code = vec![0_u64; texts + 1];
    let mut by_resource = vec![0_u64; traces.snapshot.resources.len() + 1];
    for (_, chunk, rows) in traces.chunks() {
        let own = field.and_then(|field| chunk.text(field));
        for row in rows.iter() {
            match own.map_or(0, |own| own.get(row)) {
                0 => *by_resource.get_mut(chunk.resource.get(row) as usize)? += 1,
                code => *by_code.get_mut(code as usize)? += 1,
            }
        }
    }
    let mut counts = field.map(|field| named_counts(traces, field, &by_code)).unwrap_or_default();
    for (tags, count) in traces.snapshot.resources.iter().zip(&by_resource[1..]) {
        if let Some(value) = tags.get(key).filter(|_| *count > 0) {
            *counts.entry(value.clone()).or_default() += count;
        }
    }
    Some(counts)
}

fn count_metadata_keys(traces: &Selected) -> Option<Counts> {
    let mut counts = Counts::new();
    if !has_all_columns(traces) {
        return None;
    }
    for (field, number) in traces.snapshot.fields() {
        if let Field::Metadata(key) = field {
            let count = traces.chunks().map(|(_, chunk, rows)| {
                chunk.text(number).map_or(0, |column| column.rows_where(|code| code != 0).and(rows).count())
            });
            counts.insert(key.clone(), count.sum::<usize>() as u64);
        }
    }
    counts.retain(|_, count| *count > 0);
    Some(counts)
}

fn count_tag_keys(traces: &Selected) -> Option<Counts> {
    let snapshot = &traces.snapshot;
    let has_unknown = |(_, chunk, rows): (i64, &crate::table::Chunk, &crate::table::Bits)| {
        !chunk.resource.rows_where(|code| code == i64::from(UNKNOWN_RESOURCE)).and(rows).is_empty()
    };
    if !has_all_columns(traces) || traces.chunks().any(has_unknown) {
        return None;
    }
    let own = snapshot.fields().filter_map(|(field, _)| match field {
        Field::Tag(key) => Some(key.as_str()),
        _ => None,
    });
    let of_resources = snapshot.resources.iter().flat_map(|tags| tags.keys()).map(String::as_str);
    let keys: BTreeSet<&str> = own.chain(of_resources).collect();
    let mut counts = Counts::new();
    for key in keys {
        let field = snapshot.field(&Field::Tag(key.to_owned()));
        let has_key: Vec<bool> = std::iter::once(false)
            .chain(snapshot.resources.iter().map(|tags| tags.contains_key(key)))
            .collect();
        let count: usize = traces
            .chunks()
            .map(|(_, chunk, rows)| {
                let inherited = chunk.resource.rows_where(|code| has_key.get(code as usize) == Some(&true));
                let own = field.and_then(|field| chunk.text(field));
                let all = own.map_or(inherited, |own| own.rows_where(|code| code != 0).or(&inherited));
                all.and(rows).count()
            })
            .sum();
        if count > 0 {
            counts.insert(key.to_owned(), count as u64);
        }
    }
    Some(counts)
}
