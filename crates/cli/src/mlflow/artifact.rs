//! Artifacts: copied file by file from a folder of this machine, or out of the tracking server.

use super::api::ApiClient;
use super::page::{Folder, Place};
use crate::client::Client;
use crate::text::url_encoded;
use anyhow::{Context, Result, bail};
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};
use spanwise_api_types::mlflow::traces_json::export_request;
use spanwise_api_types::native::ARCHIVE_VERSION;
use spanwise_model::TraceId;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file of a trace's spans.
const SPANS_FILE: &str = "traces.json";
/// The file of an archived trace's spans, as OTLP's protobuf.
const ARCHIVE_FILE: &str = "traces.pb";
/// Longest file of spans.
const SPANS_BYTES_MAX: usize = 48 << 20;
/// Bytes of a file that are read at a time.
const PIECE_BYTES: usize = 256 << 10;
/// Folders within each other.
const DEPTH_MAX: usize = 32;

/// Where artifacts come from.
pub(super) enum Artifacts {
    /// Folders of this machine; that of what MLflow's server keeps, if it is known.
    Folder { root: Option<PathBuf> },
    /// The tracking server.
    Server(Arc<ApiClient>),
}

/// What became of a folder.
#[derive(Debug, Default)]
pub(super) struct Copied {
    pub(super) files: u64,
    pub(super) problems: Vec<String>,
    /// Why nothing can be copied from here.
    pub(super) note: Option<String>,
}

/// One file in a folder, by its path there.
struct Entry {
    path: String,
    bytes: Option<u64>,
}

impl Artifacts {
    pub(super) fn folder(root: Option<PathBuf>) -> Artifacts {
        Artifacts::Folder { root }
    }

    /// Copies a folder, but what is there already.
    pub(super) async fn copy(&self, folder: &Folder, client: &Client) -> Result<Copied> {
        let mut copied = Copied::default();
        let entries = match self.list(folder).await? {
            Ok(entries) => entries,
            Err(note) => {
                if folder.spans_of.is_some() {
                    copied.problems.push(format!("its spans are in a file: {note}"));
                } else {
                    copied.note = Some(note);
                }
                return Ok(copied);
            }
        };
        let mut known: HashMap<String, HashMap<String, u64>> = HashMap::new();
        let mut has_spans = false;
        for entry in entries {
            let is_of_spans = matches!(entry.path.as_str(), SPANS_FILE | ARCHIVE_FILE);
            let result = match &folder.spans_of {
                Some((trace, experiment)) if is_of_spans => {
                    has_spans = true;
                    self.send_spans(folder, &entry, trace, experiment, client).await
                }
                // Of a trace whose spans came out of the database.
                _ if is_of_spans && folder.target.contains("/traces/") => continue,
                _ => self.copy_file(folder, &entry, client, &mut known).await,
            };
            match result {
                Ok(is_new) => copied.files += u64::from(is_new),
                Err(error) => copied.problems.push(format!("{}: {error:#}", entry.path)),
            }
        }
        if folder.spans_of.is_some() && !has_spans {
            copied.problems.push(format!("its spans are neither in the database nor at {}", folder.uri));
        }
        Ok(copied)
    }

    /// Lists all files of a folder, or says why they can't be had.
    async fn list(&self, folder: &Folder) -> Result<Result<Vec<Entry>, String>> {
        match self {
            Artifacts::Folder { root } => {
                let path = match (Place::of(&folder.uri), root) {
                    (Place::Server(path), Some(root)) => root.join(path),
                    (Place::Server(_), None) => {
                        return Ok(Err("MLflow's server keeps artifacts in a folder that is not known here; name it with \
                                       --artifact-root"
                            .to_owned()));
                    }
                    (Place::Local(path), _) => PathBuf::from(path),
                    (Place::Elsewhere, _) => return Ok(Err(elsewhere(&folder.uri))),
                };
                let listing = move || {
                    let mut entries = Vec::new();
                    walk(&path, "", 0, &mut entries).map(|()| entries)
                };
                let listed = tokio::task::spawn_blocking(listing).await.context("listing panicked")?;
                Ok(listed.map_err(|error| format!("{}: {error}", folder.uri)))
            }
            Artifacts::Server(api) => {
                let mut entries = Vec::new();
                let mut open = vec![String::new()];
                while let Some(path) = open.pop() {
                    let Some(files) = api.files(folder, &path).await? else {
                        return Ok(Err(elsewhere(&folder.uri)));
                    };
                    for file in files {
                        match file.bytes {
                            Some(_) => entries.push(Entry { path: file.path, bytes: file.bytes }),
                            None if open.len() < 10_000 => open.push(file.path),
                            None => bail!("{} has too many folders", folder.uri),
                        }
                    }
                }
                Ok(Ok(entries))
            }
        }
    }

    /// Returns the bytes of a file, to be read piece by piece.
    async fn open(&self, folder: &Folder, path: &str) -> Result<Body> {
        match self {
            Artifacts::Folder { root } => {
                let base = match (Place::of(&folder.uri), root) {
                    (Place::Server(path), Some(root)) => root.join(path),
                    (Place::Local(path), _) => PathBuf::from(path),
                    _ => bail!("it can't be reached"),
                };
                file_body(&base.join(path)).await
            }
            Artifacts::Server(api) => api.file(folder, path).await,
        }
    }

