//! The traces of versions, added up in one pass over those that name one, which an index knows.

use super::assessments::number;
use crate::explore::DurationSketch;
use crate::search::{self, Compiled, SearchContext};
use crate::trace_row::state_from_number;
use rusqlite::types::Value;
use rusqlite::{Connection, Row};
use spanwise_evaluate::Moments;
use spanwise_model::TraceState;
use spanwise_query::filter::RUN_METADATA_KEY;
use spanwise_store::{
    ScoreFigures, StoreError, StoreResult, VERSION_RUNS_MAX, VERSIONS_MAX, VersionFigures, VersionQuery,
};
use std::collections::{BTreeMap, HashMap};

/// See [`spanwise_store::Store::version_figures`].
pub(crate) fn version_figures(
    conn: &mut Connection,
    context: &SearchContext,
    query: &VersionQuery,
) -> StoreResult<Vec<VersionFigures>> {
    if query.models.len() > VERSIONS_MAX {
        let message = format!("{} versions; expected at most {VERSIONS_MAX}", query.models.len());
        return Err(StoreError::invalid(message));
    }
    if query.models.is_empty() {
        return Ok(Vec::new());
    }
    let places = query.models.iter().enumerate().map(|(place, model)| (model.as_str(), place)).collect();
    let mut question = Question { conn, context, query, places };
    let mut figures = question.traces()?;
    question.scores(&mut figures)?;
    question.runs(&mut figures)?;
    // The same version asked for twice is answered twice.
    let place_of = |model: &String| question.places.get(model.as_str()).copied().unwrap_or_default();
    Ok(query.models.iter().map(|model| figures[place_of(model)].clone()).collect())
}

struct Question<'a> {
    conn: &'a mut Connection,
    context: &'a SearchContext,
    query: &'a VersionQuery,
    places: HashMap<&'a str, usize>,
}

