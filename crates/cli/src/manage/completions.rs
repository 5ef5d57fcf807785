//! `spanwise completions`.

use crate::args::{Arguments, CompletionsArgs};
use anyhow::Result;
use clap::CommandFactory;
use std::io::{self, Write};

/// Prints a shell's script.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<()> {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    // It panics if it can't write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(())
}
