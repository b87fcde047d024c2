//! An HTTP server with scripted answers that remembers what it was asked.
#![expect(clippy::expect_used, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Each test file uses a part of this double; naming the rest here keeps the compiler from calling it dead.
const _: () = {
    let _ = (
        Reply::json,
        Reply::redirect,
        Asked::header,
        HttpDouble::asked,
        HttpDouble::start,
    );
    let _: fn() -> Reply = || Reply::Silence;
};

/// What the server does with one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers.
    Answer {
        /// Such as `200 OK`.
        status: &'static str,
        /// Header lines without `Content-Length`.
        headers: Vec<String>,
        /// The body.
        body: Vec<u8>,
    },
    /// Takes the request and never answers.
    Silence,
}

impl Reply {
    /// An answer with a JSON body.
    pub fn json(status: &'static str, body: &str) -> Self {
        Self::Answer {
            status,
            headers: vec!["Content-Type: application/json".to_owned()],
            body: body.as_bytes().to_vec(),
        }
    }

    /// A redirect.
    pub fn redirect(to: &str) -> Self {
        Self::Answer {
            status: "302 Found",
            headers: vec![format!("Location: {to}")],
            body: Vec::new(),
        }
    }
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `GET /path?query HTTP/1.1`
    pub line: String,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Asked {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A running server. Replies are given in order, one a request; the last one is repeated.
pub struct HttpDouble {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl HttpDouble {
    /// Starts a server that gives these replies.
    pub fn start(replies: Vec<Reply>) -> Self {
        let given = Mutex::new(0);
        Self::answering(move |_| {
            let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
            let reply = replies.get(*given).or(replies.last());
            *given += 1;
            reply.cloned().unwrap_or(Reply::Silence)
        })
    }

    /// Starts a server that works its answers out, several at once where several ask.
    pub fn answering(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let ending = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (asked, ending) = (asked.clone(), ending.clone());
            move || serve(&listener, &Arc::new(answer), &asked, &ending)
        });
        Self {
            address,
            asked,
            ending,
            thread: Some(thread),
        }
    }

    /// The address for a source's `url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for HttpDouble {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    listener: &TcpListener,
    answer: &Arc<impl Fn(&Asked) -> Reply + Send + Sync + 'static>,
    asked: &Arc<Mutex<Vec<Asked>>>,
    ending: &AtomicBool,
) {
    let silent = Arc::new(Mutex::new(Vec::new()));
    let mut threads = Vec::new();
    for stream in listener.incoming() {
        if ending.load(Ordering::SeqCst) {
            break;
        }
        let Ok(stream) = stream else { continue };
        let (answer, asked, silent) = (answer.clone(), asked.clone(), silent.clone());
        threads.push(std::thread::spawn(move || {
            let Ok(request) = read(&stream) else { return };
            asked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(request.clone());
            give(stream, answer(&request), &silent);
        }));
    }
    for thread in threads {
        let _ = thread.join();
    }
}

fn give(mut stream: TcpStream, reply: Reply, silent: &Mutex<Vec<TcpStream>>) {
    match reply {
        Reply::Answer {
            status,
            headers,
            body,
        } => {
            let lines: Vec<String> = headers
                .iter()
                .map(|header| format!("{header}\r\n"))
                .collect();
            let head = format!(
                "HTTP/1.1 {status}\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n",
                lines.concat(),
                body.len()
            );
            // A client that stops reading at its cap hangs up.
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&body));
        }
        Reply::Silence => silent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(stream),
    }
}

fn read(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Asked {
        line: line.trim_end().to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
