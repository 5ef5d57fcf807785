//! Spans without the attribute: parts of functions, threads, explicit parents, links, events, levels, and what a trace
//! says of itself.
//!
//! ```text
//! cargo run -p spanwise --example context
//! ```

use spanwise::{Kind, Level, Parent, SpanBuilder, SpanRef, StartOptions, TraceUpdate, span};
use std::thread;

fn main() {
    let _guard = spanwise::init();
    let root = span!("nightly report", type = "WORKFLOW", "report.day" = "monday");
    root.update_trace(
        TraceUpdate::new().tag("team", "research").metadata("job", "17").request_preview("monday"),
    );

    // Threads do not inherit the current span: it is handed on.
    let current = SpanRef::current();
    thread::scope(|scope| {
        let current = &current;
        for part in 0..3 {
            scope.spawn(move || {
                let options = StartOptions { parent: Parent::Of(current), sampling: None };
                let part = SpanBuilder::with("part", options).attribute("part", part).start().enter();
                spanwise::current().add_event("half done", &[("rows", &500)]);
                part.set_outputs("1000 rows");
            });
        }
    });

    // A trace of its own, which is linked with this one.
    let options = StartOptions { parent: Parent::Root, sampling: None };
    let other = SpanBuilder::with("send mail", options).kind(Kind::Client).link(&root).start();
    root.add_link(&other, &[("reason", &"caused")]);
    other.set_level(Level::Warning);
    if let Err(error) = "not a port".parse::<u16>() {
        other.record_error(&error);
    }
}
