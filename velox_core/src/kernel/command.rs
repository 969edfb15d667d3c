//! What an operator orders: halt, resume, flatten; the same key twice is the same command.

use super::order::{Event, Role};
use super::{CommandLog, Kernel};
use crate::record::{Command, CommandKind, CommandResult, Kind};

/// Commands whose answers are kept.
const KEPT: usize = 256;

impl CommandLog {
    fn answer(&self, key: &str) -> Option<&str> {
        let known = self.entries.iter().find(|(k, _)| k == key).map(|(_, answer)| answer.as_str());
        known.or_else(|| self.flattening.iter().any(|(k, _)| k == key).then_some("working"))
    }

    fn note(&mut self, key: &str, answer: &str) {
        self.entries.retain(|(k, _)| k != key);
        self.entries.push_back((key.to_owned(), answer.to_owned()));
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }
}

impl Kernel {
    /// What became of a command: `done`, `working`, `flat` or `not_flat: …`; `None` for an unknown key.
    pub fn command_state(&self, key: &str) -> Option<&str> {
        self.commands.answer(key)
    }

    pub(super) fn apply_command(&mut self, command: &Command) {
        if self.commands.answer(&command.key).is_some() {
            return;
        }
        match command.kind {
            CommandKind::Halt => {
                self.halt(command.account);
                self.answer(&command.key, "done", "Nothing is opened from this record on; stops stay.");
            }
            CommandKind::Resume => {
                for at in self.scope(command.account) {
                    self.accounts[at as usize].kill = false;
                    self.accounts[at as usize].skipped = false;
                }
                self.answer(&command.key, "done", "Positions may be opened again.");
            }
            CommandKind::Flatten => {
                self.halt(command.account);
                if self.commands.flattening.len() >= KEPT {
                    let (oldest, _) = self.commands.flattening.remove(0);
                    self.give_up(&oldest);
                }
                self.commands.flattening.push((command.key.clone(), command.account));
                self.answer(&command.key, "working", "Exits are on their way.");
                let mut stuck = false;
                for id in self.scoped_instances(command.account) {
                    let held = self.instances[id as usize].book.quantity() != 0;
                    stuck |= held && !self.exit_position(id, Role::Flatten, "flatten");
                }
                self.check_flattening();
                if stuck {
                    self.give_up(&command.key);
                }
            }
        }
    }

    fn scope(&self, account: i32) -> Vec<u32> {
        (0..self.accounts.len() as u32).filter(|a| account < 0 || i64::from(*a) == i64::from(account)).collect()
    }

    fn scoped_instances(&self, account: i32) -> Vec<u32> {
        (self.instances.iter())
            .filter(|i| account < 0 || i64::from(i.account) == i64::from(account))
            .map(|i| i.id)
            .collect()
    }

    /// Kill switch: queued and working increases are cancelled in the same apply.
    fn halt(&mut self, account: i32) {
        for at in self.scope(account) {
            self.accounts[at as usize].kill = true;
        }
        for id in self.scoped_instances(account) {
            self.instances[id as usize].waiting = None;
            self.cancel_entries(id, "kill switch");
        }
    }

    /// A flatten of which not every exit could be sent is answered at once; those positions stay to be closed.
    fn give_up(&mut self, key: &str) {
        self.commands.flattening.retain(|(k, _)| k != key);
        let sentence = "Not every position has an exit: the market or a limit refuses it now; it is tried again.";
        self.answer(key, "not_flat", sentence);
    }

    /// Answers every flatten whose scope is flat by now.
    pub(super) fn check_flattening(&mut self) {
        let open = std::mem::take(&mut self.commands.flattening);
        for (key, account) in open {
            let held =
                self.scoped_instances(account).into_iter().any(|id| self.instances[id as usize].book.quantity() != 0);
            if held {
                self.commands.flattening.push((key, account));
            } else {
                self.answer(&key, "flat", "Every position in scope is closed.");
            }
        }
    }

    /// The day is over: what still works ends, and a flatten that did not get there says so.
    pub(super) fn end_orders(&mut self) {
        loop {
            let Some(slot) = self.orders.iter().next().map(|(slot, _)| slot) else { break };
            self.end_order(slot, Event::Expire, "the day is over");
        }
        for (key, _) in std::mem::take(&mut self.commands.flattening) {
            self.answer(&key, "not_flat", "The session closed before every position was.");
        }
    }

    fn answer(&mut self, key: &str, state: &'static str, sentence: &str) {
        self.commands.note(key, state);
        self.decide(Kind::CommandResult, &CommandResult { key, state, sentence });
    }
}
