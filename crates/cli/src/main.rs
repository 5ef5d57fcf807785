//! `spanwise`: runs the server, and talks to it or to its data directory from the command line.
//!
//! Commands parse, call and print; what they know lives in the other crates.

mod api;
mod args;
mod backend;
mod client;
mod config;
mod datasets;
mod demo;
mod explain;
mod housekeeping;
mod manage;
mod mlflow;
mod prices;
mod redaction;
mod scorers;
mod select;
mod serve;
mod show;
mod snippet;
mod summary;
mod table;
mod tail;
mod terminal;
mod text;
mod transfer;

use args::{Arguments, Command, ConfigCommand, ImportArgs, ImportCommand};
use clap::Parser;
use std::process::ExitCode;
use terminal::{Painter, Style, err_line, is_broken_pipe, set_color};

/// What one thread allocates and another frees costs less than with the system's; see ADR 10.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A command could not do its work. Clap uses the same code for wrong arguments.
const FAILED: u8 = 2;

/// How a command that did its work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// There is bad news: `check` found damage, `import` met bad lines.
    BadNews,
}

impl Outcome {
    /// Says that there is bad news, or not.
    fn bad_news_if(is_bad: bool) -> Outcome {
        if is_bad { Outcome::BadNews } else { Outcome::Done }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        match outcome {
            Outcome::Done => ExitCode::SUCCESS,
            Outcome::BadNews => ExitCode::from(1),
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    set_color(arguments.color);
    match run(arguments.command) {
        Ok(outcome) => outcome.into(),
        // The reader of a pipe has seen enough, as in `spanwise search | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            err_line(&format!("{} {error:#}", Painter::for_stderr().paint(Style::Red, "error:")));
            ExitCode::from(FAILED)
        }
    }
}

fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Serve(args) => serve::run(&args).map(|()| Outcome::Done),
        Command::Demo(args) => runtime()?.block_on(demo::run(&args)).map(|()| Outcome::Done),
        Command::Search(args) => runtime()?.block_on(show::search(&args)),
        Command::Stats(args) => runtime()?.block_on(show::stats(&args)).map(|()| Outcome::Done),
        Command::Get(args) => runtime()?.block_on(show::get(&args)).map(|()| Outcome::Done),
        Command::Tail(args) => runtime()?.block_on(tail::tail(&args)).map(|()| Outcome::Done),
        Command::Export(args) => runtime()?.block_on(transfer::export(&args)).map(|()| Outcome::Done),
        Command::Import(ImportArgs { command: Some(ImportCommand::Mlflow(args)), .. }) => {
            runtime()?.block_on(mlflow::import(&args))
        }
        Command::Import(args) => runtime()?.block_on(transfer::import(&args)),
        Command::Tag(args) => runtime()?.block_on(manage::tag(&args)),
        Command::Delete(args) => runtime()?.block_on(manage::delete(&args)),
        Command::Experiments(args) => runtime()?.block_on(manage::experiments(&args)).map(|()| Outcome::Done),
        Command::Datasets(args) => runtime()?.block_on(datasets::datasets(&args)),
        Command::Prices(args) => runtime()?.block_on(prices::prices(&args)),
        Command::Scorers(args) => runtime()?.block_on(scorers::scorers(&args)),
        Command::Redaction { command } => {
            runtime()?.block_on(redaction::run(&command)).map(|()| Outcome::Done)
        }
        Command::Backup(args) => runtime()?.block_on(housekeeping::backup(&args)).map(|()| Outcome::Done),
        Command::Restore(args) => housekeeping::restore(&args).map(|()| Outcome::Done),
        Command::Compact(args) => runtime()?.block_on(housekeeping::compact(&args)),
        Command::Renormalize(args) => runtime()?.block_on(housekeeping::renormalize(&args)),
        Command::Check(args) => runtime()?.block_on(show::check(&args)),
        Command::Config { command: ConfigCommand::Show(args) } => show::config(&args).map(|()| Outcome::Done),
        Command::Config { command: ConfigCommand::Path(args) } => show::config_path(&args),
        Command::Completions(args) => manage::completions(&args).map(|()| Outcome::Done),
    }
}

/// Makes the runtime of a command; its work is to wait for one answer after the other.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).max_blocking_threads(4).enable_all().build()
}
