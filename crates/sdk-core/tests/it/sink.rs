//! A server that answers as a script says: HTTP on a free port of the loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// What the server does with a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// Sends these bytes and closes the connection.
    Answer(&'static str),
    /// Takes 200 with an empty body for an answer, and keeps the connection.
    Accept,
    /// Closes the connection before the request is read.
    HangUp,
    /// Reads the request and never answers.
    Silence,
}

pub(crate) struct Sink {
    pub(crate) url: String,
    /// The bodies of the requests that were read.
    pub(crate) bodies: Receiver<Vec<u8>>,
}

impl Sink {
    /// Starts a server that does `acts`, and then accepts everything.
    pub(crate) fn start(acts: &[Act]) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ((script, steps), (read, bodies)) = (channel(), channel());
        acts.iter().for_each(|act| script.send(*act).unwrap());
        thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                serve(stream.unwrap(), &steps, &read, &mut silent);
            }
        });
        Sink { url, bodies }
    }
}

fn serve(stream: TcpStream, steps: &Receiver<Act>, read: &Sender<Vec<u8>>, silent: &mut Vec<TcpStream>) {
    loop {
        let act = steps.try_recv().unwrap_or(Act::Accept);
        if matches!(act, Act::HangUp) {
            return;
        }
        let Some(body) = read_request(&stream) else { return };
        // Nobody may listen any more.
        let _ended = read.send(body);
        match act {
            Act::Accept => {
                let answer =
                    "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
                if (&stream).write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
            Act::Answer(answer) => {
                let _closed = (&stream).write_all(answer.as_bytes());
                return;
            }
            Act::Silence => return silent.push(stream),
            Act::HangUp => return,
        }
    }
}

fn read_request(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}
