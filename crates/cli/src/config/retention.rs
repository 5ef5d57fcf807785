//! How long traces stay: `[retention]`, and `[retention.experiments."NAME or id"]` for single experiments.

use super::size::{format_bytes, parse_bytes};
use anyhow::{Context, Result, bail};
use spanwise_store::{AgeRule, ExperimentRule};
use std::collections::BTreeMap;
use std::time::Duration;
use toml::{Table, Value};

/// The table of single experiments.
pub(super) const EXPERIMENTS: &str = "retention.experiments";
/// Units of an age, in seconds; a week and a day are seven times and once 24 hours.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
/// A smaller bound would leave no room for an empty index.
const BYTES_MIN: u64 = 1 << 20;

/// Reads `30d`, or `off` as no bound.
pub(super) fn parse_age(text: &str) -> Result<Option<Duration>, String> {
    const EXPECTED: &str = "is no age; expected a number with a unit such as 12h, 30d or 8w, or off";
    if text == "off" {
        return Ok(None);
    }
    let unit = UNITS.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, seconds)));
    let (digits, seconds) = unit.ok_or(EXPECTED)?;
    let count: u64 = digits.trim().parse().map_err(|_| EXPECTED)?;
    let seconds = count.checked_mul(*seconds).filter(|&seconds| seconds > 0).ok_or(EXPECTED)?;
    Ok(Some(Duration::from_secs(seconds)))
}

/// Reads `200GiB`, or `off` as no bound.
pub(super) fn parse_bound(text: &str) -> Result<Option<u64>, String> {
    if text == "off" {
        return Ok(None);
    }
    let bytes = parse_bytes(text).map(|bytes| bytes as u64).filter(|&bytes| bytes >= BYTES_MIN);
    bytes
        .map(Some)
        .ok_or("is no bound; expected a size from 1MiB such as 500MiB or 200GiB, or off".to_owned())
}

/// Writes an age in the largest unit that keeps it whole.
pub(super) fn format_age(age: Option<Duration>) -> String {
    let Some(age) = age.map(|age| age.as_secs()) else { return "off".into() };
    let unit = UNITS.iter().find(|(_, seconds)| age.is_multiple_of(*seconds));
    unit.map_or_else(|| format!("{age}s"), |(unit, seconds)| format!("{}{unit}", age / seconds))
}

/// Writes a bound of bytes.
pub(super) fn format_bound(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "off".into(), |bytes| format_bytes(usize::try_from(bytes).unwrap_or(usize::MAX)))
}

/// Reads the table of single experiments.
pub(super) fn read_experiments(table: &Table) -> Result<BTreeMap<String, ExperimentRule>> {
    let mut rules = BTreeMap::new();
    for (experiment, value) in table {
        let place = format!("{EXPERIMENTS}.\"{experiment}\"");
        let Value::Table(keys) = value else {
            bail!("`{place}` is no table; expected e.g. [{place}] with max_age = \"7d\"");
        };
        let mut rule = ExperimentRule::default();
        for (key, value) in keys {
            let text = value.as_str().with_context(|| format!("`{place}.{key}` is no text"))?.trim();
            let set = match key.as_str() {
                "max_age" => {
                    parse_age(text).map(|age| rule.max_age = age.map_or(AgeRule::Off, AgeRule::After))
                }
                "max_bytes" => parse_bound(text).map(|bytes| rule.max_bytes = bytes),
                _ => bail!("unknown key `{place}.{key}`; expected max_age or max_bytes"),
            };
            set.map_err(|problem| anyhow::anyhow!("`{place}.{key}`: `{text}` {problem}"))?;
        }
        rules.insert(experiment.clone(), rule);
    }
    Ok(rules)
}

/// Returns the names and values of what is set for single experiments.
pub(super) fn experiment_rows(rules: &BTreeMap<String, ExperimentRule>) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for (experiment, rule) in rules {
        let age = match rule.max_age {
            AgeRule::AsOverall => None,
            AgeRule::Off => Some(format_age(None)),
            AgeRule::After(age) => Some(format_age(Some(age))),
        };
        let bytes = rule.max_bytes.map(|bytes| format_bound(Some(bytes)));
        for (key, value) in [("max_age", age), ("max_bytes", bytes)] {
            rows.extend(value.map(|value| (format!("{EXPERIMENTS}.\"{experiment}\".{key}"), value)));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Option<u64>, ()>) {
        let read = parse_age(text).map(|age| age.map(|age| age.as_secs())).map_err(|_| ());
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn ages_have_a_unit() {
        check("off", Ok(None));
        check("90s", Ok(Some(90)));
        check("30d", Ok(Some(30 * 86_400)));
        check("8 w", Ok(Some(56 * 86_400)));
        for bad in ["", "0d", "30", "-1d", "1.5d", "d", "30x", "99999999999999999999d"] {
            check(bad, Err(()));
        }
    }

    #[test]
    fn an_age_is_shown_as_it_can_be_read() {
        for text in ["off", "1s", "90m", "36h", "30d", "8w"] {
            assert_eq!(format_age(parse_age(text).unwrap()), text);
        }
    }

    #[test]
    fn a_bound_leaves_room_for_an_index() {
        assert_eq!(parse_bound("200GiB"), Ok(Some(200 << 30)));
        assert_eq!(parse_bound("off"), Ok(None));
        assert!(parse_bound("512KiB").is_err());
        assert!(parse_bound("10GB").is_err());
    }

    #[test]
    fn experiments_have_rules_of_their_own() {
        let table: Table =
            "[\"my shop\"]\nmax_age = \"7d\"\n[42]\nmax_age = \"off\"\nmax_bytes = \"1GiB\"".parse().unwrap();
        let rules = read_experiments(&table).unwrap();
        let rows = experiment_rows(&rules);
        let rows: Vec<(&str, &str)> =
            rows.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            rows,
            [
                ("retention.experiments.\"42\".max_age", "off"),
                ("retention.experiments.\"42\".max_bytes", "1GiB"),
                ("retention.experiments.\"my shop\".max_age", "1w"),
            ]
        );
        let bad: Table = "[shop]\nmax_agee = \"7d\"".parse().unwrap();
        let error = read_experiments(&bad).unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown key `retention.experiments.\"shop\".max_agee`; expected max_age or max_bytes"
        );
    }
}
