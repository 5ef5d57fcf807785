//! What two evaluations say when they are laid side by side: which rows belong together, and whether a difference is
//! more than chance, of paired rows or of two samples; whether reviewers agree; and whether two conditions hold together
//! more often than by chance. No I/O, no store.

mod agreement;
mod correlation;
mod moments;
mod pair;
mod significance;
mod unpaired;
mod value;

pub use agreement::{Agreement, Answer, RaterPair, agreement, cohen_kappa};
pub use correlation::{JointCounts, npmi};
pub use moments::Moments;

pub use pair::pair_rows;
pub use significance::{Difference, difference};
pub use unpaired::{Change, mean_change, share_change};
pub use value::{Aggregate, aggregate, number_of};
