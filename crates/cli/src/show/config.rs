//! `spanwise config`.

use crate::Outcome;
use crate::args::{ConfigPathArgs, ConfigShowArgs};
use crate::terminal::{Painter, Style, err_line, out_line};
use anyhow::Result;
use serde_json::{Map, Value, json};

/// Prints each value and where it came from.
pub(crate) fn config(args: &ConfigShowArgs) -> Result<()> {
    let loaded = args.flags.load()?;
    if args.json {
        let entry = |(name, value, origin): (String, String, crate::config::Origin)| {
            (name, json!({"value": value, "origin": origin.to_string()}))
        };
        let entries: Map<String, Value> = loaded.rows().into_iter().map(entry).collect();
        out_line(&serde_json::to_string_pretty(&entries)?)?;
        return Ok(());
    }
    let painter = Painter::for_stdout();
    let rows = loaded.rows();
    let name_width = rows.iter().map(|(name, _, _)| name.len()).max().unwrap_or(0);
    let value_width = rows.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or(0);
    for (name, value, origin) in rows {
        let origin = painter.paint(Style::Dim, origin);
        out_line(&format!("{name:name_width$}  {value:value_width$}  {origin}"))?;
    }
    Ok(())
}

/// Prints the path of the configuration file that is in use; none is bad news.
pub(crate) fn config_path(args: &ConfigPathArgs) -> Result<Outcome> {
    let loaded = args.flags.load()?;
    match &loaded.file {
        Some(path) => out_line(&path.display().to_string())?,
        None => {
            let places: Vec<String> =
                loaded.file_places().iter().map(|path| path.display().to_string()).collect();
            err_line(&format!("no configuration file; it may be {}", places.join(" or ")));
        }
    }
    Ok(Outcome::bad_news_if(loaded.file.is_none()))
}
