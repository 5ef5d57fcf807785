//! `spanwise scorers`: scorers that run in the server.

mod lines;

use crate::Outcome;
use crate::args::{
    ScorerArgs, ScorerBackfillArgs, ScorerListArgs, ScorerName, ScorerSetArgs, ScorerStartArgs,
    ScorerTryArgs, ScorersArgs, ScorersCommand,
};
use crate::backend::Backend;
use crate::client::Client;
use crate::terminal::{err_line, out_line};
use crate::text::url_encoded;
use anyhow::{Context, Result, bail};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const PATH: &str = "/api/v1/scorers";
/// How often a backfill is asked how it stands.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Runs one of the commands; listing is the default.
pub(crate) async fn scorers(args: &ScorersArgs) -> Result<Outcome> {
    use ScorersCommand as Sub;
    let flags = match &args.command {
        None => &args.list.flags,
        Some(Sub::List(args)) => &args.flags,
        Some(Sub::Show(args) | Sub::Stop(args) | Sub::Status(args) | Sub::Delete(args)) => &args.flags,
        Some(Sub::Set(args)) => &args.flags,
        Some(Sub::Start(args)) => &args.flags,
        Some(Sub::Try(args)) => &args.flags,
        Some(Sub::Backfill(args)) => &args.flags,
    };
    let config = flags.load()?.config;
    // What is started by a command alone would end with it.
    let backend = match &args.command {
        Some(Sub::Backfill(args)) if !args.list && args.cancel.is_none() => {
            Backend::connect_to_server(&config, "`spanwise scorers backfill` scores in").await?
        }
        Some(Sub::Set(_)) => Backend::connect(&config).await?,
        _ => Backend::connect_to_read(&config).await?,
    };
    let client = &backend.client;
    let done = match &args.command {
        None => list(client, &args.list).await,
        Some(Sub::List(args)) => list(client, args).await,
        Some(Sub::Show(args)) => show(client, args).await,
        Some(Sub::Set(args)) => set(client, args).await,
        Some(Sub::Start(args)) => start(client, args).await,
        Some(Sub::Stop(args)) => stop(client, args).await,
        Some(Sub::Try(args)) => try_on(client, args).await,
        Some(Sub::Backfill(args)) => backfill(client, args).await,
        Some(Sub::Status(args)) => status(client, args).await,
        Some(Sub::Delete(args)) => delete(client, args).await,
    };
    backend.close().await?;
    done
}

fn print_json(value: &Value) -> Result<Outcome> {
    out_line(&serde_json::to_string_pretty(value)?)?;
    Ok(Outcome::Done)
}

async fn list_of(client: &Client, experiment: Option<&str>) -> Result<Value> {
    let query = experiment.map_or_else(String::new, |name| format!("?experiment={}", url_encoded(name)));
    client.get_json(&format!("{PATH}{query}")).await
}

async fn list(client: &Client, args: &ScorerListArgs) -> Result<Outcome> {
    let answer = list_of(client, args.experiment.as_deref()).await?;
    if args.json {
        return print_json(&answer);
    }
    let found = lines::List::deserialize(&answer).context("the answer is no list of scorers")?;
    lines::list(&found)?;
    Ok(Outcome::Done)
}

/// Finds a scorer by its name or id.
async fn find(client: &Client, wanted: &str, experiment: Option<&str>) -> Result<lines::Scorer> {
    let answer = list_of(client, experiment).await?;
    let all = lines::List::deserialize(&answer).context("the answer is no list of scorers")?.scorers;
    let names: Vec<String> = all.iter().map(|one| one.name.clone()).collect();
    let mut found: Vec<lines::Scorer> =
        all.into_iter().filter(|one| one.name == wanted || one.scorer_id == wanted).collect();
    match (found.pop(), found.len()) {
        (Some(one), 0) => Ok(one),
        (Some(one), _) => {
            let mut experiments: Vec<String> = found.into_iter().map(|other| other.experiment_id).collect();
            experiments.push(one.experiment_id);
            bail!(
                "the experiments {} all have a scorer `{wanted}`; name one with --experiment",
                experiments.join(", ")
            )
        }
        (None, _) if names.is_empty() => {
            bail!("no scorer is named `{wanted}`; there is none: make one with `spanwise scorers set`")
        }
        (None, _) => bail!("no scorer is named `{wanted}`; there are {}", names.join(", ")),
    }
}

async fn of_name(client: &Client, name: &ScorerName) -> Result<lines::Scorer> {
    find(client, &name.scorer, name.experiment.as_deref()).await
}

async fn show(client: &Client, args: &ScorerArgs) -> Result<Outcome> {
    let scorer = of_name(client, &args.name).await?;
    let detail: Value = client.get_json(&format!("{PATH}/{}", scorer.scorer_id)).await?;
    if args.json {
        return print_json(&detail);
    }
    lines::detail(&lines::Detail::deserialize(&detail).context("the answer is no scorer")?)?;
    Ok(Outcome::Done)
}

fn definition(text: Option<&str>, file: Option<&Path>) -> Result<Option<Value>> {
    let (text, place) = match (text, file) {
        (Some(text), _) => (text.to_owned(), "--definition".to_owned()),
        (None, Some(path)) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            (text, path.display().to_string())
        }
        (None, None) => return Ok(None),
    };
    let value = serde_json::from_str(&text).with_context(|| {
        format!("{place} is no JSON; expected an object such as {{\"kind\": \"latency\", \"max_ms\": 2000}}")
    })?;
    Ok(Some(value))
}

