//! MLflow's trace metrics: measures by group and time, from the roll-ups where these can answer, else from columns.
//!
//! Everything runs on a reading thread, so that nothing that arrives waits for it; a transaction is never long, since it
//! would hold up the write-ahead log.

mod assessments;
mod rollups;
mod spans;
mod traces;
mod versions;

pub(crate) use versions::version_figures;

use crate::search::SearchContext;
use rusqlite::Connection;
use spanwise_model::{Measure, MetricDimension};
use spanwise_store::{AggregateQuery, AggregateRow, Grouping, Place, StoreResult};

const NS_PER_MS: i64 = 1_000_000;

/// See [`spanwise_store::Store::aggregate`].
pub(crate) fn aggregate(
    conn: &mut Connection,
    context: &SearchContext,
    query: &AggregateQuery,
) -> StoreResult<Vec<AggregateRow>> {
    let mut grouping = Grouping::new(query);
    for (from_ms, to_ms) in rollups::take(conn, context, query, &mut grouping)? {
        let rest = AggregateQuery { from_ms, to_ms, ..query.clone() };
        match query.measure {
            Measure::TraceCount | Measure::SessionCount | Measure::TraceLatency | Measure::Tokens(_) => {
                traces::add(conn, context, &rest, &mut grouping)?;
            }
            Measure::SpanCount | Measure::SpanLatency | Measure::SpanCost(_) => {
                spans::add(conn, context, &rest, &mut grouping)?;
            }
            Measure::AssessmentCount | Measure::AssessmentValue => {
                assessments::add(conn, context, &rest, &mut grouping)?;
            }
        }
    }
    Ok(grouping.finish())
}

/// Returns where a value belongs, or nothing if it has no text of some dimension.
fn place<'t>(
    grouping: &Grouping<'_>,
    query: &AggregateQuery,
    start_ns: i64,
    mut text: impl FnMut(MetricDimension) -> Option<&'t str>,
) -> Option<Place> {
    let texts = query.dimensions.iter().map(|dimension| text(*dimension).map(Box::from));
    Some(Place {
        texts: texts.collect::<Option<_>>()?,
        bucket_ms: grouping.bucket_of(start_ns.div_euclid(NS_PER_MS)),
    })
}
