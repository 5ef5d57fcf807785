//! `spanwise demo`: traces of a support chat, a documentation assistant and two agents, made without any model.
//!
//! They are sent as OTLP protobuf through the same decoder as anyone's, and judged through the same API.

mod agent;
mod agent_script;
mod chat;
mod chat_script;
mod feedback;
mod proto;
mod rag;
mod rag_script;
mod story;

use crate::args::DemoArgs;
use crate::backend::Backend;
use crate::client::Client;
use crate::terminal::out_line;
use crate::text::counted;
use anyhow::Result;
use feedback::Feedback;
use prost::Message;
use proto::ExportTraceServiceRequest;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::time::{SystemTime, UNIX_EPOCH};

/// The past that the traces are spread over.
const SPREAD_NS: u64 = 24 * 3_600 * 1_000_000_000;
/// Time that the longest story takes, so that none ends in the future.
const STORY_NS_MAX: u64 = 300 * 1_000_000_000;

/// People who use the demo services.
const USERS: [&str; 10] = [
    "amelia.wright",
    "bruno.costa",
    "chen.wei",
    "dana.levi",
    "elif.kaya",
    "farid.haddad",
    "greta.olsen",
    "hiro.tanaka",
    "ines.moreau",
    "jonas.weber",
];

/// A trace to send, and what people and judges say about it.
struct DemoTrace {
    request: ExportTraceServiceRequest,
    trace_id: String,
    feedback: Vec<Feedback>,
}

/// A trace and its place in a conversation.
struct Visit {
    user: &'static str,
    session: String,
}

/// Adds traces to a running server or to the data directory.
pub(crate) async fn run(args: &DemoArgs) -> Result<()> {
    let config = args.flags.load()?.config;
    let backend = Backend::connect(&config).await?;
    let seed = args.seed.unwrap_or_else(rand::random);
    let added = add(&backend.client, args.traces, seed).await;
    let place = backend.place(&config);
    backend.close().await?;
    out_line(&format!(
        "added {} to {place} (--seed {seed} makes them again)",
        counted(added? as u64, "trace")
    ))?;
    Ok(())
}

/// Sends `count` traces with their feedback; returns how many.
pub(crate) async fn add(client: &Client, count: usize, seed: u64) -> Result<usize> {
    let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos() as u64);
    let mut rng = StdRng::seed_from_u64(seed);
    let mut sent = 0;
    while sent < count {
        let at_ns = now_ns - STORY_NS_MAX - rng.random_range(0..SPREAD_NS - STORY_NS_MAX);
        for trace in scene(&mut rng, at_ns).into_iter().take(count - sent) {
            client.post_protobuf("/v1/traces", trace.request.encode_to_vec()).await?;
            for feedback in &trace.feedback {
                feedback.send(client, &trace.trace_id).await?;
            }
            sent += 1;
        }
    }
    Ok(sent)
}

/// Makes the traces of one visit: a conversation of several turns, one question, or one task.
fn scene(rng: &mut StdRng, at_ns: u64) -> Vec<DemoTrace> {
    let visit = Visit {
        user: USERS.choose(rng).expect("there are users"),
        session: format!("session-{:08x}", rng.random::<u32>()),
    };
    match rng.random_range(0..10) {
        0..4 => chat::conversation(rng, at_ns, &visit),
        4..7 => vec![rag::question(rng, at_ns, &visit)],
        _ => vec![agent::task(rng, at_ns, &visit)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeSet, HashSet};

    fn scenes(seed: u64) -> Vec<DemoTrace> {
        let mut rng = StdRng::seed_from_u64(seed);
        (0..60).flat_map(|_| scene(&mut rng, 1_700_000_000_000_000_000)).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_traces() {
        let encoded = |seed| -> Vec<Vec<u8>> {
            scenes(seed).iter().map(|trace| trace.request.encode_to_vec()).collect()
        };
        assert_eq!(encoded(7), encoded(7));
        assert_ne!(encoded(7), encoded(8));
    }

    #[test]
    fn traces_have_one_root_and_the_sizes_of_their_kind() {
        let mut sizes = BTreeSet::new();
        for trace in scenes(1) {
            let spans = &trace.request.resource_spans[0].scope_spans[0].spans;
            let ids: HashSet<_> = spans.iter().map(|span| &span.span_id).collect();
            let roots = spans.iter().filter(|span| span.parent_span_id.is_empty());
            assert_eq!(roots.count(), 1);
            assert!(spans.iter().all(|s| s.parent_span_id.is_empty() || ids.contains(&s.parent_span_id)));
            assert!(spans.iter().all(|s| s.end_time_unix_nano > s.start_time_unix_nano));
            sizes.insert(spans.len());
        }
        assert!(sizes.iter().all(|size| matches!(size, 3 | 8 | 25..=40)), "{sizes:?}");
        assert!(sizes.contains(&3) && sizes.contains(&8) && sizes.range(25..).count() > 2, "{sizes:?}");
    }

    #[test]
    fn some_traces_fail_and_some_are_judged() {
        let traces = scenes(1);
        let failed = |trace: &&DemoTrace| {
            let spans = &trace.request.resource_spans[0].scope_spans[0].spans;
            spans.iter().any(|span| span.status.as_ref().is_some_and(|status| status.code == 2))
        };
        assert!((1..traces.len()).contains(&traces.iter().filter(failed).count()));
        assert!(traces.iter().any(|trace| !trace.feedback.is_empty()));
    }
}