    /// Copies a file unless it is there; returns whether it was not.
    async fn copy_file(
        &self,
        folder: &Folder,
        entry: &Entry,
        client: &Client,
        known: &mut HashMap<String, HashMap<String, u64>>,
    ) -> Result<bool> {
        let target = format!("{}/{}", folder.target, entry.path);
        let (parent, name) = target.rsplit_once('/').unwrap_or(("", &target));
        if !known.contains_key(parent) {
            known.insert(parent.to_owned(), files_there(client, parent).await?);
        }
        if entry.bytes.is_some()
            && known.get(parent).and_then(|files| files.get(name)).copied() == entry.bytes
        {
            return Ok(false);
        }
        let body = self.open(folder, &entry.path).await?;
        client
            .put_body(&format!("/api/2.0/mlflow-artifacts/artifacts/{}", encoded_path(&target)), body)
            .await?;
        Ok(true)
    }

    /// Takes the spans of a trace out of a file. That the file is no artifact here is as with other traces.
    async fn send_spans(
        &self,
        folder: &Folder,
        entry: &Entry,
        trace: &str,
        experiment: &str,
        client: &Client,
    ) -> Result<bool> {
        let body = self.open(folder, &entry.path).await?;
        let bytes = Limited::new(body, SPANS_BYTES_MAX).collect().await;
        let bytes = bytes
            .map_err(|error| anyhow::anyhow!("cannot be read (at most {SPANS_BYTES_MAX} bytes): {error}"))?;
        let line = spans_line(&entry.path, &bytes.to_bytes(), trace, experiment)?;
        let result: crate::api::ImportResult = client.post_lines("/api/v1/import", line).await?;
        match result.errors.into_iter().next() {
            Some(error) => bail!("{}", error.message),
            None => Ok(false),
        }
    }
}

fn elsewhere(uri: &str) -> String {
    let place = uri.split_once("://").map_or(uri, |(scheme, _)| scheme);
    format!("artifacts at {place}: stay there, where clients find them as before")
}

fn spans_line(file: &str, bytes: &[u8], trace: &str, experiment: &str) -> Result<Bytes> {
    let mut line = json!({"spanwise": ARCHIVE_VERSION, "trace_id": trace, "experiment": experiment});
    if file == ARCHIVE_FILE {
        line["otlp"] = STANDARD.encode(bytes).into();
    } else {
        let id: TraceId = trace.parse()?;
        let id =
            id.otel_bytes().context("the trace's id is not of 32 hex digits, and OTLP knows no others")?;
        let request: Value = export_request(bytes, id)?;
        line["resourceSpans"] = request["resourceSpans"].clone();
    }
    Ok(serde_json::to_vec(&line)?.into())
}

/// Returns the files of a folder here, with their lengths.
async fn files_there(client: &Client, path: &str) -> Result<HashMap<String, u64>> {
    let route = format!("/api/2.0/mlflow-artifacts/artifacts?path={}", url_encoded(path));
    let answer: Value = client.get_json(&route).await?;
    let files = answer["files"].as_array().cloned().unwrap_or_default();
    let file = |file: &Value| {
        let path = file["path"].as_str()?;
        Some((path.rsplit('/').next().unwrap_or(path).to_owned(), file["file_size"].as_u64()?))
    };
    Ok(files.iter().filter_map(file).collect())
}

/// Encodes each part of a path.
pub(super) fn encoded_path(path: &str) -> String {
    path.split('/').map(url_encoded).collect::<Vec<_>>().join("/")
}

/// Lists the files below a folder; what is no file and no folder is left out, and a folder that is not there is empty.
fn walk(root: &Path, below: &str, depth: usize, entries: &mut Vec<Entry>) -> std::io::Result<()> {
    if depth > DEPTH_MAX {
        return Err(std::io::Error::other("too many folders within each other"));
    }
    let folder = match std::fs::read_dir(root.join(below)) {
        Ok(folder) => folder,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && below.is_empty() => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in folder {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(root, &path, depth + 1, entries)?;
        } else if kind.is_file() {
            entries.push(Entry { path, bytes: Some(entry.metadata()?.len()) });
        }
    }
    Ok(())
}

/// Returns a file as a body; it is read piece by piece on threads that may wait.
async fn file_body(path: &Path) -> Result<Body> {
    let path = path.to_owned();
    let file = tokio::task::spawn_blocking(move || std::fs::File::open(path))
        .await
        .context("opening panicked")??;
    let pieces = stream::try_unfold(file, |mut file| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE_BYTES];
            let length = file.read(&mut piece)?;
            piece.truncate(length);
            Ok::<_, std::io::Error>((Bytes::from(piece), file))
        });
        let (piece, file) = read.await.map_err(std::io::Error::other)??;
        Ok::<_, std::io::Error>((!piece.is_empty()).then_some((piece, file)))
    });
    Ok(Body::from_stream(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_parts() {
        assert_eq!(encoded_path("1/r/artifacts/ü x.txt"), "1/r/artifacts/%C3%BC%20x.txt");
    }

    #[test]
    fn the_files_of_a_folder_are_found_by_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join("a/b/c"), "xyz").unwrap();
        std::fs::write(folder.path().join("d"), "").unwrap();
        let mut entries = Vec::new();
        walk(folder.path(), "", 0, &mut entries).unwrap();
        let mut found: Vec<_> = entries.into_iter().map(|entry| (entry.path, entry.bytes)).collect();
        found.sort();
        assert_eq!(found, [("a/b/c".to_owned(), Some(3)), ("d".to_owned(), Some(0))]);
        let mut none = Vec::new();
        walk(&folder.path().join("nothing"), "", 0, &mut none).unwrap();
        assert!(none.is_empty());
    }
}
