//! Stretches of time of a chart: of which length, and where they begin in a time zone.

use crate::error::Problem;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use spanwise_store::{METRICS_POINTS_MAX, METRICS_STEP_NS};

const NS_PER_MS: i64 = 1_000_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Points of a chart whose interval is not named.
const POINTS_DEFAULT_MAX: i64 = 120;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interval {
    /// Minutes that divide a day, from midnight on.
    Minutes(i64),
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first to the first.
    Month,
}

/// Names of intervals, the shortest first.
const INTERVALS: [(&str, Interval); 11] = [
    ("15m", Interval::Minutes(15)),
    ("30m", Interval::Minutes(30)),
    ("1h", Interval::Minutes(60)),
    ("2h", Interval::Minutes(120)),
    ("3h", Interval::Minutes(180)),
    ("4h", Interval::Minutes(240)),
    ("6h", Interval::Minutes(360)),
    ("12h", Interval::Minutes(720)),
    ("1d", Interval::Day),
    ("1w", Interval::Week),
    ("1mo", Interval::Month),
];

impl Interval {
    /// Reads the name of an interval.
    pub(super) fn parse(text: &str) -> Result<Interval, Problem> {
        let found = INTERVALS.iter().find(|(name, _)| *name == text);
        found.map(|(_, interval)| *interval).ok_or_else(|| {
            let names: Vec<String> = INTERVALS.iter().map(|(name, _)| format!("`{name}`")).collect();
            Problem::invalid(format!(
                "parameter `interval` is `{text}`; expected one of {}",
                names.join(", ")
            ))
        })
    }

    /// Returns the shortest interval of which few fit between two times in milliseconds.
    pub(super) fn fitting(from_ms: i64, to_ms: i64) -> Interval {
        let length_ms = to_ms.saturating_sub(from_ms);
        let fits =
            |(_, interval): &&(&str, Interval)| length_ms / interval.shortest_ms() <= POINTS_DEFAULT_MAX;
        INTERVALS.iter().find(fits).map_or(Interval::Month, |(_, interval)| *interval)
    }

    /// Returns its name.
    pub(super) fn name(self) -> &'static str {
        INTERVALS.iter().find(|(_, interval)| *interval == self).map_or("", |(name, _)| name)
    }

    fn shortest_ms(self) -> i64 {
        match self {
            Interval::Minutes(minutes) => minutes * MINUTE_MS,
            Interval::Day => DAY_MS,
            Interval::Week => 7 * DAY_MS,
            Interval::Month => 28 * DAY_MS,
        }
    }

    /// Returns the borders of the intervals, in nanoseconds, that cover the time between two times in milliseconds.
    pub(super) fn edges(self, zone: &TimeZone, from_ms: i64, to_ms: i64) -> Result<Vec<i64>, Problem> {
        if from_ms >= to_ms {
            return Err(Problem::invalid(format!("`from` ({from_ms} ms) is not before `to` ({to_ms} ms)")));
        }
        let count = to_ms.saturating_sub(from_ms) / self.shortest_ms();
        if count > METRICS_POINTS_MAX as i64 - 2 {
            return Err(Problem::invalid(format!(
                "from `from` to `to` are about {count} intervals of {}; expected at most {}, so choose a longer \
                 interval or a shorter time",
                self.name(),
                METRICS_POINTS_MAX - 2
            )));
        }
        self.try_edges(zone, from_ms, to_ms).ok_or_else(|| {
            Problem::invalid(format!(
                "`from` ({from_ms} ms) or `to` ({to_ms} ms) is too far from today; expected years from 1678 to 2261"
            ))
        })
    }

    fn try_edges(self, zone: &TimeZone, from_ms: i64, to_ms: i64) -> Option<Vec<i64>> {
        let from_ns = from_ms.checked_mul(NS_PER_MS)?;
        let to_ns = to_ms.checked_mul(NS_PER_MS)?;
        let mut date =
            self.first_day(Timestamp::from_millisecond(from_ms).ok()?.to_zoned(zone.clone()).date())?;
        let mut edges = Vec::new();
        loop {
            let next = date.checked_add(self.days()).ok()?;
            for edge in self.within(start_of(date, zone)?, start_of(next, zone)?) {
                if edge <= from_ns {
                    edges.clear();
                }
                edges.push(edge);
                if edge >= to_ns {
                    return Some(edges);
                }
            }
            date = next;
        }
    }

    fn first_day(self, date: Date) -> Option<Date> {
        match self {
            Interval::Minutes(_) | Interval::Day => Some(date),
            Interval::Week => date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok(),
            Interval::Month => Some(date.first_of_month()),
        }
    }

    /// The days that are looked at together: as long as the interval, or one.
    fn days(self) -> Span {
        match self {
            Interval::Minutes(_) | Interval::Day => 1.day(),
            Interval::Week => 1.week(),
            Interval::Month => 1.month(),
        }
    }

    /// Returns where intervals begin between two midnights. The last of a day that is an hour longer or shorter, when
    /// the clocks change, is longer or shorter too.
    fn within(self, start_ns: i64, end_ns: i64) -> impl Iterator<Item = i64> {
        let step = match self {
            Interval::Minutes(minutes) => minutes * MINUTE_MS * NS_PER_MS,
            Interval::Day | Interval::Week | Interval::Month => end_ns - start_ns,
        };
        // A day that a time zone left out (it crossed the date line) has no length.
        (start_ns..end_ns).step_by(usize::try_from(step.max(1)).unwrap_or(usize::MAX))
    }
}

