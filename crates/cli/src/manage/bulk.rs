//! `spanwise tag` and `spanwise delete`: changes of many traces at once.

use crate::Outcome;
use crate::api::BulkResult;
use crate::args::{BulkSelection, DeleteArgs, TagArgs, TagPosition};
use crate::backend::Backend;
use crate::client::Client;
use crate::explain::explain;
use crate::select::bulk_body;
use crate::terminal::{err_line, out_line};
use crate::text::{count_text, counted};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::io::{self, BufRead, IsTerminal, Write};

const DELETE_PATH: &str = "/api/v1/traces/delete";
const TAG_PATH: &str = "/api/v1/traces/tag";

/// Deletes traces, after it has asked.
pub(crate) async fn delete(args: &DeleteArgs) -> Result<Outcome> {
    let ids: BTreeSet<&str> = args.trace_ids.iter().map(String::as_str).collect();
    let body = selected(&ids, &args.selection, "spanwise delete --where \"tags.env = 'dev'\"")?;
    let may_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
    if !args.yes && !args.selection.dry_run && !may_ask {
        bail!(
            "nobody can be asked here; give --yes to delete, or --dry-run to learn how many traces it would be"
        );
    }
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_read(&config).await?;
    let deleted = ask_and_delete(&backend.client, args, body).await;
    backend.close().await?;
    Ok(name_missing(&ids, deleted?))
}

/// Returns what was selected, and what became of it.
async fn ask_and_delete(client: &Client, args: &DeleteArgs, body: Map<String, Value>) -> Result<BulkResult> {
    let selection = &args.selection;
    if args.yes && !selection.dry_run {
        return report("deleted", send(client, DELETE_PATH, body, selection).await?, selection);
    }
    let mut question = body.clone();
    question.insert("dry_run".into(), true.into());
    let would = send(client, DELETE_PATH, question, selection).await?;
    if selection.dry_run || would.matched == 0 {
        return report("would delete", would, selection);
    }
    if !is_yes(&format!("delete {}? [y/N] ", counted(would.matched, "trace")))? {
        out_line("nothing was deleted")?;
        return Ok(would);
    }
    report("deleted", send(client, DELETE_PATH, body, selection).await?, selection)
}

/// Sets and removes tags.
pub(crate) async fn tag(args: &TagArgs) -> Result<Outcome> {
    let mut ids = BTreeSet::new();
    let mut set = Map::new();
    for position in &args.positions {
        match position {
            TagPosition::Trace(id) => drop(ids.insert(id.as_str())),
            TagPosition::Set(key, _) if key.is_empty() => bail!("a tag has no key; expected KEY=VALUE"),
            TagPosition::Set(key, value) => drop(set.insert(key.clone(), value.as_str().into())),
        }
    }
    if set.is_empty() && args.remove.is_empty() {
        bail!("nothing to set or to remove; expected KEY=VALUE or --remove KEY");
    }
    if let Some(key) = args.remove.iter().find(|key| set.contains_key(key.as_str())) {
        bail!("`{key}` can't be both set and removed");
    }
    let selection = &args.selection;
    if !ids.is_empty() && !bulk_body(&BTreeSet::new(), selection).is_empty() {
        bail!("name traces or select them with --where, --experiment, --from, --to or --all, not both");
    }
    let mut body = selected(&ids, selection, "spanwise tag --where \"has:error\" queue=review")?;
    body.insert("set".into(), set.into());
    body.insert("remove".into(), json!(args.remove));
    body.insert("dry_run".into(), selection.dry_run.into());
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_read(&config).await?;
    let changed = send(&backend.client, TAG_PATH, body, selection).await;
    backend.close().await?;
    let changed = report(if selection.dry_run { "would tag" } else { "tagged" }, changed?, selection)?;
    Ok(name_missing(&ids, changed))
}

/// Says that traces which were named are not there; that is bad news.
fn name_missing(ids: &BTreeSet<&str>, result: BulkResult) -> Outcome {
    let missing = (ids.len() as u64).saturating_sub(result.matched);
    if missing > 0 {
        err_line(&format!(
            "not there: {} of the {} named",
            count_text(missing),
            counted(ids.len() as u64, "trace")
        ));
    }
    Outcome::bad_news_if(missing > 0)
}

/// Returns the body of a request; something must be selected, for all traces are seldom what is meant.
fn selected(ids: &BTreeSet<&str>, selection: &BulkSelection, example: &str) -> Result<Map<String, Value>> {
    let body = bulk_body(ids, selection);
    if !["trace_ids", "filter", "from", "to", "all"].iter().any(|key| body.contains_key(*key)) {
        bail!("no traces are selected; name them, or use --where, --from, --to or --all, e.g. {example}");
    }
    Ok(body)
}

async fn send(
    client: &Client,
    path: &str,
    body: Map<String, Value>,
    selection: &BulkSelection,
) -> Result<BulkResult> {
    match client.post_json(path, &body.into()).await {
        Ok(result) => Ok(result),
        Err(error) => Err(explain(error, client, selection.filter.as_deref(), None).await),
    }
}

fn report(verb: &str, result: BulkResult, selection: &BulkSelection) -> Result<BulkResult> {
    let text = match selection.json {
        true => serde_json::to_string(&result)?,
        false => report_text(verb, result, selection.dry_run),
    };
    out_line(&text)?;
    Ok(result)
}

fn report_text(verb: &str, result: BulkResult, is_dry_run: bool) -> String {
    let BulkResult { matched, changed } = result;
    match (matched, is_dry_run) {
        (0, _) => "no traces match".to_owned(),
        (_, true) => format!("{verb} {}", counted(matched, "trace")),
        _ if changed < matched => {
            format!(
                "{verb} {} ({} needed no change)",
                counted(changed, "trace"),
                counted(matched - changed, "trace")
            )
        }
        _ => format!("{verb} {}", counted(changed, "trace")),
    }
}

fn is_yes(question: &str) -> Result<bool> {
    let mut err = io::stderr();
    err.write_all(question.as_bytes())?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(matched: u64, changed: u64, is_dry_run: bool, expected: &str) {
        assert_eq!(report_text("tagged", BulkResult { matched, changed }, is_dry_run), expected);
    }

    #[test]
    fn a_report_says_what_changed() {
        check(0, 0, false, "no traces match");
        check(1, 1, false, "tagged 1 trace");
        check(1_234, 1_200, false, "tagged 1,200 traces (34 traces needed no change)");
        check(5, 0, true, "tagged 5 traces");
    }

    #[test]
    fn something_must_be_selected() {
        let (none, mut selection) = (BTreeSet::new(), BulkSelection::default());
        assert!(selected(&none, &selection, "x").is_err());
        selection.scope.experiment = vec!["shop".into()];
        assert!(selected(&none, &selection, "x").is_err());
        selection.all = true;
        assert!(selected(&none, &selection, "x").is_ok());
        assert!(selected(&BTreeSet::from(["tr-1"]), &BulkSelection::default(), "x").is_ok());
    }
}
