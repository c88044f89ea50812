//! The readers: a few connections, each answering one job at a time from a read-only snapshot.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use crate::link::Link;
use crate::store::Queued;
use crate::{Conn, StoreError, StoreOptions, StoreUrl};

/// A reading job: given the connection, or why there is none.
pub(crate) type ReadJob = Box<dyn FnOnce(Result<&mut dyn Conn, StoreError>) + Send>;

pub(crate) enum Message {
    Job(ReadJob),
    Stop,
}

pub(crate) struct Reader {
    pub queued: Arc<Queued>,
    pub inbox: Arc<Mutex<Receiver<Message>>>,
    pub eye: Eye,
}

/// A connection to read through, made when it is needed first.
pub(crate) struct Eye {
    pub url: StoreUrl,
    pub options: StoreOptions,
    pub link: Option<Link>,
}

impl Reader {
    pub fn run(mut self) {
        loop {
            // Whoever holds the lock waits for the next job; the others wait for the lock.
            let next = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
            match next {
                Ok(Message::Job(job)) => {
                    self.queued.left();
                    self.eye.answer(job);
                }
                Ok(Message::Stop) | Err(_) => return,
            }
        }
    }
}

impl Eye {
    pub fn answer(&mut self, job: impl FnOnce(Result<&mut dyn Conn, StoreError>)) {
        if let Err(e) = self.begin() {
            tracing::error!(store = %self.url, error = %e, "no connection to read from the store");
            return job(Err(e));
        }
        if let Some(link) = &mut self.link {
            job(Ok(link.conn()));
            if link.rollback().is_err() || !link.healthy() {
                self.link = None;
            }
        }
    }

    /// Begins a snapshot; a connection found dead is replaced once.
    fn begin(&mut self) -> Result<(), StoreError> {
        if let Some(link) = &mut self.link
            && link.begin_read().is_ok()
        {
            return Ok(());
        }
        self.link = None;
        let mut link = Link::connect(&self.url, false, &self.options)?;
        link.begin_read()?;
        self.link = Some(link);
        Ok(())
    }
}
