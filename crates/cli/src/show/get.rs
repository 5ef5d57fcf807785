//! `spanwise get`: one trace, for people or for programs.

use super::tree::print_tree;
use super::url_encoded;
use crate::args::{GetArgs, GetFormat};
use crate::backend::Backend;
use crate::client::Client;
use anyhow::{Context, Result, bail};
use axum::body::Body;
use http_body_util::BodyExt;
use std::io::{self, IsTerminal, Write};

/// Prints a trace.
pub(crate) async fn get(args: &GetArgs) -> Result<()> {
    if args.format == GetFormat::Otlp && io::stdout().is_terminal() {
        bail!("--format otlp is binary; send it to a file or a pipe, or use --format otlp-json");
    }
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_read(&config).await?;
    let shown = show(&backend.client, args).await;
    backend.close().await?;
    shown
}

async fn show(client: &Client, args: &GetArgs) -> Result<()> {
    let id = url_encoded(&args.trace_id);
    let otlp_path = format!("/api/v1/traces/{id}/otlp");
    match args.format {
        GetFormat::Tree => {
            let info = client.get_json(&format!("/api/3.0/mlflow/traces/{id}")).await?;
            let spans = client.get_body(&otlp_path, "application/x-protobuf").await?;
            let spans = spans.collect().await.context("the answer broke off")?.to_bytes();
            print_tree(&info["trace"]["trace_info"], &spans)
        }
        GetFormat::Json => {
            let path = format!("/api/3.0/mlflow/traces/get?trace_id={id}&allow_partial=true");
            copy(client.get_body(&path, "application/json").await?, "\n").await
        }
        GetFormat::Otlp => copy(client.get_body(&otlp_path, "application/x-protobuf").await?, "").await,
        GetFormat::OtlpJson => copy(client.get_body(&otlp_path, "application/json").await?, "\n").await,
    }
}

/// Copies a body to standard output piece by piece, so that a huge trace needs no memory.
async fn copy(mut body: Body, end: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    while let Some(frame) = body.frame().await {
        let frame = frame.context("the answer broke off; what was printed is not complete")?;
        if let Some(chunk) = frame.data_ref() {
            out.write_all(chunk)?;
        }
    }
    out.write_all(end.as_bytes())?;
    out.flush()?;
    Ok(())
}
