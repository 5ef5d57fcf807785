//! `spanwise import mlflow`: takes a store of MLflow over whole, stage by stage and page by page, and goes on after an
//! interruption. Everything goes through the native API, so that it does not matter whether a server runs.

mod api;
mod artifact;
mod page;
mod report;
mod source;
mod sql;
mod state;
mod target;
mod trace_line;

use crate::Outcome;
use crate::args::MlflowArgs;
use crate::backend::Backend;
use crate::client::Client;
use crate::terminal::{err_line, out_line};
use crate::transfer::Progress;
use anyhow::{Context as _, Result, anyhow, bail};
use artifact::Artifacts;
use jiff::{Timestamp, civil, tz::TimeZone};
use page::{Context, Item, Line, Page, Place, Stage, Target};
use source::Source;
use spanwise_api_types::native::CatalogLine;
use state::{State, Wanted};
use std::path::PathBuf;

/// Takes a store over.
pub(crate) async fn import(args: &MlflowArgs) -> Result<Outcome> {
    let config = args.flags.load()?.config;
    let since_ms = args.since.as_deref().map(|text| since(text, Timestamp::now())).transpose()?;
    let (source, artifacts) = Source::open(&args.source, args.artifact_root.as_deref()).await?;
    let backend = match args.dry_run {
        true => None,
        false => Some(Backend::connect(&config).await?),
    };
    let target =
        backend.as_ref().map_or_else(|| "nothing (--dry-run)".to_owned(), |backend| backend.place(&config));
    let wanted = Wanted {
        source: source::shown(&args.source),
        target,
        experiments: args.experiment.clone(),
        since_ms,
        with_artifacts: !args.no_artifacts,
    };
    let state_path = args.state.clone().unwrap_or_else(|| State::default_path(&wanted));
    let mut run = Run {
        context: context_of(&wanted),
        client: backend.as_ref().map(|backend| &backend.client),
        state: resume(args, &state_path, wanted),
        state_path,
        source,
        artifacts,
    };
    let done = run.all().await;
    let (state, state_path) = (run.state, run.state_path);
    if let Some(backend) = backend {
        backend.close().await?;
    }
    done.with_context(|| match args.dry_run {
        true => "the import stopped".to_owned(),
        false => {
            format!("the import stopped at the {}; the same command goes on from there", state.stage.name())
        }
    })?;
    if let Some(path) = &args.report {
        let text = serde_json::to_vec_pretty(&report::json(&state, args.dry_run))?;
        std::fs::write(path, text).with_context(|| format!("cannot write {} (--report)", path.display()))?;
    }
    if !args.dry_run {
        State::remove(&state_path)?;
    }
    for line in report::lines(&state, args.dry_run) {
        out_line(&line)?;
    }
    Ok(Outcome::bad_news_if(state.problem_count() > 0))
}

fn context_of(wanted: &Wanted) -> Context {
    Context {
        wanted: wanted.experiments.clone(),
        since_ms: wanted.since_ms,
        with_artifacts: wanted.with_artifacts,
        ..Context::default()
    }
}

fn resume(args: &MlflowArgs, path: &std::path::Path, wanted: Wanted) -> State {
    if args.restart || args.dry_run {
        return State::new(wanted);
    }
    match State::find(path, &wanted) {
        Ok(Some(state)) => {
            err_line(&format!("going on with the {} (--restart begins anew)", state.stage.name()));
            state
        }
        Ok(None) => State::new(wanted),
        Err(reason) => {
            err_line(&format!("beginning anew, since {} can't be used: {reason}", path.display()));
            State::new(wanted)
        }
    }
}

/// An import under way.
struct Run<'a> {
    source: Source,
    artifacts: Artifacts,
    /// Where everything goes; nowhere in a dry run.
    client: Option<&'a Client>,
    context: Context,
    state: State,
    state_path: PathBuf,
}

