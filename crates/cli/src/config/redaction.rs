//! Patterns that are replaced: `[redaction.patterns]`, a name and a regular expression each.

use anyhow::{Context, Result};
use spanwise_redact::{Pattern, Redactor, Rules};
use toml::Table;

/// Their table.
pub(super) const PATTERNS: &str = "redaction.patterns";

/// Reads the table.
pub(super) fn read_patterns(table: &Table) -> Result<Vec<Pattern>> {
    let mut patterns = Vec::new();
    for (name, value) in table {
        let place = format!("{PATTERNS}.{name}");
        let regex = value.as_str().with_context(|| format!("`{place}` is no text"))?.to_owned();
        patterns.push(Pattern { name: name.clone(), regex });
    }
    let rules = Rules { patterns, ..Rules::default() };
    Redactor::new(&rules).with_context(|| format!("cannot use `{PATTERNS}`"))?;
    Ok(rules.patterns)
}

/// Returns the names and values of patterns.
pub(super) fn pattern_rows(patterns: &[Pattern]) -> Vec<(String, String)> {
    patterns.iter().map(|pattern| (format!("{PATTERNS}.{}", pattern.name), pattern.regex.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_named_expressions() {
        let table: Table = "mrn = 'MRN-\\d{7}'".parse().unwrap();
        let patterns = read_patterns(&table).unwrap();
        assert_eq!(pattern_rows(&patterns), [("redaction.patterns.mrn".into(), "MRN-\\d{7}".into())]);
        let bad: Table = "mrn = '(x'".parse().unwrap();
        let error = format!("{:#}", read_patterns(&bad).unwrap_err());
        assert_eq!(
            error,
            "cannot use `redaction.patterns`: the pattern `mrn` is wrong at character 1: unclosed group"
        );
    }
}
