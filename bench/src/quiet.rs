//! Waiting until a server has nothing left to do: text indexed, traces compacted.

use crate::process::Server;
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// A trace is compacted once it has been quiet for 60 s; the rest is for looking.
const COMPACTION_AFTER: Duration = Duration::from_secs(64);
const LOOK: Duration = Duration::from_secs(1);
/// So many looks in a row must find it idle.
const IDLE_LOOKS: usize = 5;
/// CPU seconds in a second that count as idle.
const IDLE_CPU: f64 = 0.03;
const QUIET_MAX: Duration = Duration::from_secs(3600);

/// Waits until text is indexed and nothing is done any more, without waiting for compaction.
pub(crate) async fn until_indexed(server: &Server) -> Result<()> {
    until_idle(server, Duration::ZERO).await
}

/// Waits until compaction is done too.
pub(crate) async fn until_compacted(server: &Server) -> Result<()> {
    until_idle(server, COMPACTION_AFTER).await
}

async fn until_idle(server: &Server, at_least: Duration) -> Result<()> {
    let begun = Instant::now();
    let (mut idle_looks, mut cpu_s) = (0, server.cpu_s()?);
    while idle_looks < IDLE_LOOKS || begun.elapsed() < at_least {
        if begun.elapsed() > QUIET_MAX {
            bail!("the server was still busy after {} s", QUIET_MAX.as_secs());
        }
        tokio::time::sleep(LOOK).await;
        let now = server.cpu_s()?;
        idle_looks = if now - cpu_s <= IDLE_CPU { idle_looks + 1 } else { 0 };
        cpu_s = now;
    }
    Ok(())
}
