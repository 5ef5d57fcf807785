//! Which traces a request is about: experiments, a filter, a range of time.

use super::parameter::Parameters;
use crate::App;
use crate::clock::now_ns;
use crate::error::{Failure, Problem};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use spanwise_model::{ErrorKind, ExperimentId, LifecycleStage};
use spanwise_query::entity::EXPERIMENT;
use spanwise_query::{Filter, OrderBy, analyze, analyze_order};
use spanwise_store::{ExperimentQuery, LifecycleFilter, Selection};
use utoipa::IntoParams;

/// Experiments that are listed, and that a request without experiments looks through.
pub(super) const EXPERIMENTS_MAX: usize = 100_000;
/// Nanoseconds in a millisecond.
const NS_PER_MS: i64 = 1_000_000;

/// The parameters that select traces.
#[derive(Debug, Clone, Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what `SelectionText::take` reads")]
pub(crate) struct SelectionParameters {
    /// Name or id of an experiment; may be repeated. None: all active ones.
    experiment: Vec<String>,
    /// Of the filter language; none: all.
    filter: Option<String>,
    /// Started at or after: milliseconds since the epoch, ISO 8601, or relative to now (`-1h`).
    from: Option<String>,
    /// Started before; written as `from`.
    to: Option<String>,
}

/// A selection as it was written.
#[derive(Debug, Clone, Default)]
pub(crate) struct SelectionText {
    pub(crate) experiments: Vec<String>,
    pub(crate) filter: String,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
}

impl SelectionText {
    /// Takes the parameters that select.
    pub(crate) fn take(parameters: &mut Parameters) -> Result<SelectionText, Problem> {
        Ok(SelectionText {
            experiments: parameters.all("experiment"),
            filter: parameters.one("filter")?.unwrap_or_default(),
            from: parameters.one("from")?,
            to: parameters.one("to")?,
        })
    }

    /// Looks up the experiments and reads the filter and the times.
    pub(crate) async fn resolve(&self, app: &App) -> Result<Selection, Problem> {
        Ok(Selection {
            experiments: experiments(app, &self.experiments).await?,
            filter: parse_filter(&self.filter)?,
            from_ms: self.from.as_deref().map(|text| parse_time("from", text)).transpose()?,
            to_ms: self.to.as_deref().map(|text| parse_time("to", text)).transpose()?,
            budget: None,
        })
    }
}

/// Reads a filter; the empty text selects all.
pub(crate) fn parse_filter(text: &str) -> Result<Option<Filter>, Problem> {
    let analysis = analyze(text, now_ns());
    match analysis.filter {
        Some(filter) => Ok(Some(filter).filter(|filter| !filter.is_all())),
        None => Err(Problem::of_query("filter", analysis.errors)),
    }
}

/// Reads an order; the empty text is newest first.
pub(crate) fn parse_order(text: &str) -> Result<Vec<OrderBy>, Problem> {
    let analysis = analyze_order(text);
    analysis.order.ok_or_else(|| Problem::of_query("order_by", analysis.errors))
}

/// Returns the experiments of these names or ids; a name wins over an id. None: all active ones.
pub(crate) async fn experiments(app: &App, wanted: &[String]) -> Result<Vec<ExperimentId>, Problem> {
    if wanted.is_empty() {
        let query = ExperimentQuery {
            lifecycle: LifecycleFilter::Active,
            filter: None,
            order: EXPERIMENT.default_order(),
            limit: EXPERIMENTS_MAX,
            offset: 0,
        };
        let page = app.store.find_experiments(query).await?;
        return Ok(page.experiments.into_iter().map(|experiment| experiment.experiment_id).collect());
    }
    let mut ids = Vec::with_capacity(wanted.len());
    for text in wanted {
        ids.push(experiment(app, text).await?);
    }
    Ok(ids)
}

/// Returns the experiment of that name or id.
pub(crate) async fn experiment(app: &App, text: &str) -> Result<ExperimentId, Problem> {
    if let Some(found) = app.store.find_experiment_by_name(text).await? {
        let is_active = found.lifecycle_stage == LifecycleStage::Active;
        if is_active || text.parse::<ExperimentId>().is_err() {
            return Ok(found.experiment_id);
        }
    }
    let missing =
        || Failure::new(ErrorKind::NotFound, format!("no experiment is named `{text}` or has that id"));
    let id: ExperimentId = text.parse().map_err(|_| missing())?;
    match app.store.get_experiment(id).await {
        Ok(found) => Ok(found.experiment_id),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(missing().into()),
        Err(error) => Err(error.into()),
    }
}

/// Reads a time in milliseconds since the epoch.
pub(crate) fn parse_time(name: &str, text: &str) -> Result<i64, Problem> {
    let time = match text {
        "now" => Some(now_ns() / NS_PER_MS),
        _ if text.starts_with('-') && !text[1..].bytes().all(|byte| byte.is_ascii_digit()) => {
            relative_ms(&text[1..]).map(|ago| now_ns() / NS_PER_MS - ago)
        }
        _ => text.parse().ok().or_else(|| absolute_ms(text)),
    };
    time.ok_or_else(|| {
        Problem::invalid(format!(
            "parameter `{name}` is `{text}`; expected milliseconds since the epoch, a time such as \
             2026-11-25T10:00:00Z, or one relative to now such as -1h, -15m or -7d"
        ))
    })
}

fn relative_ms(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 6] =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 7 * 86_400_000)];
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (_, unit_ms) = UNITS.into_iter().find(|(unit, _)| *unit == &text[digits..])?;
    text[..digits].parse::<i64>().ok()?.checked_mul(unit_ms)
}

/// A time without an offset is UTC.
fn absolute_ms(text: &str) -> Option<i64> {
    let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let time: Option<Timestamp> = text.parse().ok();
    let time = time.or_else(|| text.parse::<DateTime>().ok().and_then(utc));
    let time =
        time.or_else(|| text.parse::<Date>().ok().and_then(|date| utc(date.to_datetime(Default::default()))));
    time.map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_may_be_numbers_dates_or_relative() {
        let day = 1_764_028_800_000;
        for text in ["2025-11-25", "2025-11-25T00:00:00Z", "2025-11-25T00:00", "2025-11-25T01:00:00+01:00"] {
            assert_eq!(parse_time("from", text).unwrap(), day, "{text}");
        }
        assert_eq!(parse_time("from", "-5").unwrap(), -5);
        let hour_ago = now_ns() / NS_PER_MS - 3_600_000;
        assert!((parse_time("from", "-1h").unwrap() - hour_ago).abs() < 60_000);
        for text in ["yesterday", "-1y", "-h", "--1h", "2025-13-01"] {
            assert!(parse_time("from", text).unwrap_err().detail.contains(text));
        }
    }
}
