//! `spanwise config show`.

use crate::args::ConfigShowArgs;
use crate::terminal::{Painter, Style, out_line};
use anyhow::Result;
use serde_json::{Map, Value, json};

/// Prints each value and where it came from.
pub(crate) fn config(args: &ConfigShowArgs) -> Result<()> {
    let loaded = args.flags.load()?;
    if args.json {
        let entry = |(name, value, origin): (&str, String, &crate::config::Origin)| {
            (name.to_owned(), json!({"value": value, "origin": origin.to_string()}))
        };
        let entries: Map<String, Value> = loaded.rows().map(entry).collect();
        out_line(&serde_json::to_string_pretty(&entries)?)?;
        return Ok(());
    }
    let painter = Painter::for_stdout();
    let rows: Vec<_> = loaded.rows().collect();
    let name_width = rows.iter().map(|(name, _, _)| name.len()).max().unwrap_or(0);
    let value_width = rows.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or(0);
    for (name, value, origin) in rows {
        let origin = painter.paint(Style::Dim, origin);
        out_line(&format!("{name:name_width$}  {value:value_width$}  {origin}"))?;
    }
    Ok(())
}
