//! Artifact paths, checked: the only way in which a caller's text becomes a file name.

use super::folder::INCOMING;
use spanwise_store::{StoreError, StoreResult};

/// Longest part of a path in bytes; what common file systems allow.
const PART_BYTES_MAX: usize = 255;
/// Longest path in bytes; well below what operating systems allow with the data directory in front.
const PATH_BYTES_MAX: usize = 2048;

/// A relative path of at least one plain part, or none where the root is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArtifactPath(String);

impl ArtifactPath {
    /// Checks the path of a file or folder.
    pub(super) fn parse(path: &str) -> StoreResult<ArtifactPath> {
        let problem = if path.len() > PATH_BYTES_MAX {
            Some(format!("is longer than {PATH_BYTES_MAX} bytes"))
        } else if path.split('/').next() == Some(INCOMING) {
            Some(format!("begins with `{INCOMING}`, which is reserved"))
        } else {
            path.split('/').find_map(part_problem)
        };
        match problem {
            None => Ok(ArtifactPath(path.to_owned())),
            Some(problem) => {
                let shown: String = path.chars().take(200).collect();
                Err(StoreError::invalid(format!(
                    "artifact path {shown:?} {problem}; expected names separated by single slashes"
                )))
            }
        }
    }

    /// Checks the path of a folder; the empty path is the root.
    pub(super) fn parse_folder(path: &str) -> StoreResult<ArtifactPath> {
        if path.is_empty() { Ok(ArtifactPath(String::new())) } else { ArtifactPath::parse(path) }
    }

    /// Returns the parts from the root on.
    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Returns the path as text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

fn part_problem(part: &str) -> Option<String> {
    if matches!(part, "" | "." | "..") {
        Some(format!("has a part `{part}`"))
    } else if part.contains(['\\', '\0']) {
        Some("has a backslash or a NUL".to_owned())
    } else if part.len() > PART_BYTES_MAX {
        Some(format!("has a part of more than {PART_BYTES_MAX} bytes"))
    } else {
        None
    }
}
