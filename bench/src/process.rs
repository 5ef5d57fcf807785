//! The server under test as a process: started on an empty folder, watched through `/proc`.

use crate::http::Connection;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const READY_MAX: Duration = Duration::from_secs(30);
const STOP_MAX: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);
/// `USER_HZ` of Linux on every architecture that this runs on.
const TICKS_PER_S: f64 = 100.0;

/// A running server.
pub(crate) struct Server {
    child: Child,
    data_dir: PathBuf,
    /// `host:port` of the API and of OTLP over HTTP.
    pub(crate) address: String,
    /// `host:port` of OTLP over gRPC.
    pub(crate) grpc_address: String,
    /// From the start of the process to the first answer.
    pub(crate) ready_s: f64,
}

/// Bytes on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Disk {
    /// Span bodies.
    pub(crate) segments: u64,
    /// The database and its log.
    pub(crate) index: u64,
    /// The word and attribute index.
    pub(crate) postings: u64,
}

impl Disk {
    /// Returns all of it.
    pub(crate) fn total(self) -> u64 {
        self.segments + self.index + self.postings
    }
}

impl Server {
    /// Starts `binary` on `data_dir`.
    pub(crate) async fn start(binary: &Path, data_dir: &Path, port: u16, flags: &[&str]) -> Result<Server> {
        fs::create_dir_all(data_dir)?;
        let (address, grpc_address) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", port + 1));
        let begun = Instant::now();
        let child = Command::new(binary)
            .args(["serve", "--quiet", "--otlp-http-port", "0", "--data-dir"])
            .arg(data_dir)
            .args(["--port", &port.to_string(), "--otlp-grpc-port", &(port + 1).to_string()])
            .args(flags)
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}; run `make release`", binary.display()))?;
        let mut server = Server { child, data_dir: data_dir.to_owned(), address, grpc_address, ready_s: 0.0 };
        loop {
            if let Ok(mut connection) = Connection::open(&server.address).await
                && connection.get("/health").await.is_ok_and(|reply| reply.status == 200)
            {
                break;
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status} before it was ready");
            }
            if begun.elapsed() > READY_MAX {
                bail!("the server was not ready after {} s", READY_MAX.as_secs());
            }
            tokio::time::sleep(LOOK).await;
        }
        server.ready_s = begun.elapsed().as_secs_f64();
        Ok(server)
    }

    /// Returns a new connection.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        Connection::open(&self.address).await
    }

    /// Returns the CPU seconds that the process has used, user and system.
    pub(crate) fn cpu_s(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in parentheses may hold anything.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok());
        let (user, system) = ticks(11).zip(ticks(12)).context("cannot read the CPU time of the server")?;
        Ok((user + system) / TICKS_PER_S)
    }

    /// Returns resident memory in bytes, now and at its peak since [`Server::reset_peak`].
    pub(crate) fn memory(&self) -> Result<(u64, u64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let bytes = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
        };
        bytes("VmRSS:").zip(bytes("VmHWM:")).context("cannot read the memory of the server")
    }

    /// Forgets the peak.
    pub(crate) fn reset_peak(&self) -> Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    /// Returns what is on disk.
    pub(crate) fn disk(&self) -> Result<Disk> {
        let files = |name: &str| folder_bytes(&self.data_dir.join(name));
        let mut disk = Disk { segments: files("segments")?, postings: files("postings")?, index: 0 };
        for entry in fs::read_dir(&self.data_dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                disk.index += entry.metadata()?.len();
            }
        }
        Ok(disk)
    }

    /// Asks it to stop, and waits.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begun.elapsed() > STOP_MAX {
                self.child.kill()?;
                bail!("the server did not stop within {} s", STOP_MAX.as_secs());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After an error: nothing that it could still say matters.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder_bytes(folder: &Path) -> Result<u64> {
    if !folder.exists() {
        return Ok(0);
    }
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        // A file may be compacted away between the listing and the look.
        bytes += entry?.metadata().map_or(0, |metadata| metadata.len());
    }
    Ok(bytes)
}
