//! The SDK's core from outside: what is sent, and what happens when it can't be.

mod collected;
mod context;
mod faults;
mod recording;
mod sampling;
mod sink;
