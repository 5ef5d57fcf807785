//! What two evaluations say when they are laid side by side: which rows belong together, and whether a difference is
//! more than chance. No I/O, no store.

mod pair;
mod significance;
mod value;

pub use pair::pair_rows;
pub use significance::{Difference, difference};
pub use value::{Aggregate, aggregate, number_of};
