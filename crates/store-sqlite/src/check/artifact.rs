//! Artifacts: whether all of them can be read.

use super::Check;
use std::fs::{self, File};
use std::io;
use std::path::Path;

impl Check<'_> {
    /// Reads all files below a folder. They have no checksum: what a disk gives back wrong is not found.
    pub(super) fn artifacts(&mut self, folder: &Path) {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.note(format!("cannot read {}: {error}", folder.display())),
            Ok(entries) => entries,
        };
        for entry in entries {
            let result = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)));
            match result {
                Ok((path, kind)) if kind.is_dir() => self.artifacts(&path),
                Ok((path, kind)) if kind.is_file() => {
                    self.report.artifacts += 1;
                    let read = File::open(&path).and_then(|mut file| io::copy(&mut file, &mut io::sink()));
                    // One that was deleted since is not missed.
                    if let Some(error) = read.err().filter(|error| error.kind() != io::ErrorKind::NotFound) {
                        self.note(format!("cannot read the artifact {}: {error}", path.display()));
                    }
                }
                Ok((path, _)) => self.note(format!("{} is no file and no folder", path.display())),
                Err(error) => self.note(format!("cannot read {}: {error}", folder.display())),
            }
        }
    }
}