/// Returns the midnight that begins a day; of the few time zones in history that did not differ by whole quarters of an
/// hour, the quarter before.
fn start_of(date: Date, zone: &TimeZone) -> Option<i64> {
    let midnight = date.to_zoned(zone.clone()).ok()?.timestamp().as_nanosecond();
    let midnight = i64::try_from(midnight).ok()?;
    Some(midnight - midnight.rem_euclid(METRICS_STEP_NS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(interval: &str, zone: &str, from: &str, to: &str) -> Vec<String> {
        let zone = TimeZone::get(zone).unwrap();
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let edges = Interval::parse(interval).unwrap().edges(&zone, ms(from), ms(to)).unwrap();
        let text = |edge| Timestamp::from_nanosecond(i128::from(edge)).unwrap().to_string();
        edges.into_iter().map(text).collect()
    }

    #[test]
    fn intervals_cover_the_time_and_begin_where_clocks_say() {
        assert_eq!(
            edges("1h", "UTC", "2026-03-01T10:20:00Z", "2026-03-01T12:00:00Z"),
            ["2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z"]
        );
        assert_eq!(
            edges("1h", "Asia/Kolkata", "2026-03-01T10:00:00Z", "2026-03-01T10:40:00Z"),
            ["2026-03-01T09:30:00Z", "2026-03-01T10:30:00Z", "2026-03-01T11:30:00Z"]
        );
        assert_eq!(
            edges("1w", "UTC", "2026-03-01T10:00:00Z", "2026-03-02T00:00:01Z"),
            ["2026-02-23T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"]
        );
        assert_eq!(
            edges("1mo", "UTC", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"),
            ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]
        );
    }

    #[test]
    fn a_day_is_shorter_or_longer_when_the_clocks_change() {
        assert_eq!(
            edges("1d", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T22:00:00Z"),
            ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]
        );
        let hours = edges("12h", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        assert_eq!(
            hours,
            ["2026-10-24T22:00:00Z", "2026-10-25T10:00:00Z", "2026-10-25T22:00:00Z", "2026-10-25T23:00:00Z"]
        );
    }

    #[test]
    fn a_day_that_never_was_is_left_out() {
        assert_eq!(
            edges("1d", "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-30T12:00:00Z"),
            ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"]
        );
    }

    #[test]
    fn what_is_too_much_or_wrong_is_refused() {
        let fails =
            |interval: Interval, from, to| interval.edges(&TimeZone::UTC, from, to).unwrap_err().detail;
        assert!(fails(Interval::Day, 5, 5).contains("is not before"));
        assert!(fails(Interval::Minutes(15), 0, 400 * DAY_MS).contains("choose a longer interval"));
        assert!(fails(Interval::Month, i64::MAX - 9, i64::MAX).contains("too far from today"));
        assert!(fails(Interval::Day, i64::MIN, i64::MIN + 9).contains("too far from today"));
        assert!(Interval::parse("7m").unwrap_err().detail.contains("expected one of `15m`, `30m`"));
        assert_eq!(Interval::fitting(0, DAY_MS).name(), "15m");
        assert_eq!(Interval::fitting(0, 30 * DAY_MS).name(), "6h");
        assert_eq!(Interval::fitting(i64::MIN, i64::MAX).name(), "1mo");
    }
}
