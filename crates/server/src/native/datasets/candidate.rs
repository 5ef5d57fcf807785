//! Records that are shown before they are added, with what adding them would do.

use crate::App;
use spanwise_api_types::native::{DatasetChangeResult, RecordCandidate, RecordEffect};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{MergeEffect, NewRecord};

/// Something that a record can be made of, and the record.
pub(super) struct Made {
    /// The trace, or the number of the row.
    pub(super) origin: String,
    pub(super) span_id: Option<String>,
    pub(super) record: Result<NewRecord, String>,
}

/// Says what adding would do to each, and counts it.
pub(super) async fn try_all(
    app: &App,
    dataset: &str,
    made: &[Made],
    counts: &mut DatasetChangeResult,
) -> StoreResult<Vec<RecordCandidate>> {
    let records = made.iter().filter_map(|one| one.record.as_ref().ok()).cloned().collect();
    let mut effects = app.catalog.try_merge(dataset, records).await?.into_iter();
    let mut candidates = Vec::with_capacity(made.len());
    for one in made {
        let effect = one.record.is_ok().then(|| effects.next()).flatten();
        candidates.push(candidate(one, effect, counts));
    }
    Ok(candidates)
}

fn candidate(made: &Made, effect: Option<MergeEffect>, counts: &mut DatasetChangeResult) -> RecordCandidate {
    let mut shown = RecordCandidate {
        origin: made.origin.clone(),
        span_id: made.span_id.clone(),
        effect: RecordEffect::Refused,
        message: made.record.as_ref().err().cloned(),
        record_id: None,
        inputs: Default::default(),
        outputs: Default::default(),
        expectations: Default::default(),
        tags: Default::default(),
    };
    if let Ok(record) = &made.record {
        shown.inputs = record.inputs.clone();
        shown.outputs = record.outputs.clone().unwrap_or_default();
        shown.expectations = record.expectations.clone();
        shown.tags = record.tags.clone();
    }
    (shown.effect, shown.record_id) = match effect {
        None => (RecordEffect::Refused, None),
        Some(MergeEffect::Added) => {
            counts.added += 1;
            (RecordEffect::Added, None)
        }
        Some(MergeEffect::Changed(id)) => {
            counts.changed += 1;
            (RecordEffect::Changed, Some(id))
        }
        Some(MergeEffect::Unchanged(id)) => {
            counts.unchanged += 1;
            (RecordEffect::Unchanged, Some(id))
        }
        Some(MergeEffect::Repeated(_)) => {
            counts.unchanged += 1;
            (RecordEffect::Repeated, None)
        }
    };
    shown
}
