//! `spanwise`: runs the server, and talks to it or to its data directory from the command line.
//!
//! Commands parse, call and print; what they know lives in the other crates.

mod args;
mod backend;
mod client;
mod config;
mod demo;
mod serve;
mod show;
mod snippet;
mod terminal;

use args::{Arguments, Command, ConfigCommand};
use clap::Parser;
use std::process::ExitCode;
use terminal::{err_line, is_broken_pipe};

/// A command did its work and has bad news: `check` found damage.
const FOUND_PROBLEMS: u8 = 1;
/// A command could not do its work. Clap uses the same code for wrong arguments.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(code) => code,
        // The reader of a pipe has seen enough, as in `spanwise search | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            err_line(&format!("error: {error:#}"));
            ExitCode::from(FAILED)
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Serve(args) => serve::run(&args)?,
        Command::Demo(args) => runtime()?.block_on(demo::run(&args))?,
        Command::Get(args) => runtime()?.block_on(show::get(&args))?,
        Command::Search(args) => runtime()?.block_on(show::search(&args))?,
        Command::Check(args) => {
            if !runtime()?.block_on(show::check(&args))? {
                return Ok(ExitCode::from(FOUND_PROBLEMS));
            }
        }
        Command::Config { command: ConfigCommand::Show(args) } => show::config(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the runtime of a command; its work is to wait for one answer after the other.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).max_blocking_threads(4).enable_all().build()
}
