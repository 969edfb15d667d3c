//! What becomes of a strategy's wish: a target or increment turned into entry, flip, reduction or nothing.

use super::Kernel;
use super::entry::{Plan, given_limit, too_large};
use super::instance::Trading;
use super::order::{Event, Role};
use super::rates::RATE_WINDOW_NS;
use super::size::{Sized, whole_units};
use crate::record::{Action, Intent, SizeKind, TriggerKind};

impl Kernel {
    pub(super) fn apply_intent(&mut self, intent: &Intent) {
        let id = intent.id.instance;
        let instance = &mut self.instances[id as usize];
        instance.intents = instance.intents.max(intent.id.counter);
        if intent.instrument != instance.instrument {
            self.refuse_plain(intent, "unknown_instrument", "The strategy may trade its own instrument only.");
            return;
        }
        match intent.action {
            Action::Go => self.go(intent),
            Action::Trade => self.trade(intent),
            Action::StopTo => self.move_stop(intent),
            Action::TargetTo => self.move_target(intent),
            Action::Add => self.add(intent),
            Action::Resize => self.resize(intent),
            Action::Exit => self.leave(intent),
            Action::CancelEntry => self.cancel_entries(id, "cancelled by the strategy"),
        }
    }

    /// Whether a wish can only be refused now: it would open, the strategy may not, and nothing of it works.
    pub fn is_futile(&self, id: u32, action: Action, side: i8) -> bool {
        let Some(i) = self.instances.get(id as usize) else {
            return false;
        };
        let account = &self.accounts[i.account as usize];
        let stopped = [i.trading, account.trading].iter().any(|t| *t != Trading::Active);
        let works = !i.entries.is_empty() || i.exit.is_some() || i.closing.is_some() || i.waiting.is_some();
        let held = i.book.quantity().signum() as i8;
        let opens = match action {
            Action::Go => side != 0 && held == 0,
            Action::Trade => side != 0 && held * side.signum() >= 0,
            Action::Add => held != 0,
            Action::StopTo | Action::TargetTo | Action::Exit | Action::CancelEntry | Action::Resize => false,
        };
        (stopped || self.kills(id).contains(&true) || account.skipped || self.is_resting(id)) && !works && opens
    }

    /// `go_long`, `go_short`, `go_flat`: a target, not an order.
    pub(super) fn go(&mut self, intent: &Intent) {
        let id = intent.id.instance;
        let held_side = self.instances[id as usize].book.quantity().signum() as i8;
        let side = intent.side.signum();
        if held_side != side {
            self.cancel_reduction(id, "a newer target");
        }
        if self.leaves(id) {
            // It waits for that exit and then opens alone, if it is still the newest target.
            self.instances[id as usize].waiting = (side != 0).then(|| Box::new(intent.clone()));
            self.cancel_entries(id, "a newer target");
            return;
        }
        if side == 0 {
            self.cancel_entries(id, "a newer target");
            self.exit_position(id, Role::Exit, &intent.reason);
            return;
        }
        let entries = &self.instances[id as usize].entries;
        if entries.iter().any(|slot| self.orders.get(*slot).is_some_and(|o| o.side == side && !o.is_ending())) {
            return; // its entry works already: neither quantity nor stop changes
        }
        self.cancel_entries(id, "a newer target");
        if held_side == side {
            return;
        }
        let closes = self.instances[id as usize].book.quantity().abs();
        if self.in_entry_window(id) && closes > 0 && self.is_at_broker(id) && !waits(intent) {
            // Its stop stands at the broker and becomes the exit: what is new opens alone.
            self.instances[id as usize].waiting = Some(Box::new(intent.clone()));
            self.exit_position(id, Role::Exit, &intent.reason);
        } else if self.in_entry_window(id) {
            self.open(intent, side, closes);
        } else if closes > 0 && !waits(intent) {
            self.exit_position(id, Role::Exit, "outside the entry window");
        } else {
            self.tell(id, "outside_window", "Outside the entry window nothing is opened.");
        }
    }

    /// `buy`, `sell`: an increment.
    fn trade(&mut self, intent: &Intent) {
        let id = intent.id.instance;
        let side = intent.side.signum();
        if side == 0 {
            self.refuse_plain(intent, "bad_side", "An increment buys or sells.");
            return;
        }
        let against = self.instances[id as usize].book.quantity() * -i64::from(side);
        if waits(intent) && against > 0 {
            let sentence = "What waits for a price opens or adds; what leaves there is a stop or a target.";
            self.refuse_plain(intent, "against_position", sentence);
        } else if self.instances[id as usize].exit.is_some() && (against > 0 || self.leaves(id)) {
            self.tell(id, "exit_working", "An exit works already: every unit has at most one.");
        } else if against <= 0 && self.in_entry_window(id) {
            self.open(intent, side, 0);
        } else if against <= 0 {
            self.tell(id, "outside_window", "Outside the entry window nothing is opened.");
        } else {
            self.trade_against(intent, against);
        }
    }

