//! What tokens cost: lists of prices, how a model is found in them, and the formula.
//!
//! A [`PriceList`] is the one that is built in, or that with a newer one over it. A [`PriceTable`] is a list with
//! overrides, as one experiment sees it, and answers fast. A [`PriceBook`] has the table of each experiment.

mod book;
mod charge;
mod list;
mod litellm;
mod name;
mod provider;
mod rates;
mod table;

pub use book::{OVERRIDES_MAX, Override, PriceBook};
pub use charge::{Charge, UsageDetails};
pub use list::{
    LIST_ROWS_MAX, ListInfo, NAME_CHARS_MAX, Origin, PROBLEMS_MAX, PriceList, ReadList, Row, RowProblem,
    check_name,
};
pub use name::{Rule, Unknown};
pub use rates::{Kind, PRICE_PER_MILLION_MAX, PriceError, Prices, per_million, per_token};
pub use table::{Match, MatchStep, PriceTable, Priced};
