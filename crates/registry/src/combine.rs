//! Commands that wait together are carried out together: one job of the store, one commit, each command for itself.
//!
//! While one job is under way others gather; a command alone waits for nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use svod_kernel::Actor;
use svod_store::StoreError;
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
    /// Somebody takes commands out.
    served: bool,
}

struct Ticket {
    piece: Piece,
    reply: oneshot::Sender<Result<Receipt, CommandError>>,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next commands that may share a job; none: nobody serves from now on.
    fn take(&self) -> Option<Vec<Ticket>> {
        let mut queue = self.lock();
        let mut taken: Vec<Ticket> = Vec::new();
        let mut changes = 0;
        while let Some(next) = queue.commands.front() {
            let command = &next.piece.command;
            changes += command.changes.len();
            let apart = taken.first().is_some_and(|first| {
                let other = &first.piece.command;
                changes > MOST || other.within != command.within || is_sweep(other) != is_sweep(command)
            });
            if apart {
                break;
            }
            taken.extend(queue.commands.pop_front());
        }
        queue.served = !taken.is_empty();
        queue.served.then_some(taken)
    }
}

fn is_sweep(command: &Command) -> bool {
    command.ground == sweep::GROUND
}

impl Registry {
    /// Carries a command out with whichever others wait.
    pub(crate) async fn together(&self, actor: Actor, command: Arc<Command>) -> Result<Receipt, CommandError> {
        let piece = Piece { actor, command };
        let (Some(registry), true) = (self.me.upgrade(), piece.command.changes.len() <= MOST) else {
            return self.alone(piece).await;
        };
        let (reply, answer) = oneshot::channel();
        let serve = {
            let mut queue = self.waiting.lock();
            queue.commands.push_back(Ticket { piece, reply });
            !std::mem::replace(&mut queue.served, true)
        };
        if serve {
            tokio::spawn(async move {
                while let Some(taken) = registry.waiting.take() {
                    registry.serve(taken).await;
                }
            });
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::Unknown("the writer ended without an answer".into()).into()))
    }

    async fn serve(&self, mut taken: Vec<Ticket>) {
        let pieces: Arc<[Piece]> = taken.iter().map(|t| t.piece.clone()).collect();
        match self.carry_out(&pieces).await {
            Ok(outcomes) => {
                let mut later = Vec::new();
                for (ticket, outcome) in taken.into_iter().zip(outcomes) {
                    match outcome {
                        Outcome::Done(result) => drop(ticket.reply.send(result)), // given up by its caller: done all the same
                        Outcome::Later => later.push(ticket),
                    }
                }
                let mut queue = self.waiting.lock();
                later.into_iter().rev().for_each(|ticket| queue.commands.push_front(ticket));
            }
            Err(CommandError::Store(e)) if taken.len() == 1 || concerns_all(&e) => {
                taken.drain(..).for_each(|t| drop(t.reply.send(Err(e.clone().into()))));
            }
            // One of them spoils it for the others: each alone.
            Err(_) => {
                for ticket in taken {
                    let result = self.alone(ticket.piece).await;
                    drop(ticket.reply.send(result));
                }
            }
        }
    }

    async fn alone(&self, piece: Piece) -> Result<Receipt, CommandError> {
        match self.carry_out(&Arc::from([piece])).await?.pop() {
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