    /// An increment against the position: a part of it leaves, or all of it, and what is more opens afterwards.
    fn trade_against(&mut self, intent: &Intent, against: i64) {
        let id = intent.id.instance;
        let units = match (intent.size_kind, self.units_of(intent)) {
            // What is risked means the whole position: it has no units of its own here.
            (
                SizeKind::None
                | SizeKind::Share
                | SizeKind::RiskPercent
                | SizeKind::RiskRupees
                | SizeKind::RiskPercentOrLot
                | SizeKind::RiskRupeesOrLot,
                _,
            ) => against,
            (SizeKind::Quantity, _) if whole_units(intent.size).is_none() => {
                let sentence = format!("No order: the quantity {} is not a positive whole number.", intent.size);
                self.tell(id, "too_small", &sentence);
                return;
            }
            (_, Sized::Units(units, _)) => units,
            (_, Sized::TooLarge(units)) => {
                self.refuse(intent.id, &too_large(units));
                return;
            }
            // Old lots may be held: risk says what it thinks of units that are no multiple.
            (SizeKind::Quantity, Sized::TooSmall(_)) => intent.size as i64,
            (_, Sized::TooSmall(why)) => {
                self.tell(id, "too_small", &format!("No order: {why}."));
                return;
            }
        };
        // A flip that works would close the same units once more.
        self.cancel_entries(id, "a newer increment");
        let tick = self.markets[self.instances[id as usize].instrument as usize].def.tick;
        match given_limit(intent.limit, intent.side.signum(), tick) {
            Err(refusal) => self.refuse(intent.id, &refusal),
            Ok(Some(limit)) if units <= against || !self.in_entry_window(id) || self.is_at_broker(id) => {
                self.reduce(id, units.min(against), Some((limit, self.entry_until(intent))), &intent.reason);
            }
            Ok(Some(_)) => {
                let (size_kind, size) = (SizeKind::Quantity, (units - against) as f64);
                self.open(&Intent { size_kind, size, ..intent.clone() }, intent.side.signum(), against);
            }
            Ok(None) if units < against => self.reduce(id, units, None, &intent.reason),
            Ok(None) => self.turn(intent, units, against),
        }
    }

    /// The whole position leaves, and what an increment has more than it opens afterwards.
    fn turn(&mut self, intent: &Intent, units: i64, against: i64) {
        let id = intent.id.instance;
        self.exit_position(id, Role::Exit, &intent.reason);
        if units > against && self.leaves(id) {
            // In units: lots and values were reckoned already.
            let (size_kind, size) = (SizeKind::Quantity, (units - against) as f64);
            let rest = Intent { size_kind, size, ..intent.clone() };
            self.instances[id as usize].waiting = Some(Box::new(rest));
        }
    }

    /// Whether an order works that closes the whole position.
    pub(super) fn leaves(&self, id: u32) -> bool {
        let i = &self.instances[id as usize];
        let exit = i.exit.and_then(|slot| self.orders.get(slot));
        let turns = i.closing.is_some() && self.is_at_broker(id);
        i.book.quantity() != 0 && (turns || exit.is_some_and(|o| !o.is_partial()))
    }

    /// Takes back an order that closes a part, where all or none is wanted now.
    pub(super) fn cancel_reduction(&mut self, id: u32, reason: &str) {
        self.instances[id as usize].parking.reducing = None;
        if let Some(slot) = self.instances[id as usize].exit
            && self.orders.get(slot).is_some_and(super::order::Order::is_partial)
        {
            self.end_order(slot, Event::Cancel, reason);
        }
    }

    pub(super) fn in_entry_window(&self, id: u32) -> bool {
        let i = &self.instances[id as usize];
        let inside = |from, until| (from..until).contains(&self.now);
        inside(i.entry_from, i.entry_until)
            && (i.windows.is_empty() || i.windows.iter().any(|(from, until)| inside(*from, *until)))
    }

    /// What waited for an exit opens once the position is closed, alone.
    pub(super) fn open_waiting(&mut self, id: u32) {
        if self.instances[id as usize].book.quantity() != 0 || self.is_unsettled(id) {
            return;
        }
        if let Some(intent) = self.instances[id as usize].waiting.take()
            && self.in_entry_window(id)
        {
            self.open(&intent, intent.side.signum(), 0);
        }
    }

    /// Opens `side`, closing `closes` units of the other side in the same order.
    pub(super) fn open(&mut self, intent: &Intent, side: i8, closes: i64) {
        let id = intent.id.instance;
        if self.is_at_broker(id) && !self.may_open(intent, closes) {
            return;
        }
        let now = self.now;
        let most = self.intents_max(id);
        let times = &mut self.instances[id as usize].intent_times;
        times.note(now, most as usize + 1);
        let rate = times.count(now, RATE_WINDOW_NS);
        match self.plan_entry(intent, side, closes, rate) {
            Ok(Plan::Enter(entry)) => {
                self.enter(intent, side, closes, &entry);
                return;
            }
            Ok(Plan::Nothing) => {}
            Err(refusal) => self.refuse(intent.id, &refusal),
        }
        // What waited closes nothing before its trigger, and what has a limit nothing beyond it.
        let tick = self.markets[self.instances[id as usize].instrument as usize].def.tick;
        match given_limit(intent.limit, side, tick) {
            _ if waits(intent) || closes == 0 => {}
            Ok(Some(limit)) if intent.action == Action::Trade => {
                self.reduce(id, closes, Some((limit, self.entry_until(intent))), &intent.reason);
            }
            Ok(_) | Err(_) => self.close_alone(id, closes),
        }
    }

    /// The opening part was refused: the closing part goes alone.
    pub(super) fn close_alone(&mut self, id: u32, closes: i64) {
        if closes > 0 {
            self.exit_position(id, Role::Exit, "the opening part was refused");
        }
    }
}

/// Whether what an intent opens waits for a price.
fn waits(intent: &Intent) -> bool {
    intent.trigger.kind != TriggerKind::None
}
