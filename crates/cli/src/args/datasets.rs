//! What `datasets` takes.

use super::help;
use crate::config::ClientFlags;
use clap::{Args, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct DatasetsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<DatasetsCommand>,
    #[command(flatten)]
    pub(crate) list: DatasetListArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DatasetsCommand {
    /// List datasets, the newest first (this is the default)
    #[command(after_help = help::DATASETS_LIST)]
    List(DatasetListArgs),
    /// Show a dataset: its fields, its versions, its first records
    #[command(after_help = help::DATASETS_SHOW)]
    Show(DatasetShowArgs),
    /// Write the records of a dataset to a file: JSONL, CSV or Parquet
    #[command(after_help = help::DATASETS_EXPORT)]
    Export(DatasetExportArgs),
    /// Add the records of a JSONL, CSV or Parquet file to a dataset
    #[command(after_help = help::DATASETS_IMPORT)]
    Import(DatasetImportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DatasetListArgs {
    /// Only those with this in their name
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Only those of this experiment, by name or id; may be repeated
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) experiment: Vec<String>,
    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
    /// Show times in UTC instead of the local time zone
    #[arg(long)]
    pub(crate) utc: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct DatasetShowArgs {
    /// The dataset
    #[arg(value_name = "NAME|ID")]
    pub(crate) dataset: String,
    /// As it was in this version
    #[arg(long, value_name = "N")]
    pub(crate) version: Option<i64>,
    /// Records to show
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) limit: u16,
    /// Print JSON: the dataset, its versions and its records
    #[arg(long)]
    pub(crate) json: bool,
    /// Show times in UTC instead of the local time zone
    #[arg(long)]
    pub(crate) utc: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

/// A form of a file of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordFormat {
    Jsonl,
    Csv,
    Parquet,
}

impl RecordFormat {
    /// Returns the name that the server knows it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            RecordFormat::Jsonl => "jsonl",
            RecordFormat::Csv => "csv",
            RecordFormat::Parquet => "parquet",
        }
    }

    /// Tells the form from a file's name.
    pub(crate) fn of(path: &Path) -> Option<RecordFormat> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" | "json" => Some(RecordFormat::Jsonl),
            "csv" | "tsv" => Some(RecordFormat::Csv),
            "parquet" => Some(RecordFormat::Parquet),
            _ => None,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct DatasetExportArgs {
    /// The dataset
    #[arg(value_name = "NAME|ID")]
    pub(crate) dataset: String,
    /// As it was in this version
    #[arg(long, value_name = "N")]
    pub(crate) version: Option<i64>,
    /// The form; without it the ending of the file's name tells it
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<RecordFormat>,
    /// Where to; `-` is standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(crate) output: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct DatasetImportArgs {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The dataset to add to
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) dataset: String,
    /// Make the dataset if there is none of that name
    #[arg(long)]
    pub(crate) create: bool,
    /// The experiment of a dataset that is made, by name or id; may be repeated
    #[arg(long, value_name = "NAME|ID", requires = "create")]
    pub(crate) experiment: Vec<String>,
    /// The form; without it the ending of the file's name tells it
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<RecordFormat>,
    /// Where a column goes, e.g. question=inputs.question; nothing after the = leaves it out; may be repeated
    #[arg(long, value_name = "NAME=TARGET")]
    pub(crate) column: Vec<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}
