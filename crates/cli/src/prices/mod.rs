//! `spanwise prices`: what tokens cost.

mod fetch;
mod lines;

use crate::Outcome;
use crate::args::{
    PriceListArgs, PriceScope, PriceSetArgs, PriceShowArgs, PriceUnsetArgs, PriceUpdateArgs, PricesArgs,
    PricesCommand,
};
use crate::backend::Backend;
use crate::client::Client;
use crate::housekeeping::renormalize_on;
use crate::terminal::{err_line, out_line};
use crate::text::{count_text, counted, one_line, url_encoded};
use anyhow::{Context, Result};
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const PATH: &str = "/api/v1/prices";
/// Columns of a name in a message.
const NAME_WIDTH_MAX: usize = 120;
/// Rows of a list that are shown.
const ROWS_SHOWN: usize = 100;

/// Runs one of the commands; listing is the default.
pub(crate) async fn prices(args: &PricesArgs) -> Result<Outcome> {
    use PricesCommand as Sub;
    let flags = match &args.command {
        None => &args.list.flags,
        Some(Sub::List(args)) => &args.flags,
        Some(Sub::Show(args)) => &args.flags,
        Some(Sub::Set(args)) => &args.flags,
        Some(Sub::Unset(args)) => &args.flags,
        Some(Sub::Update(args)) => &args.flags,
        Some(Sub::Reset(args)) => &args.flags,
        Some(Sub::Apply(args)) => &args.flags,
    };
    let config = flags.load()?.config;
    // Who sets prices before the first trace may begin a data directory.
    let backend = match &args.command {
        Some(Sub::Set(_) | Sub::Update(_)) => Backend::connect(&config).await?,
        _ => Backend::connect_to_read(&config).await?,
    };
    let client = &backend.client;
    let done = match &args.command {
        None => list(client, &args.list).await,
        Some(Sub::List(args)) => list(client, args).await,
        Some(Sub::Show(args)) => show(client, args).await,
        Some(Sub::Set(args)) => set(client, args).await,
        Some(Sub::Unset(args)) => unset(client, args).await,
        Some(Sub::Update(args)) => update(client, args).await,
        Some(Sub::Reset(_)) => reset(client).await,
        Some(Sub::Apply(args)) => renormalize_on(client, args).await,
    };
    backend.close().await?;
    done
}

fn print_json(value: &Value) -> Result<Outcome> {
    out_line(&serde_json::to_string_pretty(value)?)?;
    Ok(Outcome::Done)
}

async fn list(client: &Client, args: &PriceListArgs) -> Result<Outcome> {
    let Some(contains) = &args.contains else {
        let state: Value = client.get_json(PATH).await?;
        if args.json {
            return print_json(&state);
        }
        lines::state(&State::deserialize(&state).context("the answer says no prices")?)?;
        return Ok(Outcome::Done);
    };
    let path = format!("{PATH}/rows?limit={ROWS_SHOWN}&contains={}", url_encoded(contains));
    let found: Value = client.get_json(&path).await?;
    if args.json {
        return print_json(&found);
    }
    let found = Rows::deserialize(&found).context("the answer is no list")?;
    lines::rows(&found.rows)?;
    if found.matched > found.rows.len() {
        err_line(&format!("{} more; a longer text names fewer", found.matched - found.rows.len()));
    }
    Ok(Outcome::Done)
}

async fn show(client: &Client, args: &PriceShowArgs) -> Result<Outcome> {
    let path = format!("{PATH}/match?model={}{}", url_encoded(&args.model), scope_query(&args.scope));
    let found: Value = client.get_json(&path).await?;
    let has_price = !found["row"].is_null();
    if args.json {
        print_json(&found)?;
    } else {
        lines::found(&Match::deserialize(&found).context("the answer is no match")?)?;
    }
    Ok(Outcome::bad_news_if(!has_price))
}