impl Question<'_> {
    /// Reads rows of the traces `t` of the versions `m.value`, with what `joins` adds.
    fn select(
        &mut self,
        columns: &str,
        joins: &str,
        rest: &str,
        mut read: impl FnMut(usize, &Row<'_>) -> rusqlite::Result<()>,
    ) -> StoreResult<()> {
        let selection = &self.query.selection;
        let (filter, places) = (selection.whole_filter(), &self.places);
        let sql = |compiled: &mut Compiled| {
            let models = places.keys().map(|model| {
                compiled.parameters.push(Value::Text((*model).to_owned()));
                format!("?{}", compiled.parameters.len())
            });
            let models = models.collect::<Vec<_>>().join(", ");
            // The key stands in the text, since only then the index of those traces is taken.
            format!(
                "SELECT m.value, {columns} FROM trace_metadata AS m CROSS JOIN trace AS t ON t.trace_key = m.trace_key
                 {joins} WHERE m.key = 'mlflow.modelId' AND m.value IN ({models}) AND {}{rest}",
                compiled.sql
            )
        };
        let read = |row: &Row<'_>| match places.get(row.get_ref(0)?.as_str()?) {
            Some(place) => read(*place, row),
            None => Ok(()),
        };
        // Nothing is collected.
        search::select(self.conn, self.context, &selection.experiments, filter.as_ref(), sql, read)?;
        Ok(())
    }

    fn traces(&mut self) -> StoreResult<Vec<VersionFigures>> {
        let mut figures = vec![VersionFigures::default(); self.query.models.len()];
        let mut sketches = vec![DurationSketch::default(); self.query.models.len()];
        let columns = "t.start_ns, t.state, t.duration_ns, t.input_tokens, t.output_tokens, t.total_tokens, t.cost_total";
        self.select(columns, "", "", |place, row| {
            if let Some(duration_ns) = row.get(3)? {
                sketches[place].add(duration_ns);
            }
            add_trace(&mut figures[place], row)
        })?;
        for (figures, sketch) in figures.iter_mut().zip(sketches) {
            figures.percentiles = sketch.percentiles();
        }
        Ok(figures)
    }

    fn scores(&mut self, figures: &mut [VersionFigures]) -> StoreResult<()> {
        let mut current: Option<TraceScores> = None;
        let joins = "CROSS JOIN assessment AS a ON a.trace_key = t.trace_key AND a.kind = 0 AND a.valid = 1";
        // The index gives this order, so that nothing is sorted and one trace is in memory at a time.
        let order = " ORDER BY m.value, m.trace_key";
        self.select("m.trace_key, a.name, a.value", joins, order, |place, row| {
            let trace_key = row.get(1)?;
            if current.as_ref().is_none_or(|scores| (scores.place, scores.trace_key) != (place, trace_key)) {
                let new = TraceScores { place, trace_key, values: BTreeMap::new() };
                if let Some(ended) = current.replace(new) {
                    ended.add_to(figures);
                }
            }
            if let Some(scores) = &mut current {
                let values = scores.values.entry(row.get(2)?).or_default();
                if let Some(value) = row.get_ref(3)?.as_str_or_null()?.and_then(number) {
                    values.add(value);
                }
            }
            Ok(())
        })?;
        if let Some(ended) = current {
            ended.add_to(figures);
        }
        figures.iter_mut().for_each(|figures| figures.scores.sort_by(|one, other| one.name.cmp(&other.name)));
        Ok(())
    }

    fn runs(&mut self, figures: &mut [VersionFigures]) -> StoreResult<()> {
        let mut counts: Vec<HashMap<String, u64>> = vec![HashMap::new(); figures.len()];
        let mut count = |place: usize, row: &Row<'_>| {
            *counts[place].entry(row.get(1)?).or_default() += 1;
            Ok(())
        };
        let links = "CROSS JOIN trace_run AS l ON l.trace_id = t.trace_id";
        self.select("l.run_id", links, "", &mut count)?;
        // A trace that was made in a run says so itself, and need not be linked.
        let made_in = format!(
            "CROSS JOIN trace_metadata AS r ON r.trace_key = t.trace_key AND r.key = '{RUN_METADATA_KEY}'
             AND NOT EXISTS (SELECT 1 FROM trace_run AS l WHERE l.run_id = r.value AND l.trace_id = t.trace_id)"
        );
        self.select("r.value", &made_in, "", &mut count)?;
        for (figures, counts) in figures.iter_mut().zip(counts) {
            figures.runs = counts.into_iter().collect();
            figures.run_count = figures.runs.len() as u64;
            figures.runs.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
            figures.runs.truncate(VERSION_RUNS_MAX);
        }
        Ok(())
    }
}

fn add_trace(figures: &mut VersionFigures, row: &Row<'_>) -> rusqlite::Result<()> {
    let start_ns: i64 = row.get(1)?;
    figures.traces += 1;
    match state_from_number(row.get(2)?) {
        TraceState::Error => figures.errors += 1,
        TraceState::InProgress => figures.in_progress += 1,
        _ => {}
    }
    figures.first_start_ns = Some(figures.first_start_ns.map_or(start_ns, |first| first.min(start_ns)));
    figures.last_start_ns = Some(figures.last_start_ns.map_or(start_ns, |last| last.max(start_ns)));
    let sums = [
        &mut figures.duration_ns,
        &mut figures.input_tokens,
        &mut figures.output_tokens,
        &mut figures.total_tokens,
        &mut figures.cost,
    ];
    for (index, sum) in sums.into_iter().enumerate() {
        if let Some(value) = row.get::<_, Option<f64>>(index + 3)? {
            sum.add(value);
        }
    }
    Ok(())
}

/// What the feedback on one trace counts as, by name.
struct TraceScores {
    place: usize,
    trace_key: i64,
    values: BTreeMap<String, Moments>,
}

impl TraceScores {
    fn add_to(self, figures: &mut [VersionFigures]) {
        let scores = &mut figures[self.place].scores;
        for (name, values) in self.values {
            let index = scores.iter().position(|score| score.name == name).unwrap_or_else(|| {
                scores.push(ScoreFigures { name, is_binary: true, ..ScoreFigures::default() });
                scores.len() - 1
            });
            let score = &mut scores[index];
            score.traces += 1;
            if let Some(value) = values.mean() {
                score.values.add(value);
                score.ones += u64::from(value == 1.0);
                score.is_binary &= value == 0.0 || value == 1.0;
            }
        }
    }
}