async fn set(client: &Client, args: &ScorerSetArgs) -> Result<Outcome> {
    let mut scorer: Option<Value> = None;
    if let Some(definition) = definition(args.definition.as_deref(), args.file.as_deref())? {
        let body = json!({
            "experiment": args.experiment, "name": args.name, "description": args.description, "definition": definition,
        });
        scorer = Some(client.post_json(PATH, &body).await?);
    }
    let limits = json!({
        "usd_per_day": args.usd_per_day, "usd_in_all": args.usd_in_all, "calls_per_day": args.calls_per_day,
    });
    if limits.as_object().is_some_and(|limits| limits.values().any(|limit| !limit.is_null())) {
        let id = find(client, &args.name, Some(&args.experiment)).await?.scorer_id;
        scorer = Some(client.send_json(Method::PUT, &format!("{PATH}/{id}/limits"), &limits).await?);
    }
    let scorer = scorer.context("neither a definition nor a limit is given")?;
    lines::status(&lines::Scorer::deserialize(&scorer).context("the answer is no scorer")?)?;
    Ok(Outcome::Done)
}

async fn start(client: &Client, args: &ScorerStartArgs) -> Result<Outcome> {
    let scorer = of_name(client, &args.name).await?;
    let body = json!({"sample_rate": args.rate, "filter": args.filter});
    let path = format!("{PATH}/{}/online", scorer.scorer_id);
    let started: Value = client.send_json(Method::PUT, &path, &body).await?;
    let started = lines::Scorer::deserialize(&started).context("the answer is no scorer")?;
    lines::status(&started)?;
    Ok(Outcome::bad_news_if(started.state == "blocked"))
}

async fn stop(client: &Client, args: &ScorerArgs) -> Result<Outcome> {
    let scorer = of_name(client, &args.name).await?;
    client.delete(&format!("{PATH}/{}/online", scorer.scorer_id)).await?;
    out_line(&format!("stopped {}", scorer.name))?;
    Ok(Outcome::Done)
}

async fn status(client: &Client, args: &ScorerArgs) -> Result<Outcome> {
    let scorer = of_name(client, &args.name).await?;
    if args.json {
        let detail: Value = client.get_json(&format!("{PATH}/{}", scorer.scorer_id)).await?;
        return print_json(&detail["scorer"]);
    }
    lines::status(&scorer)?;
    Ok(Outcome::Done)
}

async fn delete(client: &Client, args: &ScorerArgs) -> Result<Outcome> {
    let scorer = of_name(client, &args.name).await?;
    client.delete(&format!("{PATH}/{}", scorer.scorer_id)).await?;
    out_line(&format!("deleted {} of experiment {}", scorer.name, scorer.experiment_id))?;
    Ok(Outcome::Done)
}

async fn try_on(client: &Client, args: &ScorerTryArgs) -> Result<Outcome> {
    let definition = definition(args.definition.as_deref(), args.file.as_deref())?;
    let scorer_id = match &args.scorer {
        Some(name) => Some(find(client, name, args.experiment.as_deref()).await?.scorer_id),
        None => None,
    };
    let body = json!({"trace_id": args.trace, "scorer_id": scorer_id, "definition": definition});
    let tried: Value = client.post_json(&format!("{PATH}/try"), &body).await?;
    if args.json {
        return print_json(&tried);
    }
    let tried = lines::Tried::deserialize(&tried).context("the answer is no score")?;
    lines::tried(&tried)?;
    Ok(Outcome::bad_news_if(tried.error.is_some()))
}

async fn backfill(client: &Client, args: &ScorerBackfillArgs) -> Result<Outcome> {
    if let Some(id) = &args.cancel {
        let path = format!("/api/v1/backfills/{}/cancel", url_encoded(id));
        let job: Value = client.post_json(&path, &json!({})).await?;
        return print_job(&job, args.json);
    }
    let scorer = of_name(client, &args.name).await?;
    let list = format!("/api/v1/backfills?scorer_id={}", scorer.scorer_id);
    if args.list {
        let found: Value = client.get_json(&list).await?;
        if args.json {
            return print_json(&found);
        }
        lines::jobs(
            &lines::Jobs::deserialize(&found).context("the answer is no list of backfills")?.backfills,
        )?;
        return Ok(Outcome::Done);
    }
    let body = json!({"filter": args.filter, "traces_max": args.limit, "again": args.again});
    let started: Value = client.post_json(&format!("{PATH}/{}/backfills", scorer.scorer_id), &body).await?;
    if args.no_wait {
        return print_job(&started, args.json);
    }
    let job = lines::Job::deserialize(&started).context("the answer is no backfill")?;
    follow(client, &list, job, args.json).await
}

/// Tells how a job stands until it ends. Whoever interrupts that does not end the job.
async fn follow(client: &Client, list: &str, mut job: lines::Job, is_json: bool) -> Result<Outcome> {
    let mut told = None;
    loop {
        if told != Some(job.done) {
            err_line(&lines::job(&job));
            told = Some(job.done);
        }
        let found: Value = client.get_json(list).await?;
        let all = found["backfills"].as_array().cloned().unwrap_or_default();
        let own = all.into_iter().find(|one| one["backfill_id"] == job.backfill_id.as_str());
        let own =
            own.with_context(|| format!("the backfill {} is gone, with its scorer", job.backfill_id))?;
        job = lines::Job::deserialize(&own).context("the answer is no backfill")?;
        if job.state != "running" {
            return print_job(&own, is_json);
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

fn print_job(job: &Value, is_json: bool) -> Result<Outcome> {
    if is_json {
        return print_json(job);
    }
    let job = lines::Job::deserialize(job).context("the answer is no backfill")?;
    out_line(&lines::job(&job))?;
    Ok(Outcome::bad_news_if(job.state == "failed"))
}
