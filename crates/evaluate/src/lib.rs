//! What two evaluations say when they are laid side by side: which rows belong together, and whether a difference is
//! more than chance; and whether two conditions hold together more often than by chance. No I/O, no store.

mod correlation;
mod pair;
mod significance;
mod value;

pub use correlation::{JointCounts, npmi};
pub use pair::pair_rows;
pub use significance::{Difference, difference};
pub use value::{Aggregate, aggregate, number_of};