impl Run<'_> {
    async fn all(&mut self) -> Result<()> {
        self.context.experiments = self.state.experiments.clone();
        for note in self.source.notes().await? {
            self.state.note(note);
        }
        let begun = self.state.stage;
        for stage in Stage::ALL.into_iter().filter(|stage| *stage >= begun) {
            self.stage(stage).await?;
            if stage == Stage::Experiments {
                self.check_wanted()?;
            }
            // What is done must not be done, and counted, again.
            if let Some(next) = Stage::ALL.into_iter().find(|next| *next > stage) {
                (self.state.stage, self.state.after) = (next, None);
                self.save()?;
            }
        }
        Ok(())
    }

    /// Refuses names of experiments that are not there.
    fn check_wanted(&self) -> Result<()> {
        let is_there =
            |name: &&String| self.context.experiments.values().any(|target| target.source_name == **name);
        let missing: Vec<&String> = self.context.wanted.iter().filter(|name| !is_there(name)).collect();
        match missing.first() {
            Some(name) if !self.state.problems.iter().any(|problem| problem.id == **name) => {
                bail!("there is no experiment `{name}` (--experiment) in {}", self.state.wanted.source)
            }
            _ => Ok(()),
        }
    }

    async fn stage(&mut self, stage: Stage) -> Result<()> {
        match stage {
            Stage::Artifacts if !self.context.with_artifacts => return Ok(()),
            Stage::Deletions => return self.delete_experiments().await,
            _ => {}
        }
        let progress = Progress::things(stage.name(), self.source.count(stage, &self.context).await?);
        progress.start_at(self.state.counts.get(&stage).map_or(0, |counts| counts.taken));
        let mut after = self.state.after.clone();
        let mut page = self.source.page(stage, &self.context, after.as_ref()).await?;
        loop {
            after = page.next.take();
            if stage == Stage::Experiments {
                page.items =
                    page.items.into_iter().map(|item| adjusted(item, &self.context, false)).collect();
            }
            // The next page is read while this one is written, but what comes next may need the experiments of this one.
            let next = match &after {
                Some(after) if stage != Stage::Experiments => {
                    let reading = self.source.page(stage, &self.context, Some(after));
                    let sending = send(self.client, &page.items);
                    let (next, sent) = tokio::join!(reading, sending);
                    self.settle(stage, page, sent?).await?;
                    Some(next)
                }
                Some(after) => {
                    let sent = send(self.client, &page.items).await?;
                    let next = self.source.page(stage, &self.context, Some(after)).await;
                    self.settle(stage, page, sent).await?;
                    Some(next)
                }
                None => {
                    let sent = send(self.client, &page.items).await?;
                    self.settle(stage, page, sent).await?;
                    None
                }
            };
            progress.set(self.state.counts.get(&stage).map_or(0, |counts| counts.taken));
            self.state.after.clone_from(&after);
            let Some(next) = next else { return Ok(()) };
            self.save()?;
            page = next?;
        }
    }

    /// Counts what became of a page, and copies the artifacts that belong to it.
    async fn settle(&mut self, stage: Stage, page: Page, sent: target::Sent) -> Result<()> {
        for (id, reason) in page.problems {
            self.state.problem(stage, &id, reason);
        }
        let mut taken: u64 = page.items.iter().map(|item| item.count).sum();
        for (index, reason) in sent.refused {
            let Some(item) = page.items.get(index) else { continue };
            taken = taken.saturating_sub(item.count);
            self.state.problem(stage, &item.id, reason);
        }
        self.state.counts.entry(stage).or_default().taken += taken;
        if stage == Stage::Experiments {
            self.learn(&page.items, &sent.experiments)?;
        }
        for folder in &page.folders {
            self.copy(folder).await?;
        }
        Ok(())
    }

    async fn copy(&mut self, folder: &page::Folder) -> Result<()> {
        let Some(client) = self.client else { return Ok(()) };
        if !self.context.with_artifacts && folder.spans_of.is_none() {
            return Ok(());
        }
        let copied = self.artifacts.copy(folder, client).await?;
        self.state.counts.entry(Stage::Artifacts).or_default().taken += copied.files;
        for reason in copied.problems {
            let stage = if folder.spans_of.is_some() { Stage::Traces } else { Stage::Artifacts };
            self.state.problem(stage, &folder.id, reason);
        }
        if let Some(note) = copied.note {
            self.state.note(note);
        }
        Ok(())
    }

    /// Remembers which experiments became which.
    fn learn(&mut self, items: &[Item], became: &[spanwise_api_types::native::ImportedAs]) -> Result<()> {
        for item in items {
            let Line::Catalog(line) = &item.line else { continue };
            let CatalogLine::Experiment(experiment) = &**line else { continue };
            let target = match became.iter().find(|became| became.source_id == experiment.experiment_id) {
                Some(became) => Target {
                    id: became
                        .experiment_id
                        .parse()
                        .map_err(|_| anyhow!("the server's experiment has no number"))?,
                    name: became.name.clone(),
                    source_name: experiment.name.clone(),
                    deleted: false,
                },
                // In a dry run.
                None if self.client.is_none() => Target {
                    id: experiment.experiment_id,
                    name: experiment.name.clone(),
                    source_name: experiment.name.clone(),
                    deleted: false,
                },
                None => continue,
            };
            self.context.experiments.insert(experiment.experiment_id, target);
        }
        self.state.experiments.clone_from(&self.context.experiments);
        Ok(())
    }

    /// Deletes experiments that are deleted there: they were active here, so that their traces could come.
    async fn delete_experiments(&mut self) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.source.page(Stage::Experiments, &self.context, after.as_ref()).await?;
            let deleted = |item: &Item| match &item.line {
                Line::Catalog(line) => matches!(&**line, CatalogLine::Experiment(one) if one.deleted),
                Line::Trace(_) | Line::RunLinks { .. } => false,
            };
            let items: Vec<Item> = page
                .items
                .into_iter()
                .filter(deleted)
                .map(|item| adjusted(item, &self.context, true))
                .collect();
            if let Some(client) = self.client {
                let sent = target::send(client, &items).await?;
                let refused = sent.refused.len() as u64;
                for (index, reason) in sent.refused {
                    let id = items.get(index).map(|item| item.id.clone()).unwrap_or_default();
                    self.state.problem(Stage::Deletions, &id, reason);
                }
                self.state.counts.entry(Stage::Deletions).or_default().taken += items.len() as u64 - refused;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn save(&self) -> Result<()> {
        if self.client.is_some() { self.state.save(&self.state_path) } else { Ok(()) }
    }
}

