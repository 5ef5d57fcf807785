//! The same requests and the same questions for Spanwise and for MLflow's own server, one after the other.

use crate::http::Connection;
use crate::load::Latency;
use crate::request::{Request, Requests, total_bytes};
use crate::trace::Generator;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What MLflow's server needs to know where spans go; Spanwise takes it too.
const EXPERIMENT: &str = "x-mlflow-experiment-id: 0\r\n";
const READY_MAX: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(50);
const REQUEST_SPANS: usize = 128;
const REPEAT: usize = 3;
const TICKS_PER_S: f64 = 100.0;

/// What to compare.
pub(crate) struct Comparison {
    pub(crate) binary: PathBuf,
    /// MLflow's command, from an environment of its own.
    pub(crate) mlflow: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    pub(crate) traces: u64,
}

/// What was measured of one server.
#[derive(Debug, Serialize)]
pub(crate) struct Peer {
    name: &'static str,
    ready_s: f64,
    idle_bytes: u64,
    spans_per_s: f64,
    cpu_s_per_1000_spans: f64,
    request: Latency,
    disk_bytes_per_span: f64,
    full_bytes: u64,
    questions: Vec<(&'static str, Latency)>,
}

/// Measures both, and prints a table.
pub(crate) async fn run(comparison: &Comparison) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let generator = Arc::new(Generator::new(comparison.traces, now.as_nanos() as u64));
    let requests: Vec<Request> = Requests::new(&generator, 0..comparison.traces, REQUEST_SPANS).collect();
    let folder = comparison.folder.join("peers");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let (ours, theirs) = (folder.join("spanwise"), folder.join("mlflow"));
    fs::create_dir_all(&ours)?;
    fs::create_dir_all(&theirs)?;
    let port = comparison.port.to_string();

    let mut spanwise = Command::new(&comparison.binary);
    spanwise.args(["serve", "--quiet", "--otlp-http-port", "0", "--otlp-grpc-port", "0", "--port", &port]);
    spanwise.arg("--data-dir").arg(&ours);
    let mut mlflow = Command::new(&comparison.mlflow);
    mlflow.args(["server", "--host", "127.0.0.1", "--port", &port]);
    mlflow.arg("--backend-store-uri").arg(format!("sqlite:///{}", theirs.join("mlflow.db").display()));
    mlflow.arg("--artifacts-destination").arg(theirs.join("artifacts"));

    let peers = [
        measure("Spanwise", spanwise, &ours, &port, &requests).await?,
        measure("MLflow", mlflow, &theirs, &port, &requests).await?,
    ];
    fs::write(comparison.folder.join("peers.json"), serde_json::to_string_pretty(&peers)?)?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{} traces, {} spans, {:.1} MB\n",
        comparison.traces,
        crate::request::total_spans(&requests),
        total_bytes(&requests) as f64 / 1e6
    )?;
    writeln!(out, "| | {} |", peers.each_ref().map(|peer| peer.name).join(" | "))?;
    writeln!(out, "| --- | ---: | ---: |")?;
    let row = |name: &str, cell: &dyn Fn(&Peer) -> String| {
        format!("| {name} | {} |", peers.each_ref().map(cell).join(" | "))
    };
    writeln!(out, "{}", row("ready after s", &|peer| format!("{:.2}", peer.ready_s)))?;
    writeln!(out, "{}", row("idle MiB", &|peer| mib(peer.idle_bytes)))?;
    writeln!(out, "{}", row("spans/s", &|peer| format!("{:.0}", peer.spans_per_s)))?;
    writeln!(out, "{}", row("CPU s per 1,000 spans", &|peer| format!("{:.4}", peer.cpu_s_per_1000_spans)))?;
    writeln!(
        out,
        "{}",
        row("request p50 / p99 ms", &|peer| format!(
            "{:.0} / {:.0}",
            peer.request.p50_ms, peer.request.p99_ms
        ))
    )?;
    writeln!(out, "{}", row("disk bytes a span", &|peer| format!("{:.0}", peer.disk_bytes_per_span)))?;
    writeln!(out, "{}", row("MiB after it", &|peer| mib(peer.full_bytes)))?;
    for (index, (question, _)) in peers[0].questions.iter().enumerate() {
        writeln!(
            out,
            "{}",
            row(&format!("{question}, p50 ms"), &|peer| format!("{:.1}", peer.questions[index].1.p50_ms))
        )?;
    }
    Ok(())
}

fn mib(bytes: u64) -> String {
    format!("{:.0}", bytes as f64 / f64::from(1 << 20))
}

