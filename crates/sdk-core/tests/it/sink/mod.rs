//! A server that answers as a script says, on a free port of the loopback.

#[cfg(feature = "grpc")]
mod grpc;
mod http;

use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// What the server does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Takes all spans, and keeps the connection.
    Accept,
    /// Takes them, with an answer that is none.
    AcceptOddly,
    /// Takes them but one.
    RejectOne,
    /// Says that it can't take them now.
    Busy,
    /// Says that it has had enough, and wants no pause.
    Exhausted,
    /// Refuses them for good, and says why: `no!`.
    Refuse,
    /// Says that another place would take them: `/login`.
    Redirect,
    /// Closes the connection before the request is read.
    HangUp,
    /// Sends what no protocol has, and closes the connection.
    Nonsense,
    /// Reads the request and never answers.
    Silence,
}

/// What the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Http,
    #[cfg(feature = "grpc")]
    Grpc,
}

pub(crate) struct Sink {
    pub(crate) url: String,
    /// The bodies of the requests that were read.
    pub(crate) bodies: Receiver<Vec<u8>>,
}

/// What the server knows.
struct Script {
    acts: Receiver<Act>,
    read: Sender<Vec<u8>>,
}

impl Script {
    /// Returns what is to be done with the next request.
    fn next(&self) -> Act {
        self.acts.try_recv().unwrap_or(Act::Accept)
    }

    fn has_read(&self, body: Vec<u8>) {
        // Nobody may listen any more.
        let _ended = self.read.send(body);
    }
}

impl Sink {
    /// Starts a server that does `acts`, and then accepts everything.
    pub(crate) fn start(transport: Transport, acts: &[Act]) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ((script, steps), (read, bodies)) = (channel(), channel());
        acts.iter().for_each(|act| script.send(*act).unwrap());
        let script = Script { acts: steps, read };
        thread::spawn(move || match transport {
            Transport::Http => http::serve(&listener, &script),
            #[cfg(feature = "grpc")]
            Transport::Grpc => grpc::serve(listener, script),
        });
        Sink { url, bodies }
    }
}
