use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Conn, StoreError};

/// A job as the writer thread sees it: run it, perhaps again, and tell its caller how it ended.
pub(crate) trait Job: Send {
    /// Whether a savepoint isolates it from the others of its group.
    fn isolated(&self) -> bool;

    /// Runs it and keeps its result; whether it succeeded.
    fn run(&mut self, conn: &mut dyn Conn) -> bool;

    /// Turns a kept success into `error`.
    fn fail(&mut self, error: StoreError);

    /// Answers the caller with the kept result.
    fn answer(self: Box<Self>);
}

/// A closure, its last result, and the way back to its caller.
pub(crate) struct Work<F, T, E, R>
where
    E: From<StoreError>,
    R: FnOnce(Result<T, E>),
{
    job: F,
    isolated: bool,
    /// In which it was asked for: its lines of the log belong there.
    span: tracing::Span,
    result: Option<Result<T, E>>,
    reply: Option<R>,
}

impl<F, T, E, R> Work<F, T, E, R>
where
    F: FnMut(&mut dyn Conn) -> Result<T, E>,
    E: From<StoreError>,
    R: FnOnce(Result<T, E>),
{
    pub fn new(job: F, isolated: bool, reply: R) -> Self {
        Self { job, isolated, span: tracing::Span::current(), result: None, reply: Some(reply) }
    }
}

impl<F, T, E, R> Job for Work<F, T, E, R>
where
    F: FnMut(&mut dyn Conn) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
    R: FnOnce(Result<T, E>) + Send,
{
    fn isolated(&self) -> bool {
        self.isolated
    }

    fn run(&mut self, conn: &mut dyn Conn) -> bool {
        // The closure's own captures may be torn by a panic; they belong to the failed job alone.
        let result = self.span.in_scope(|| catch_unwind(AssertUnwindSafe(|| (self.job)(conn))));
        let result = result.unwrap_or_else(|_| Err(StoreError::Panicked.into()));
        self.result.insert(result).is_ok()
    }

    fn fail(&mut self, error: StoreError) {
        if !matches!(self.result, Some(Err(_))) {
            self.result = Some(Err(error.into()));
        }
    }

    fn answer(mut self: Box<Self>) {
        let result = self.result.take().unwrap_or_else(|| Err(StoreError::Closed.into()));
        if let Some(reply) = self.reply.take() {
            reply(result);
        }
    }
}

impl<F, T, E, R> Drop for Work<F, T, E, R>
where
    E: From<StoreError>,
    R: FnOnce(Result<T, E>),
{
    /// A job that is thrown away still answers: closed when it never ran, unknown when it did.
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            let error = match self.result {
                None => StoreError::Closed,
                Some(_) => StoreError::Unknown("the writer ended".into()),
            };
            reply(Err(error.into()));
        }
    }
}
