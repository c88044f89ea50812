//! Commands that wait together are carried out together: one job of the store, one commit, each command for itself.
//!
//! Which they are is settled when the writer comes to the job: whatever has gathered by then goes along, and the next job is
//! asked for by the next command. A command alone waits for nobody.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use svod_kernel::Actor;
use svod_store::StoreError;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::command::{Command, CommandError, Receipt};
use crate::execute::{Outcome, Piece};
use crate::{Registry, sweep};

/// Changes of one job at the most; a command that has more goes alone.
const MOST: usize = 200;

/// Commands that wait.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    commands: VecDeque<Ticket>,
    /// A job is asked for that will take what waits.
    called: bool,
}

struct Ticket {
    piece: Piece,
    reply: oneshot::Sender<Result<Receipt, CommandError>>,
}

/// What a job has taken, once it has begun.
type Taken = Arc<Mutex<Option<(Vec<Ticket>, Arc<[Piece]>)>>>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    /// Is somebody to be called for what waits?
    fn call(&mut self) -> bool {
        !self.commands.is_empty() && !std::mem::replace(&mut self.called, true)
    }

    /// The next commands that may share a job.
    fn take(&mut self) -> Vec<Ticket> {
        self.called = false;
        let mut taken: Vec<Ticket> = Vec::new();
        let mut changes = 0;
        while let Some(next) = self.commands.front() {
            let command = &next.piece.command;
            changes += command.changes.len() + command.steps.len();
            let apart = taken.first().is_some_and(|first| {
                let other = &first.piece.command;
                changes > MOST || other.within != command.within || is_sweep(other) != is_sweep(command)
            });
            if apart {
                break;
            }
            taken.extend(self.commands.pop_front());
        }
        taken
    }
}

fn is_sweep(command: &Command) -> bool {
    command.ground == sweep::GROUND
}

impl Registry {
    /// Carries a command out with whichever others wait.
    pub(crate) async fn together(&self, actor: Actor, command: Arc<Command>) -> Result<Receipt, CommandError> {
        let piece = Piece { actor, command, span: tracing::Span::current() };
        let Some(registry) = self.me.upgrade() else { return Err(StoreError::Closed.into()) };
        if piece.command.changes.len() > MOST {
            return registry.alone(piece).await;
        }
        let (reply, answer) = oneshot::channel();
        let called = {
            let mut queue = locked(&self.waiting.0);
            queue.commands.push_back(Ticket { piece, reply });
            queue.call()
        };
        if called {
            tokio::spawn(registry.serve());
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::Unknown("the writer ended without an answer".into()).into()))
    }

    /// What waits when the job is begun; what may not go along is left to another one.
    fn take_waiting(self: Arc<Self>, runtime: &Handle) -> Vec<Ticket> {
        let (taken, more) = {
            let mut queue = locked(&self.waiting.0);
            (queue.take(), queue.call())
        };
        if more {
            runtime.spawn(self.serve());
        }
        taken
    }

    /// Asks for a job and answers those whose commands it took.
    fn serve(self: Arc<Self>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.served())
    }

    async fn served(self: Arc<Self>) {
        let (taken, runtime) = (Taken::default(), Handle::current());
        let pieces = {
            let (taken, registry, runtime) = (taken.clone(), self.clone(), runtime.clone());
            move || {
                let mut taken = locked(&taken);
                let (_, pieces) = taken.get_or_insert_with(|| {
                    let tickets = registry.clone().take_waiting(&runtime);
                    let pieces = tickets.iter().map(|t| t.piece.clone()).collect();
                    (tickets, pieces)
                });
                pieces.clone()
            }
        };
        let outcome = self.clone().carry_out(pieces).await;
        let taken = locked(&taken).take();
        // Never begun: whoever waits is told why.
        let tickets = taken.map_or_else(|| self.clone().take_waiting(&runtime), |(tickets, _)| tickets);
        self.settle(tickets, outcome).await;
    }

    async fn settle(self: Arc<Self>, mut taken: Vec<Ticket>, outcome: Result<Vec<Outcome>, CommandError>) {
        match outcome {
            Ok(outcomes) => {
                let mut later = Vec::new();
                for (ticket, outcome) in taken.into_iter().zip(outcomes) {
                    match outcome {
                        Outcome::Done(result) => drop(ticket.reply.send(result)), // given up by its caller: done all the same
                        Outcome::Later => later.push(ticket),
                    }
                }
                let called = {
                    let mut queue = locked(&self.waiting.0);
                    later.into_iter().rev().for_each(|ticket| queue.commands.push_front(ticket));
                    queue.call()
                };
                if called {
                    tokio::spawn(self.serve());
                }
            }
            Err(CommandError::Store(e)) if taken.len() == 1 || concerns_all(&e) => {
                taken.drain(..).for_each(|t| drop(t.reply.send(Err(e.clone().into()))));
            }
            // One of them spoils it for the others: each alone.
            Err(_) => {
                for ticket in taken {
                    let result = self.clone().alone(ticket.piece).await;
                    drop(ticket.reply.send(result));
                }
            }
        }
    }

    async fn alone(self: Arc<Self>, piece: Piece) -> Result<Receipt, CommandError> {
        let pieces: Arc<[Piece]> = Arc::from([piece]);
        match self.carry_out(move || pieces.clone()).await?.pop() {
            Some(Outcome::Done(result)) => result,
            _ => Err(StoreError::Shape("a command alone was put off".into()).into()),
        }
    }
}

/// Nothing would be different for one of them alone.
const fn concerns_all(e: &StoreError) -> bool {
    matches!(
        e,
        StoreError::Busy
            | StoreError::Closed
            | StoreError::Unavailable(_)
            | StoreError::Unknown(_)
            | StoreError::Stale
            | StoreError::Full(_)
    )
}