async fn set(client: &Client, args: &PriceSetArgs) -> Result<Outcome> {
    let mut prices: Map<String, Value> = match &args.prices {
        Some(text) => serde_json::from_str(text).with_context(|| {
            format!("`{text}` (--prices) is no JSON object such as {{\"input\": 2.5, \"output\": 10}}")
        })?,
        None => Map::new(),
    };
    prices.extend(args.rates.given().map(|(name, price)| (name.to_owned(), json!(price))));
    let body = json!({
        "model": args.model, "provider": args.scope.provider, "experiment": args.scope.experiment, "prices": prices,
    });
    let set: Override = client.send_json(Method::PUT, &format!("{PATH}/overrides"), &body).await?;
    out_line(&format!("set {}: {}", lines::named(&set), lines::prices_text(&set.prices)))?;
    Ok(Outcome::Done)
}

async fn unset(client: &Client, args: &PriceUnsetArgs) -> Result<Outcome> {
    let query = format!("model={}{}", url_encoded(&args.model), scope_query(&args.scope));
    client.delete(&format!("{PATH}/overrides?{query}")).await?;
    out_line(&format!("removed what was set for {}", one_line(&args.model, NAME_WIDTH_MAX)))?;
    Ok(Outcome::Done)
}

async fn update(client: &Client, args: &PriceUpdateArgs) -> Result<Outcome> {
    let bytes = fetch::fetch(&args.from).await?;
    let source = if args.from == "-" { "standard input" } else { &args.from };
    let answer: Value = client.put_bytes(&format!("{PATH}?source={}", url_encoded(source)), bytes).await?;
    let update = Update::deserialize(&answer).context("the answer tells no update")?;
    if args.json {
        print_json(&answer)?;
    } else {
        report(&update)?;
    }
    Ok(Outcome::bad_news_if(update.problem_count > 0))
}

fn report(update: &Update) -> Result<()> {
    let list = &update.list;
    out_line(&format!(
        "prices of {} from {}, {}",
        counted(list.rows as u64, "model"),
        one_line(&list.source, NAME_WIDTH_MAX),
        list.date
    ))?;
    if update.left_out > 0 {
        out_line(&format!("{} without prices of tokens left out", counted(update.left_out as u64, "row")))?;
    }
    for problem in &update.problems {
        err_line(&format!("{}: {}", one_line(&problem.row, NAME_WIDTH_MAX), problem.message));
    }
    let untold = update.problem_count.saturating_sub(update.problems.len());
    if untold > 0 {
        err_line(&format!("and {} more rows that can't be used", count_text(untold as u64)));
    }
    Ok(())
}

async fn reset(client: &Client) -> Result<Outcome> {
    client.delete(PATH).await?;
    out_line("the built-in list is in force again")?;
    Ok(Outcome::Done)
}

/// Returns `&provider=…&experiment=…`, as far as they are given.
fn scope_query(scope: &PriceScope) -> String {
    let given = [("provider", &scope.provider), ("experiment", &scope.experiment)];
    let given = given.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    given.map(|(name, value)| format!("&{name}={}", url_encoded(value))).collect()
}

#[derive(Debug, Deserialize)]
struct State {
    built_in: ListInfo,
    updated: Option<ListInfo>,
    overrides: Vec<Override>,
}

#[derive(Debug, Deserialize)]
struct ListInfo {
    date: String,
    source: String,
    rows: usize,
}

#[derive(Debug, Deserialize)]
struct Override {
    experiment_id: Option<String>,
    provider: Option<String>,
    model: String,
    prices: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Rows {
    rows: Vec<Row>,
    matched: usize,
}

#[derive(Debug, Deserialize)]
struct Row {
    provider: Option<String>,
    model: String,
    alias_of: Option<String>,
    origin: String,
    list_date: Option<String>,
    prices: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Match {
    row: Option<Row>,
    unknown: Option<Unknown>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Unknown {
    text: String,
}

#[derive(Debug, Deserialize)]
struct Step {
    text: String,
    provider: Option<String>,
    name: String,
    found: bool,
}

#[derive(Debug, Deserialize)]
struct Update {
    list: ListInfo,
    left_out: usize,
    problems: Vec<Problem>,
    problem_count: usize,
}

#[derive(Debug, Deserialize)]
struct Problem {
    row: String,
    message: String,
}
