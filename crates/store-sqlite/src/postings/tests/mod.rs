//! Tests of the index as a whole: what is built is found, and nothing that was in a span is missed.

mod answer;
mod damage;
mod fixture;
mod keep;