async fn measure(
    name: &'static str,
    mut command: Command,
    folder: &Path,
    port: &str,
    requests: &[Request],
) -> Result<Peer> {
    let begun = Instant::now();
    let log = fs::File::create(folder.with_extension("log"))?;
    let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
    let family = Family(child.with_context(|| format!("cannot start {name}"))?);
    let host = format!("127.0.0.1:{port}");
    loop {
        if let Ok(mut connection) = Connection::open(&host).await
            && connection.get("/health").await.is_ok_and(|reply| reply.status == 200)
        {
            break;
        }
        if begun.elapsed() > READY_MAX {
            bail!("{name} was not ready after {} s", READY_MAX.as_secs());
        }
        tokio::time::sleep(LOOK).await;
    }
    let ready_s = begun.elapsed().as_secs_f64();
    let (cpu_before, idle_bytes) = family.usage()?;
    let mut connection = Connection::open(&host).await?.with_headers(EXPERIMENT);
    let mut durations = Vec::new();
    let since = Instant::now();
    for request in requests {
        let asked = Instant::now();
        let reply = connection.send("POST", "/v1/traces", "application/x-protobuf", &request.body).await?;
        if reply.status != 200 {
            bail!("{name} answered {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
        }
        durations.push(asked.elapsed());
    }
    let seconds = since.elapsed().as_secs_f64();
    // Whatever it does afterwards is part of it.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (cpu_after, _) = family.usage()?;
    let spans = crate::request::total_spans(requests) as f64;
    let mut questions = Vec::new();
    for (question, filter) in [
        ("newest 100", ""),
        ("status", "trace.status = 'ERROR'"),
        ("tag", "tag.tenant = 'tenant-7'"),
        ("span name", "span.name = 'send_mail'"),
        ("span text", "span.content LIKE '%429 Too Many%'"),
    ] {
        questions.push((question, ask(&mut connection, filter).await?));
    }
    let (_, full_bytes) = family.usage()?;
    Ok(Peer {
        name,
        ready_s,
        idle_bytes,
        spans_per_s: spans / seconds,
        cpu_s_per_1000_spans: (cpu_after - cpu_before) / spans * 1e3,
        request: Latency::of(&mut durations),
        disk_bytes_per_span: folder_bytes(folder)? as f64 / spans,
        full_bytes,
        questions,
    })
}

async fn ask(connection: &mut Connection, filter: &str) -> Result<Latency> {
    let location =
        serde_json::json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}});
    let body = serde_json::json!({"locations": [location], "filter": filter, "max_results": 100}).to_string();
    let mut durations = Vec::new();
    for _ in 0..REPEAT {
        let asked = Instant::now();
        let reply = connection
            .send("POST", "/api/3.0/mlflow/traces/search", "application/json", body.as_bytes())
            .await?;
        if reply.status != 200 {
            bail!("`{filter}` was answered with {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
        }
        durations.push(asked.elapsed());
    }
    Ok(Latency::of(&mut durations))
}

/// A server and all processes below it.
struct Family(Child);

impl Family {
    /// Returns CPU seconds and resident bytes of all of them together.
    fn usage(&self) -> Result<(f64, u64)> {
        let (mut parents, mut usage) = (HashMap::new(), HashMap::new());
        for entry in fs::read_dir("/proc")? {
            let Ok(pid) = entry?.file_name().to_string_lossy().parse::<u32>() else { continue };
            // A process may end in between.
            let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
            let fields: Vec<u64> = stat
                .rsplit(')')
                .next()
                .unwrap_or_default()
                .split_whitespace()
                .skip(1)
                .map_while(|field| field.parse::<i64>().ok().map(i64::cast_unsigned))
                .collect();
            if let [parent, ..] = fields[..]
                && fields.len() > 20
            {
                parents.insert(pid, parent as u32);
                // utime, stime, cutime, cstime; resident pages.
                usage.insert(
                    pid,
                    (fields[10..14].iter().sum::<u64>() as f64 / TICKS_PER_S, fields[20] * 4096),
                );
            }
        }
        let is_below = |mut pid: u32| {
            while pid != self.0.id() {
                match parents.get(&pid) {
                    Some(&parent) if parent > 1 => pid = parent,
                    _ => return false,
                }
            }
            true
        };
        let members = usage.iter().filter(|(pid, _)| is_below(**pid));
        Ok(members.fold((0.0, 0), |sum, (_, used)| (sum.0 + used.0, sum.1 + used.1)))
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        // MLflow ends its workers when it is asked to end. Nothing that fails here matters any more.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

fn folder_bytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes +=
            if entry.file_type()?.is_dir() { folder_bytes(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
