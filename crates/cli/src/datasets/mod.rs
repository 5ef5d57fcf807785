//! `spanwise datasets`.

mod export;
mod import;
mod show;

use crate::Outcome;
use crate::args::{DatasetListArgs, DatasetsArgs, DatasetsCommand};
use crate::backend::Backend;
use crate::client::{Client, Refusal};
use crate::select::Query;
use crate::table::{Cell, Column, layout};
use crate::terminal::{Painter, Style, err_line, out_line, stdout_width};
use crate::text::{Clock, count_text, one_line, url_encoded};
use anyhow::{Context, Result, bail};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::io::{self, IsTerminal};

const PATH: &str = "/api/v1/datasets";

const COLUMNS: [Column; 5] = [
    Column::new("ID"),
    Column::new("NAME").shrinks_to(20),
    Column::new("RECORDS").number(),
    Column::new("VERSION").number(),
    Column::new("LAST CHANGE").leaves(1),
];

#[derive(Deserialize)]
struct Listed {
    datasets: Vec<Value>,
    complete: bool,
}

/// A dataset, as far as it is shown.
#[derive(Debug, Clone, Deserialize)]
struct Dataset {
    dataset_id: String,
    name: String,
    record_count: u64,
    version: i64,
    last_updated_ns: String,
}

/// Runs one of the commands; listing is the default.
pub(crate) async fn datasets(args: &DatasetsArgs) -> Result<Outcome> {
    use DatasetsCommand as Sub;
    let flags = match &args.command {
        None => &args.list.flags,
        Some(Sub::List(args)) => &args.flags,
        Some(Sub::Show(args)) => &args.flags,
        Some(Sub::Export(args)) => &args.flags,
        Some(Sub::Import(args)) => &args.flags,
    };
    let config = flags.load()?.config;
    // Only who adds may begin a data directory.
    let backend = match &args.command {
        Some(Sub::Import(_)) => Backend::connect(&config).await?,
        _ => Backend::connect_to_read(&config).await?,
    };
    let client = &backend.client;
    let done = match &args.command {
        None => list(client, &args.list).await.map(|()| Outcome::Done),
        Some(Sub::List(args)) => list(client, args).await.map(|()| Outcome::Done),
        Some(Sub::Show(args)) => show::show(client, args).await.map(|()| Outcome::Done),
        Some(Sub::Export(args)) => export::export(client, args).await.map(|()| Outcome::Done),
        Some(Sub::Import(args)) => import::import(client, args).await,
    };
    backend.close().await?;
    done
}

async fn list(client: &Client, args: &DatasetListArgs) -> Result<()> {
    let mut query = Query::default();
    query.add_some("name", args.name.as_deref());
    query.add_all("experiment", &args.experiment);
    let listed: Listed = client.get_json(&query.on(PATH)).await?;
    if args.json {
        return out_line(&serde_json::to_string_pretty(&listed.datasets)?).map_err(Into::into);
    }
    if listed.datasets.is_empty() {
        if io::stdout().is_terminal() {
            err_line("no datasets");
        }
        return Ok(());
    }
    let clock = Clock::new(args.utc);
    let rows = listed.datasets.into_iter().map(|one| Ok(row(&serde_json::from_value(one)?, &clock)));
    let rows: Vec<Vec<Cell>> = rows.collect::<Result<_>>()?;
    for line in layout(&COLUMNS, &rows, stdout_width(), Painter::for_stdout()) {
        out_line(&line)?;
    }
    if !listed.complete {
        err_line("there are more; give a part of the name with --name");
    }
    Ok(())
}

fn row(dataset: &Dataset, clock: &Clock) -> Vec<Cell> {
    vec![
        (Style::Dim, dataset.dataset_id.clone()),
        (Style::Bold, one_line(&dataset.name, usize::MAX)),
        (Style::Plain, count_text(dataset.record_count)),
        (Style::Plain, format!("v{}", dataset.version)),
        (Style::Dim, time_text(&dataset.last_updated_ns, clock)),
    ]
}

fn time_text(nanoseconds: &str, clock: &Clock) -> String {
    nanoseconds.parse().map(|time| clock.text(time, "%Y-%m-%d %H:%M:%S")).unwrap_or_default()
}

/// Returns the dataset of this id or name, if there is one; several of one name are refused.
async fn find(client: &Client, wanted: &str) -> Result<Option<Dataset>> {
    let mut query = Query::default();
    query.add("name", wanted);
    let listed: Listed = client.get_json(&query.on(PATH)).await?;
    let all = listed.datasets.into_iter().map(serde_json::from_value::<Dataset>);
    let all: Vec<Dataset> = all.collect::<Result<_, _>>().context("the answer is no list")?;
    let mut named: Vec<Dataset> = all.into_iter().filter(|dataset| dataset.name == wanted).collect();
    if named.len() > 1 {
        let ids: Vec<&str> = named.iter().map(|dataset| dataset.dataset_id.as_str()).collect();
        bail!("{} datasets are named `{wanted}`; give the id of one: {}", named.len(), ids.join(", "));
    }
    if let Some(found) = named.pop() {
        return Ok(Some(found));
    }
    match client.get_json::<Value>(&format!("{PATH}/{}", url_encoded(wanted))).await {
        Ok(mut detail) => {
            Ok(Some(serde_json::from_value(detail["dataset"].take()).context("the answer is no dataset")?))
        }
        Err(error)
            if error.downcast_ref::<Refusal>().is_some_and(|no| no.status == StatusCode::NOT_FOUND) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Returns the dataset of this id or name.
async fn expect(client: &Client, wanted: &str) -> Result<Dataset> {
    let found = find(client, wanted).await?;
    found.with_context(|| {
        format!("no dataset has the name or id `{wanted}`; `spanwise datasets list` names them")
    })
}

impl Dataset {
    fn path(&self, rest: &str) -> String {
        format!("{PATH}/{}{rest}", url_encoded(&self.dataset_id))
    }
}
