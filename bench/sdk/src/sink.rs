//! A process of its own that takes requests and throws them away, so that its CPU is not counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

pub struct Sink {
    child: Child,
    port: u16,
}

impl Sink {
    pub fn start() -> Sink {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child =
            Command::new(program).arg("sink").stdout(Stdio::piped()).spawn().expect("it starts again");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says its port");
        Sink { child, port: line.trim().parse().expect("a port") }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.child.kill().expect("it can be ended");
        self.child.wait().expect("it ends");
    }
}

pub fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().expect("it is bound").port());
    for stream in listener.incoming() {
        let stream = stream.expect("a connection");
        std::thread::spawn(move || answer(&stream));
    }
}

fn answer(stream: &TcpStream) {
    let mut reader = BufReader::with_capacity(1 << 18, stream);
    let mut scratch = vec![0; 1 << 18];
    loop {
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().expect("a length");
            }
        }
        while length > 0 {
            let part = scratch.len().min(length);
            if reader.read_exact(&mut scratch[..part]).is_err() {
                return;
            }
            length -= part;
        }
        let reply = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        if (&*stream).write_all(reply).is_err() {
            return;
        }
    }
}
