//! A store of MLflow, whatever it is kept in.

use super::api::ApiSource;
use super::artifact::Artifacts;
use super::page::{Context, Page, Stage};
use super::sql::SqlSource;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What `SOURCE` may be, as errors say it.
const EXPECTED: &str = "expected a database of MLflow's (sqlite:///PATH, a PATH, postgresql://USER@HOST/DATABASE) or \
                        a tracking server (http://HOST:PORT)";

/// Where everything comes from.
pub(super) enum Source {
    Sql(Box<SqlSource>),
    Api(Box<ApiSource>),
}

impl Source {
    /// Opens what a command names, and the artifacts that can be reached from here.
    pub(super) async fn open(name: &str, artifact_root: Option<&Path>) -> Result<(Source, Artifacts)> {
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") {
            let source = ApiSource::connect(name).await?;
            let artifacts = Artifacts::Server(source.client.clone());
            return Ok((Source::Api(Box::new(source)), artifacts));
        }
        if lower.starts_with("postgres") && lower.contains("://") {
            // SQLAlchemy names the driver too: postgresql+psycopg2://…
            let rest = name.split_once("://").map_or("", |(_, rest)| rest);
            let source = SqlSource::postgres(&format!("postgresql://{rest}")).await;
            let source = source.with_context(|| format!("cannot read {}", shown(name)))?;
            return Ok((Source::Sql(Box::new(source)), Artifacts::folder(artifact_root.map(Path::to_owned))));
        }
        let path = match lower.starts_with("sqlite:") {
            true => PathBuf::from(sqlite_path(name)),
            false if name.contains("://") => {
                bail!("`{}` is no source to import from; {EXPECTED}", shown(name))
            }
            false => PathBuf::from(name),
        };
        if path.is_dir() {
            bail!(
                "{} is a directory; {EXPECTED}. A file store (`mlruns`) becomes a database with `mlflow migrate-filestore`",
                path.display()
            );
        }
        let source = SqlSource::sqlite(&path).await?;
        let beside = path.parent().unwrap_or(Path::new("")).join("mlartifacts");
        let root =
            artifact_root.map(Path::to_owned).or_else(|| Some(beside).filter(|folder| folder.is_dir()));
        Ok((Source::Sql(Box::new(source)), Artifacts::folder(root)))
    }

    /// Returns what is to be known of this store and is no problem of a single thing.
    pub(super) async fn notes(&self) -> Result<Vec<String>> {
        match self {
            Source::Sql(source) => source.notes().await,
            Source::Api(source) => Ok(source.notes()),
        }
    }

    /// Returns how many there are of a stage, if that can be told at once.
    pub(super) async fn count(&self, stage: Stage, context: &Context) -> Result<Option<u64>> {
        match self {
            Source::Sql(source) => source.count(stage, context).await,
            Source::Api(_) => Ok(None),
        }
    }

    /// Reads a part of a stage, from the beginning or from where a part ended.
    pub(super) async fn page(&self, stage: Stage, context: &Context, after: Option<&Value>) -> Result<Page> {
        match self {
            Source::Sql(source) => source.page(stage, context, after).await,
            Source::Api(source) => source.page(stage, context, after).await,
        }
    }
}

/// Returns the path of `sqlite:///relative`, `sqlite:////absolute` or `sqlite:path`.
fn sqlite_path(uri: &str) -> &str {
    let rest = &uri["sqlite:".len()..];
    let path = rest.strip_prefix("///").unwrap_or(rest);
    path.split_once('?').map_or(path, |(path, _)| path)
}

/// Returns the name of a source without a password.
pub(super) fn shown(name: &str) -> String {
    let Some((scheme, rest)) = name.split_once("://") else { return name.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    match authority.rsplit_once('@') {
        Some((login, host)) => {
            let user = login.split_once(':').map_or(login, |(user, _)| user);
            format!("{scheme}://{user}@{host}{path}")
        }
        None => format!("{scheme}://{authority}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (name, expected) in [
            ("postgresql://ann:s3cr@t@host:5432/mlflow?password=x", "postgresql://ann@host:5432/mlflow"),
            ("http://ann:secret@host/base", "http://ann@host/base"),
            ("http://host:5000", "http://host:5000"),
            ("postgresql://host/db?user=a&password=b", "postgresql://host/db"),
            ("/srv/mlflow.db", "/srv/mlflow.db"),
        ] {
            assert_eq!(shown(name), expected);
        }
    }

    #[test]
    fn the_paths_of_sqlalchemy_are_understood() {
        for (uri, expected) in [
            ("sqlite:///mlflow.db", "mlflow.db"),
            ("sqlite:////srv/mlflow.db", "/srv/mlflow.db"),
            ("sqlite:mlflow.db", "mlflow.db"),
            ("sqlite:////srv/mlflow.db?timeout=5", "/srv/mlflow.db"),
        ] {
            assert_eq!(sqlite_path(uri), expected);
        }
    }
}
