//! `spanwise experiments`.

use crate::api::Experiment;
use crate::args::{ExperimentsArgs, ExperimentsCommand, ListArgs};
use crate::backend::Backend;
use crate::client::Client;
use crate::table::{Cell, Column, layout};
use crate::terminal::{Painter, Style, err_line, out_line, stdout_width};
use crate::text::{Clock, count_text, counted, one_line, url_encoded};
use anyhow::{Context, Result, bail};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, IsTerminal};

const PATH: &str = "/api/v1/experiments";
/// Columns of a name in a message.
const NAME_WIDTH_MAX: usize = 80;

const COLUMNS: [Column; 4] = [
    Column::new("ID"),
    Column::new("NAME").shrinks_to(20),
    Column::new("TRACES").number(),
    Column::new("LAST TRACE").leaves(1),
];

#[derive(Deserialize)]
struct Listed {
    experiments: Vec<Value>,
}

/// Runs one of the commands; listing is the default.
pub(crate) async fn experiments(args: &ExperimentsArgs) -> Result<()> {
    use ExperimentsCommand as Sub;
    let flags = match &args.command {
        None => &args.list.flags,
        Some(Sub::List(args)) => &args.flags,
        Some(Sub::Create(args)) => &args.flags,
        Some(Sub::Rename(args)) => &args.flags,
        Some(Sub::Delete(args)) => &args.flags,
        Some(Sub::Restore(args)) => &args.flags,
    };
    let config = flags.load()?.config;
    // Only who creates may begin a data directory.
    let backend = match &args.command {
        Some(Sub::Create(_)) => Backend::connect(&config).await?,
        _ => Backend::connect_to_read(&config).await?,
    };
    let client = &backend.client;
    let done = match &args.command {
        None => list(client, &args.list).await,
        Some(Sub::List(args)) => list(client, args).await,
        Some(Sub::Create(args)) => create(client, &args.name, args.json).await,
        Some(Sub::Rename(args)) => rename(client, &args.experiment, &args.name, args.json).await,
        Some(Sub::Delete(args)) => delete(client, &args.experiment).await,
        Some(Sub::Restore(args)) => restore(client, &args.experiment, args.json).await,
    };
    backend.close().await?;
    done
}

async fn fetch(client: &Client, deleted: bool) -> Result<Vec<Value>> {
    let listed: Listed = client.get_json(&format!("{PATH}?deleted={deleted}")).await?;
    Ok(listed.experiments)
}

async fn list(client: &Client, args: &ListArgs) -> Result<()> {
    let experiments = fetch(client, args.deleted).await?;
    if args.json {
        return out_line(&serde_json::to_string_pretty(&experiments)?).map_err(Into::into);
    }
    if experiments.is_empty() {
        if io::stdout().is_terminal() {
            err_line(if args.deleted { "no experiment is deleted" } else { "no experiments" });
        }
        return Ok(());
    }
    let clock = Clock::new(args.utc);
    let rows = experiments.into_iter().map(|one| Ok(row(&serde_json::from_value(one)?, &clock)));
    let rows: Vec<Vec<Cell>> = rows.collect::<Result<_>>()?;
    for line in layout(&COLUMNS, &rows, stdout_width(), Painter::for_stdout()) {
        out_line(&line)?;
    }
    Ok(())
}

fn row(experiment: &Experiment, clock: &Clock) -> Vec<Cell> {
    let last = experiment.last_trace_ns.map(|time| clock.text(time, "%Y-%m-%d %H:%M:%S"));
    vec![
        (Style::Dim, experiment.experiment_id.clone()),
        (Style::Bold, one_line(&experiment.name, usize::MAX)),
        (Style::Plain, count_text(experiment.trace_count)),
        (Style::Dim, last.unwrap_or_else(|| "-".to_owned())),
    ]
}

async fn create(client: &Client, name: &str, is_json: bool) -> Result<()> {
    report("created", &client.post_json(PATH, &json!({"name": name})).await?, is_json)
}

async fn rename(client: &Client, wanted: &str, name: &str, is_json: bool) -> Result<()> {
    let experiment = find(client, wanted, false).await?;
    let path = path_of(&experiment);
    report("renamed", &client.send_json(Method::PATCH, &path, &json!({"name": name})).await?, is_json)
}

async fn delete(client: &Client, wanted: &str) -> Result<()> {
    let experiment = find(client, wanted, false).await?;
    client.delete(&path_of(&experiment)).await?;
    out_line(&format!(
        "deleted experiment {} with {}; `spanwise experiments restore {}` brings it back",
        named(&experiment),
        counted(experiment.trace_count, "trace"),
        experiment.experiment_id
    ))?;
    Ok(())
}

async fn restore(client: &Client, wanted: &str, is_json: bool) -> Result<()> {
    let experiment = find(client, wanted, true).await?;
    let path = format!("{}/restore", path_of(&experiment));
    report("restored", &client.post_json(&path, &json!({})).await?, is_json)
}

fn report(verb: &str, answer: &Value, is_json: bool) -> Result<()> {
    if is_json {
        out_line(&serde_json::to_string_pretty(answer)?)?;
        return Ok(());
    }
    let experiment = Experiment::deserialize(answer).context("the answer is no experiment")?;
    out_line(&format!("{verb} experiment {}", named(&experiment)))?;
    Ok(())
}

fn named(experiment: &Experiment) -> String {
    format!("`{}` (id {})", one_line(&experiment.name, NAME_WIDTH_MAX), experiment.experiment_id)
}

/// Returns the path of an active experiment that is given by name or id.
pub(crate) async fn experiment_path(client: &Client, wanted: &str) -> Result<String> {
    Ok(path_of(&find(client, wanted, false).await?))
}

fn path_of(experiment: &Experiment) -> String {
    format!("{PATH}/{}", url_encoded(&experiment.experiment_id))
}

async fn find(client: &Client, wanted: &str, deleted: bool) -> Result<Experiment> {
    let all = fetch(client, deleted).await?;
    let all: Vec<Experiment> = all
        .into_iter()
        .map(serde_json::from_value)
        .collect::<Result<_, _>>()
        .context("the answer is no list")?;
    match choose(&all, wanted) {
        Some(experiment) => Ok(experiment.clone()),
        None => {
            let (which, list) = if deleted { ("deleted ", "list --deleted") } else { ("", "list") };
            bail!(
                "no {which}experiment has the name or id `{wanted}`; `spanwise experiments {list}` names them"
            )
        }
    }
}

/// A name wins over an id, since an experiment may be named `7`.
fn choose<'a>(all: &'a [Experiment], wanted: &str) -> Option<&'a Experiment> {
    let by_name = all.iter().find(|experiment| experiment.name == wanted);
    by_name.or_else(|| all.iter().find(|experiment| experiment.experiment_id == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: &str, expected: Option<&str>) {
        let one = |id: &str, name: &str| Experiment {
            experiment_id: id.into(),
            name: name.into(),
            trace_count: 0,
            last_trace_ns: None,
        };
        let all = [one("1", "shop"), one("2", "1"), one("3", "docs")];
        assert_eq!(choose(&all, wanted).map(|found| found.experiment_id.as_str()), expected);
    }

    #[test]
    fn a_name_wins_over_an_id() {
        check("shop", Some("1"));
        check("1", Some("2"));
        check("3", Some("3"));
        check("missing", None);
    }
}
