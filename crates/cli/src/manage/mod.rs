//! Commands that change what is there: `tag`, `delete`, `experiments`; and `completions`.

mod bulk;
mod completions;
mod experiments;

pub(crate) use bulk::{delete, tag};
pub(crate) use completions::completions;
pub(crate) use experiments::{experiment_path, experiments};
