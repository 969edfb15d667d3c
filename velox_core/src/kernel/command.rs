//! What an operator orders: halt, resume, flatten, for all, an account, an instrument or a strategy.
//!
//! The same key twice is the same command.

use super::Kernel;
use super::emergency::Flattening;
use crate::record::{Command, CommandKind, CommandResult, Kind};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Commands whose answers are kept.
pub(super) const KEPT: usize = 256;

/// The last commands and what became of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CommandLog {
    entries: VecDeque<Answer>,
    pub(super) flattening: Vec<Flattening>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answer {
    key: String,
    state: String,
    sentence: String,
}

/// What a command is for; −1 is every one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Scope {
    account: i32,
    strategy: i64,
    instrument: i64,
}

impl Scope {
    fn of(command: &Command) -> Self {
        Self { account: command.account, strategy: command.strategy, instrument: command.instrument }
    }

    fn has_account(self, id: u32) -> bool {
        self.account < 0 || i64::from(self.account) == i64::from(id)
    }

    /// Whether what others hold of an instrument on an account is in it; nothing of theirs is a strategy's.
    pub(super) fn has_others(self, account: u32, instrument: u32) -> bool {
        let is_in = self.instrument < 0 || self.instrument == i64::from(instrument);
        self.strategy < 0 && is_in && self.has_account(account)
    }

    fn is_of_accounts(self) -> bool {
        self.strategy < 0 && self.instrument < 0
    }
}

impl CommandLog {
    fn answer(&self, key: &str) -> Option<(&str, &str)> {
        let known = self.entries.iter().find(|a| a.key == key).map(|a| (a.state.as_str(), a.sentence.as_str()));
        known.or_else(|| self.flattening.iter().any(|f| f.key == key).then_some(("working", "")))
    }

    fn note(&mut self, key: &str, state: &str, sentence: &str) {
        self.entries.retain(|answer| answer.key != key);
        let (key, state, sentence) = (key.to_owned(), state.to_owned(), sentence.to_owned());
        self.entries.push_back(Answer { key, state, sentence });
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }
}

impl Kernel {
    /// What became of a command: `done`, `working`, `flat` or `not_flat`; `None` for an unknown key.
    pub fn command_state(&self, key: &str) -> Option<&str> {
        self.commands.answer(key).map(|(state, _)| state)
    }

    /// The sentence that goes with the state.
    pub fn command_sentence(&self, key: &str) -> Option<&str> {
        self.commands.answer(key).map(|(_, sentence)| sentence)
    }

    pub(super) fn apply_command(&mut self, command: &Command) {
        if self.commands.answer(&command.key).is_some() {
            return;
        }
        let scope = Scope::of(command);
        match command.kind {
            CommandKind::Halt => {
                self.halt(scope);
                self.answer(&command.key, "done", "Nothing is opened from this record on; stops stay.");
            }
            CommandKind::Resume => {
                self.block(scope, false);
                for account in
                    self.accounts.iter_mut().filter(|a| scope.is_of_accounts() && scope.has_account(a.def.id))
                {
                    account.skipped = false;
                }
                let sentence = if self.is_blocked(scope) {
                    "Resumed, but a halt of a wider or narrower scope still blocks some of it."
                } else {
                    "Positions may be opened again."
                };
                self.answer(&command.key, "done", sentence);
            }
            CommandKind::Flatten => {
                self.halt(scope);
                self.flatten(&command.key, scope);
            }
        }
    }

    pub(super) fn scoped_instances(&self, scope: Scope) -> Vec<u32> {
        let all = self.instances.iter().filter(|i| {
            let is_own = scope.strategy < 0 || scope.strategy == i64::from(i.id);
            let is_in = scope.instrument < 0 || scope.instrument == i64::from(i.instrument);
            is_own && is_in && scope.has_account(i.account)
        });
        all.map(|i| i.id).collect()
    }

    /// Kill switch: queued and working increases are cancelled in the same apply.
    fn halt(&mut self, scope: Scope) {
        self.block(scope, true);
        for id in self.scoped_instances(scope) {
            self.instances[id as usize].waiting = None;
            self.cancel_entries(id, "kill switch");
        }
    }

    /// Sets the switches of a scope; all accounts resumed are everything in them resumed.
    fn block(&mut self, scope: Scope, on: bool) {
        if let Ok(id) = u32::try_from(scope.strategy) {
            self.instances[id as usize].kill = on;
            return;
        }
        for account in self.accounts.iter_mut().filter(|a| scope.has_account(a.def.id)) {
            match u32::try_from(scope.instrument) {
                Ok(instrument) if on => _ = account.blocked.insert(instrument),
                Ok(instrument) => _ = account.blocked.remove(&instrument),
                Err(_) if on => account.kill = true,
                Err(_) => {
                    account.kill = false;
                    account.blocked.clear();
                }
            }
        }
        if scope.is_of_accounts() && !on {
            for i in self.instances.iter_mut().filter(|i| scope.has_account(i.account)) {
                i.kill = false;
            }
        }
    }

    /// Which switches keep an instance from opening: the account's, its own, its instrument's.
    pub(super) fn kills(&self, id: u32) -> [bool; super::limits::LEVELS] {
        let i = &self.instances[id as usize];
        let account = &self.accounts[i.account as usize];
        [account.kill, i.kill, account.blocked.contains(&i.instrument)]
    }

    fn is_blocked(&self, scope: Scope) -> bool {
        self.scoped_instances(scope).into_iter().any(|id| self.kills(id).contains(&true))
    }

    pub(super) fn answer(&mut self, key: &str, state: &'static str, sentence: &str) {
        self.commands.note(key, state, sentence);
        self.decide(Kind::CommandResult, &CommandResult { key, state, sentence });
    }
}
