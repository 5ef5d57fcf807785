//! HTTP/1.1, a connection at a time.

use super::{Act, Script};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

pub(super) fn serve(listener: &TcpListener, script: &Script) {
    let mut silent = Vec::new();
    for stream in listener.incoming() {
        serve_one(stream.unwrap(), script, &mut silent);
    }
}

fn serve_one(stream: TcpStream, script: &Script, silent: &mut Vec<TcpStream>) {
    loop {
        let act = script.next();
        if act == Act::HangUp {
            return;
        }
        let Some(body) = read_request(&stream) else { return };
        script.has_read(body);
        if act == Act::Silence {
            return silent.push(stream);
        }
        let is_written = (&stream).write_all(answer(act).as_bytes()).is_ok();
        if act != Act::Accept || !is_written {
            return;
        }
    }
}

fn answer(act: Act) -> String {
    let with = |head: &str, body: &str| {
        format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
    };
    match act {
        Act::Accept | Act::HangUp | Act::Silence => {
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        Act::AcceptOddly => with("200 OK", "<html>"),
        // `partial_success` with one rejected span.
        Act::RejectOne => with("200 OK", "\n\u{2}\u{8}\u{1}"),
        Act::Busy => with("503 Service Unavailable", ""),
        Act::Exhausted => with("429 Too Many Requests\r\nretry-after: 0", ""),
        Act::Refuse => with("400 Bad Request", "no!"),
        Act::Redirect => with("302 Found\r\nlocation: /login", ""),
        Act::Nonsense => "nothing that HTTP would be\r\n\r\n".to_owned(),
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
