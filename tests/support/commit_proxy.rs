//! A wire between a client and a PostgreSQL server that is cut at COMMIT.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// When the wire is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Before the server gets COMMIT.
    Before,
    /// Once the server has answered COMMIT; the client does not get the answer.
    After,
    /// The server has COMMIT, and the answer never comes: the wire stays open.
    Silent,
}

/// The wire; every connection through it is cut alike.
pub struct CommitProxy {
    /// Its port on 127.0.0.1.
    pub port: u16,
    commits: Arc<AtomicUsize>,
}

impl CommitProxy {
    /// Listens for as long as the process lives.
    pub fn start(server: u16, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let commits = Arc::new(AtomicUsize::new(0));
        let seen = commits.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                let (seen, both) = (seen.clone(), (client, server));
                std::thread::spawn(move || serve(&both.0, &both.1, cut, &seen));
            }
        });
        Self { port, commits }
    }

    /// How often a client sent COMMIT.
    pub fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }
}

fn serve(client: &TcpStream, server: &TcpStream, cut: Cut, commits: &AtomicUsize) {
    let (mut from_client, mut to_server) = (client, server);
    let muted = Arc::new(AtomicBool::new(false));
    let back = std::thread::spawn({
        let (server, client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let muted = muted.clone();
        move || answer(&server, &client, cut, &muted)
    });
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count) = from_client.read(&mut bytes) {
        let part = bytes.get(..count).unwrap_or_default();
        if count == 0 {
            break;
        }
        if part.windows(7).any(|window| window == b"COMMIT\0") {
            commits.fetch_add(1, Ordering::SeqCst);
            if cut == Cut::Before {
                break;
            }
            muted.store(true, Ordering::SeqCst);
        }
        if to_server.write_all(part).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
    let _ = back.join();
}

/// Hands on what the server says, up to its answer to COMMIT.
fn answer(server: &TcpStream, client: &TcpStream, cut: Cut, muted: &AtomicBool) {
    let (mut server, mut to_client) = (server, client);
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count) = server.read(&mut bytes) {
        if count == 0 {
            break;
        }
        if muted.load(Ordering::SeqCst) {
            if cut == Cut::After {
                let _ = client.shutdown(Shutdown::Both);
            }
        } else if to_client
            .write_all(bytes.get(..count).unwrap_or_default())
            .is_err()
        {
            break;
        }
    }
}