/// Sends a page, if there is anywhere to send it to.
async fn send(client: Option<&Client>, items: &[Item]) -> Result<target::Sent> {
    match client {
        Some(client) => target::send(client, items).await,
        None => Ok(target::Sent::default()),
    }
}

/// Returns an experiment with its artifacts where they come to; deleted only at the end, so that its traces can come.
fn adjusted(mut item: Item, context: &Context, with_deletion: bool) -> Item {
    let Line::Catalog(line) = &mut item.line else { return item };
    let CatalogLine::Experiment(experiment) = &mut **line else { return item };
    experiment.deleted &= with_deletion;
    let location = match Place::of(&experiment.artifact_location) {
        Place::Server(path) if path == experiment.experiment_id.to_string() => String::new(),
        Place::Server(path) => format!("mlflow-artifacts:/{path}"),
        Place::Local(_) if context.with_artifacts => String::new(),
        Place::Local(_) | Place::Elsewhere => experiment.artifact_location.clone(),
    };
    experiment.artifact_location = location;
    item
}

/// Reads a time: a day, a time of RFC 3339, or how long ago, as in `-7d`.
fn since(text: &str, now: Timestamp) -> Result<i64> {
    if let Some(ago) = text.strip_prefix('-') {
        let (number, unit) = ago.split_at(ago.len().saturating_sub(1));
        let seconds = match unit {
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => 0,
        };
        let seconds =
            number.parse::<i64>().ok().and_then(|number| number.checked_mul(seconds)).filter(|ago| *ago > 0);
        if let Some(seconds) = seconds {
            return Ok(now.as_millisecond().saturating_sub(seconds.saturating_mul(1_000)));
        }
    } else if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    } else if let Ok(day) = text.parse::<civil::Date>() {
        return Ok(day.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond());
    }
    bail!(
        "`{text}` (--since) is no time; expected a day (2026-01-31), a time (2026-01-31T10:00:00Z) or how long ago (-7d)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_day_a_time_or_how_long_ago() {
        let now: Timestamp = "2026-01-31T10:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2026-01-31", 1_769_817_600_000),
            ("2026-01-31T00:00:01Z", 1_769_817_601_000),
            ("-1h", 1_769_850_000_000),
            ("-1d", 1_769_767_200_000),
        ] {
            assert_eq!(since(text, now).unwrap(), expected, "{text}");
        }
        for text in ["", "-", "-d", "-0d", "-1y", "yesterday"] {
            assert!(since(text, now).is_err(), "{text}");
        }
    }
}
