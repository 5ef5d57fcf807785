//! `spanwise.toml`: where it is looked for, and what is wrong with it.

use super::Setting;
use super::judge::{self, EndpointSettings};
use super::key::KEYS;
use super::{redaction, retention};
use anyhow::{Context, Result, bail};
use spanwise_redact::Pattern;
use spanwise_store::ExperimentRule;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

const NAME: &str = "spanwise.toml";
/// Edits by which a misspelt key may differ from the one that is suggested.
const SUGGESTION_EDITS_MAX: usize = 3;

/// Finds the file: the one asked for, which must be there, else one in the working directory or the data directory.
pub(super) fn find(asked: Option<PathBuf>, data_dir: &Path) -> Result<Option<PathBuf>> {
    if let Some(path) = asked {
        if !path.is_file() {
            bail!("no configuration file at {} (--config)", path.display());
        }
        return Ok(Some(path));
    }
    Ok(places(data_dir).into_iter().find(|path| path.is_file()))
}

/// Returns where a file is looked for, the first that is there counts.
pub(super) fn places(data_dir: &Path) -> Vec<PathBuf> {
    vec![PathBuf::from(NAME), data_dir.join(NAME)]
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) settings: Vec<Setting>,
    /// How long the traces of single experiments stay.
    pub(super) experiments: BTreeMap<String, ExperimentRule>,
    /// Patterns of redaction.
    pub(super) patterns: Vec<Pattern>,
    /// Further servers with models.
    pub(super) endpoints: BTreeMap<String, EndpointSettings>,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Contents> {
    let named = || format!("cannot use the configuration file {}", path.display());
    let text = std::fs::read_to_string(path).with_context(named)?;
    let table: Table = text.parse().with_context(named)?;
    let mut contents = Contents::default();
    collect(&table, "", &mut contents).with_context(named)?;
    Ok(contents)
}

fn collect(table: &Table, prefix: &str, contents: &mut Contents) -> Result<()> {
    for (name, value) in table {
        let name = format!("{prefix}{name}");
        match value {
            Value::Table(inner) if name == retention::EXPERIMENTS => {
                contents.experiments = retention::read_experiments(inner)?;
            }
            Value::Table(inner) if name == redaction::PATTERNS => {
                contents.patterns = redaction::read_patterns(inner)?;
            }
            Value::Table(inner) if name == judge::ENDPOINTS => {
                contents.endpoints = judge::read_endpoints(inner)?;
            }
            Value::Table(inner) => collect(inner, &format!("{name}."), contents)?,
            value => {
                let key = KEYS.iter().find(|key| key.name == name);
                let key = key.with_context(|| unknown(&name))?;
                let text =
                    text_of(value).with_context(|| format!("`{name}` has a value of the wrong type"))?;
                contents.settings.push((key, text));
            }
        }
    }
    Ok(())
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            Some(texts?.join(","))
        }
        _ => None,
    }
}

fn unknown(name: &str) -> String {
    let nearest = KEYS.iter().map(|key| (edits(key.name, name), key.name)).min();
    match nearest {
        Some((edits, nearest)) if edits <= SUGGESTION_EDITS_MAX => {
            format!("unknown key `{name}`; did you mean `{nearest}`?")
        }
        _ => {
            let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
            format!("unknown key `{name}`; expected one of {}", names.join(", "))
        }
    }
}

/// Returns the Levenshtein distance of two short texts.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[(&str, &str)], &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        std::fs::write(&path, text).unwrap();
        let got = read(&path).map_err(|error| error.root_cause().to_string());
        let got = got.map(|contents| {
            contents.settings.into_iter().map(|(key, text)| (key.name.to_owned(), text)).collect::<Vec<_>>()
        });
        let expected = expected.map_err(str::to_owned).map(|settings| {
            settings.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect::<Vec<_>>()
        });
        assert_eq!(got, expected);
    }

    #[test]
    fn tables_numbers_and_lists_are_settings() {
        check(
            "port = 1\n[otlp]\nhttp_port = 2\n[allowed]\nhosts = [\"a\", \"b\"]\n",
            Ok(&[("allowed.hosts", "a,b"), ("otlp.http_port", "2"), ("port", "1")]),
        );
    }

    #[test]
    fn a_misspelt_key_gets_a_suggestion() {
        check("[otlp]\nhtp_port = 2", Err("unknown key `otlp.htp_port`; did you mean `otlp.http_port`?"));
    }

    #[test]
    fn a_value_of_another_type_is_named() {
        check("port = true", Err("`port` has a value of the wrong type"));
    }
}
