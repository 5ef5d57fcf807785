//! The contract of the traits of [`spanwise_store::catalog`], call by call: a file a trait.

mod dataset;
mod logged_model;
mod run;
mod scorer;
