//! What becomes of a strategy's wish: a target or increment turned into entry, flip, reduction or nothing.

use super::entry::Plan;
use super::order::Role;
use super::rates::RATE_WINDOW_NS;
use super::{ApplyError, Kernel};
use crate::record::{Action, Intent};

impl Kernel {
    pub(super) fn apply_intent(&mut self, intent: &Intent) -> Result<(), ApplyError> {
        let id = intent.id.instance;
        let Some(instance) = self.instances.get_mut(id as usize) else {
            return Err(ApplyError(format!("intent of strategy {id}, which is not there")));
        };
        instance.intents = instance.intents.max(intent.id.counter);
        if intent.instrument != instance.instrument {
            self.refuse_plain(intent, "unknown_instrument", "The strategy may trade its own instrument only.");
            return Ok(());
        }
        match intent.action {
            Action::Go => self.go(intent),
            Action::Trade => self.trade(intent),
            Action::StopTo => self.move_stop(id, intent),
            Action::Exit => {
                self.cancel_entry(id, "left");
                self.exit_position(id, Role::Exit, &intent.reason);
            }
            Action::CancelEntry => self.cancel_entry(id, "cancelled by the strategy"),
        }
        Ok(())
    }

    /// `go_long`, `go_short`, `go_flat`: a target, not an order.
    fn go(&mut self, intent: &Intent) {
        let id = intent.id.instance;
        let held = self.instances[id as usize].book.quantity();
        let side = intent.side.signum();
        if self.instances[id as usize].exit.is_some() && held != 0 {
            // It waits for that exit and then opens alone, if it is still the newest target.
            self.instances[id as usize].waiting = (side != 0).then(|| Box::new(intent.clone()));
            self.cancel_entry(id, "a newer target");
            return;
        }
        if side == 0 {
            self.cancel_entry(id, "a newer target");
            self.exit_position(id, Role::Exit, &intent.reason);
            return;
        }
        if let Some(slot) = self.instances[id as usize].entry {
            if self.orders.get(slot).is_some_and(|o| o.side == side) {
                return; // its entry works already: neither quantity nor stop changes
            }
            self.cancel_entry(id, "a newer target");
        }
        let held_side = held.signum() as i8;
        if held_side == side {
            return;
        }
        if self.in_entry_window(id) {
            self.open(intent, side, if held_side == -side { held.abs() } else { 0 });
        } else if held_side == -side {
            self.exit_position(id, Role::Exit, "outside the entry window");
        } else {
            self.tell(id, "outside_window", "Outside the entry window nothing is opened.");
        }
    }

    /// `buy`, `sell`: an increment.
    fn trade(&mut self, intent: &Intent) {
        let id = intent.id.instance;
        let side = intent.side.signum();
        let against = self.instances[id as usize].book.quantity() * -i64::from(side);
        if against <= 0 {
            if self.in_entry_window(id) {
                self.open(intent, side, 0);
            } else {
                self.tell(id, "outside_window", "Outside the entry window nothing is opened.");
            }
            return;
        }
        if self.instances[id as usize].exit.is_some() {
            self.tell(id, "exit_working", "An exit works already: every unit has at most one.");
            return;
        }
        let wish = intent.size;
        let whole = wish.is_finite() && wish > 0.0 && wish.fract() == 0.0 && wish < 1e15;
        let units = if intent.size_kind == crate::record::SizeKind::Quantity && whole { wish as i64 } else { against };
        if units >= against {
            self.exit_position(id, Role::Exit, &intent.reason);
            if units > against {
                let mut rest = intent.clone();
                rest.size = (units - against) as f64;
                self.instances[id as usize].waiting = Some(Box::new(rest));
            }
            return;
        }
        self.reduce(id, intent, units);
    }

    fn in_entry_window(&self, id: u32) -> bool {
        let i = &self.instances[id as usize];
        (i.entry_from..i.entry_until).contains(&self.now)
    }

    /// What waited for an exit opens now, alone.
    pub(super) fn open_waiting(&mut self, id: u32) {
        if let Some(intent) = self.instances[id as usize].waiting.take()
            && self.instances[id as usize].book.quantity() == 0
            && self.in_entry_window(id)
        {
            let side = intent.side.signum();
            self.open(&intent, side, 0);
        }
    }

    /// Opens `side`, closing `closes` units of the other side in the same order.
    fn open(&mut self, intent: &Intent, side: i8, closes: i64) {
        let id = intent.id.instance;
        let now = self.now;
        self.instances[id as usize].intent_times.note(now, 64);
        let rate = self.instances[id as usize].intent_times.count(now, RATE_WINDOW_NS);
        match self.plan_entry(intent, side, closes, rate) {
            Ok(Plan::Enter { limit, quantity, approved }) => {
                let role = if closes > 0 { Role::Flip } else { Role::Entry };
                self.enter(intent, role, side, (limit, quantity + closes), approved);
            }
            Ok(Plan::Nothing) => self.close_alone(id, closes),
            Err(refusal) => {
                self.refuse(intent, &refusal);
                self.close_alone(id, closes);
            }
        }
    }

    /// The opening part was refused: the closing part goes alone.
    fn close_alone(&mut self, id: u32, closes: i64) {
        if closes > 0 {
            self.exit_position(id, Role::Exit, "the opening part was refused");
        }
    }
}
