//! `spanwise redaction`: what is replaced in texts before they are stored.

use crate::args::{RedactionCommand, RedactionRuleArgs, RedactionSetArgs};
use crate::backend::Backend;
use crate::client::Client;
use crate::manage::experiment_path;
use crate::table::{Cell, Column, layout};
use crate::terminal::{Painter, Style, out_line, stdout_width};
use crate::text::{count_text, one_line};
use anyhow::{Context, Result, bail};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

const COUNT_COLUMNS: [Column; 2] = [Column::new("DETECTOR"), Column::new("REPLACED").number()];
const DETECTOR_COLUMNS: [Column; 3] =
    [Column::new("DETECTOR"), Column::new("GROUP"), Column::new("FINDS").shrinks_to(40)];

#[derive(Deserialize)]
struct InForce {
    rules: Rules,
    is_own: bool,
    replaced: Vec<Count>,
}

#[derive(Deserialize)]
struct Rules {
    detectors: Vec<String>,
    patterns: Vec<Pattern>,
    paths: Vec<String>,
    attributes: Vec<String>,
}

#[derive(Deserialize)]
struct Pattern {
    name: String,
    regex: String,
}

#[derive(Deserialize)]
struct Count {
    detector: String,
    count: u64,
}

#[derive(Deserialize)]
struct Tested {
    text: String,
    replaced: Vec<Count>,
}

#[derive(Deserialize)]
struct Info {
    detectors: Vec<Detector>,
}

#[derive(Deserialize)]
struct Detector {
    name: String,
    group: String,
    about: String,
}

/// Runs one of the commands.
pub(crate) async fn run(command: &RedactionCommand) -> Result<()> {
    use RedactionCommand as Sub;
    let flags = match command {
        Sub::Show(args) => &args.flags,
        Sub::Set(args) => &args.flags,
        Sub::Test(args) => &args.flags,
        Sub::Detectors(args) => &args.flags,
    };
    let backend = Backend::connect_to_read(&flags.load()?.config).await?;
    let client = &backend.client;
    let done = match command {
        Sub::Show(args) => show(client, &args.experiment, args.json).await,
        Sub::Set(args) => set(client, args).await,
        Sub::Test(args) => {
            let rules = if is_empty(&args.rules) { Value::Null } else { rules_of(&args.rules)? };
            let body = json!({"text": args.text, "key": args.key, "rules": rules});
            test(client, &args.experiment, &body).await
        }
        Sub::Detectors(_) => detectors(client).await,
    };
    backend.close().await?;
    done
}

async fn path_of(client: &Client, experiment: &str) -> Result<String> {
    Ok(format!("{}/redaction", experiment_path(client, experiment).await?))
}

async fn show(client: &Client, experiment: &str, is_json: bool) -> Result<()> {
    print(&client.get_json(&path_of(client, experiment).await?).await?, is_json)
}

async fn set(client: &Client, args: &RedactionSetArgs) -> Result<()> {
    let path = path_of(client, &args.experiment).await?;
    if args.default {
        client.delete(&path).await?;
        return print(&client.get_json(&path).await?, false);
    }
    if is_empty(&args.rules) && !args.off {
        bail!(
            "no rules are given; expected --detect, --pattern, --path or --attribute, or --off, or --default"
        );
    }
    print(&client.send_json(Method::PUT, &path, &rules_of(&args.rules)?).await?, false)
}

async fn test(client: &Client, experiment: &str, body: &Value) -> Result<()> {
    let path = format!("{}/test", path_of(client, experiment).await?);
    let tested: Tested = client.post_json(&path, body).await?;
    out_line(&tested.text)?;
    if tested.replaced.is_empty() {
        return Ok(());
    }
    out_line("")?;
    print_counts(&tested.replaced)
}

async fn detectors(client: &Client) -> Result<()> {
    let info: Info = client.get_json("/api/v1/redaction").await?;
    let row = |one: Detector| -> Vec<Cell> {
        vec![(Style::Bold, one.name), (Style::Plain, one.group), (Style::Plain, one.about)]
    };
    let rows: Vec<Vec<Cell>> = info.detectors.into_iter().map(row).collect();
    for line in layout(&DETECTOR_COLUMNS, &rows, stdout_width(), Painter::for_stdout()) {
        out_line(&line)?;
    }
    Ok(())
}

fn print(answer: &Value, is_json: bool) -> Result<()> {
    if is_json {
        out_line(&serde_json::to_string_pretty(answer)?)?;
        return Ok(());
    }
    let in_force = InForce::deserialize(answer).context("the answer is no set of rules")?;
    out_line(if in_force.is_own { "rules of the experiment" } else { "default rules of the configuration" })?;
    let Rules { detectors, patterns, paths, attributes } = in_force.rules;
    let patterns: Vec<String> =
        patterns.into_iter().map(|one| format!("{}={}", one.name, one.regex)).collect();
    let parts = [("detect", detectors), ("pattern", patterns), ("path", paths), ("attribute", attributes)];
    for (name, values) in &parts {
        for value in values {
            out_line(&format!("  {name:<10} {}", one_line(value, usize::MAX)))?;
        }
    }
    if parts.iter().all(|(_, values)| values.is_empty()) {
        out_line("  nothing is replaced")?;
    }
    if in_force.replaced.is_empty() {
        return Ok(());
    }
    out_line("")?;
    print_counts(&in_force.replaced)
}

fn print_counts(counts: &[Count]) -> Result<()> {
    let row = |one: &Count| -> Vec<Cell> {
        vec![(Style::Plain, one.detector.clone()), (Style::Plain, count_text(one.count))]
    };
    let rows: Vec<Vec<Cell>> = counts.iter().map(row).collect();
    for line in layout(&COUNT_COLUMNS, &rows, stdout_width(), Painter::for_stdout()) {
        out_line(&line)?;
    }
    Ok(())
}

fn is_empty(rules: &RedactionRuleArgs) -> bool {
    [&rules.detectors, &rules.patterns, &rules.paths, &rules.attributes].into_iter().all(Vec::is_empty)
}

fn rules_of(rules: &RedactionRuleArgs) -> Result<Value> {
    let pattern = |text: &String| {
        let (name, regex) = text.split_once('=').with_context(|| {
            format!("`{text}` (--pattern) is no pattern; expected NAME=REGEX, e.g. mrn=MRN-\\d{{7}}")
        })?;
        Ok(json!({"name": name, "regex": regex}))
    };
    let patterns = rules.patterns.iter().map(pattern).collect::<Result<Vec<_>>>()?;
    Ok(json!({
        "detectors": rules.detectors, "patterns": patterns, "paths": rules.paths, "attributes": rules.attributes,
    }))
}
