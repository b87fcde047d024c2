//! How tasks tell the loop what happened: two bounded channels, keys apart from everything else.
//!
//! Tasks wait for room, so a slow screen slows a source down. The loop itself never sends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use super::session::Session;
use crate::engine::event::{EventKind, Opened};
use crate::model::limits;

/// How long a thread waits before it looks for room in the channel again.
const ROOM: Duration = Duration::from_millis(1);

/// What the loop takes from tasks.
pub enum Message {
    /// Something the engine is to know.
    Event(EventKind),
    /// An incident was opened: its session is the loop's from now on, what was opened is the engine's.
    Attached(Box<Session>, Box<Opened>),
}

/// The end of the channel that tasks hold.
#[derive(Clone)]
pub struct Events(mpsc::Sender<Message>);

impl Events {
    /// The channel.
    pub fn channel() -> (Self, mpsc::Receiver<Message>) {
        let (sender, receiver) = mpsc::channel(limits::EVENTS);
        (Self(sender), receiver)
    }

    /// Tells the loop, waiting for room. A loop that is gone needs to know nothing.
    pub async fn send(&self, event: EventKind) {
        let _ = self.0.send(Message::Event(event)).await;
    }

    /// The same from a thread that may block.
    pub fn send_blocking(&self, event: EventKind) {
        let _ = self.0.blocking_send(Message::Event(event));
    }

    /// The same from a thread that must not be held up once `closing` is set: nobody listens then.
    pub fn send_unless(&self, event: EventKind, closing: &AtomicBool) {
        let mut message = Message::Event(event);
        while !closing.load(Ordering::SeqCst) {
            match self.0.try_send(message) {
                Err(mpsc::error::TrySendError::Full(back)) => message = back,
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
            std::thread::sleep(ROOM);
        }
    }

    /// Hands over an opened incident. Gives the session back when the loop is gone.
    pub fn attach(&self, session: Box<Session>, opened: Box<Opened>) -> Result<(), Box<Session>> {
        let sent = self.0.blocking_send(Message::Attached(session, opened));
        match sent {
            Err(mpsc::error::SendError(Message::Attached(session, _))) => Err(session),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
