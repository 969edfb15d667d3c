//! Splits, bonuses and dividends of what is held over the night, booked before the first price of the session.
//!
//! Every book is converted by itself, at an unchanged cost; what is left of a share is paid in cash at the last price,
//! adjusted. What guards a position moves in the proportion of the shares, rounded to the tick toward the entry. A
//! dividend goes to whoever held the old shares and moves no stop: only the price at which positions count is less by it
//! until the first one of the day. Candles and indicators begin anew and are warmed up with adjusted candles, as on any
//! first day. The name is that of the instrument's definition.

use super::Kernel;
use super::account::narrow;
use super::book::Fifo;
use super::check::{Checked, fault, within};
use super::foreign::EXTERNAL;
use super::parts::{Part, spread};
use super::protection::Protection;
use crate::fixed::{ONE, PRICE_MAX, VOLUME_MAX, ceil_tick, floor_tick, mul_div};
use crate::record::{ActionBooked, CorporateAction, KIND_SHARE, Kind};

/// The largest number in a ratio.
const RATIO_MAX: i64 = 1_000_000;

impl CorporateAction {
    /// A price of before, as it would read after; never below 1.
    fn price(&self, before: i64) -> i64 {
        self.scaled(before.saturating_sub(self.dividend))
    }

    /// A price or distance of before in the count of after, whatever is paid; never below 1.
    fn scaled(&self, before: i64) -> i64 {
        let after = mul_div(i128::from(before), i128::from(self.old), i128::from(self.new));
        after.map_or(PRICE_MAX, |price| price.clamp(1, i128::from(PRICE_MAX)) as i64)
    }

    /// Whether prices of before and after differ.
    fn changes_prices(&self) -> bool {
        self.new != self.old || self.dividend > 0
    }

    /// Whether a book can be converted.
    fn check_book(&self, book: &Fifo) -> Checked {
        let units = i128::from(book.quantity().abs()) * i128::from(self.new) / i128::from(self.old);
        let dearest = i128::from(book.dearest()) * i128::from(self.old) / i128::from(self.new);
        if units > i128::from(VOLUME_MAX) || dearest >= i128::from(PRICE_MAX) {
            return self.too_large();
        }
        Ok(())
    }

    fn too_large(&self) -> Checked {
        fault(format!("a corporate action of {} for {} makes numbers that are too large", self.new, self.old))
    }
}

/// What a book received besides its new units.
struct Received {
    dividend: i128,
    fraction: i128,
    fraction_cost: i128,
}

impl Kernel {
    pub(super) fn check_action(&self, action: &CorporateAction) -> Checked {
        let Some(market) = self.markets.get(action.instrument as usize) else {
            return fault(format!("a corporate action of instrument {}, which is not there", action.instrument));
        };
        let no = |what: &str| fault(format!("a corporate action of {}: {what}", market.def.name));
        within(
            &format!("a corporate action of {}", market.def.name),
            &[
                ("the new count", action.new, 1..=RATIO_MAX),
                ("the old count", action.old, 1..=RATIO_MAX),
                ("dividend", action.dividend, 0..=PRICE_MAX),
            ],
        )?;
        if market.def.kind != KIND_SHARE && action.changes_prices() {
            return no("only shares are split and pay dividends");
        }
        if self.facts.is_none() || action.ex > self.session_date() {
            return no("its ex-date is after the session");
        }
        if self.acted.iter().any(|(instrument, ex)| *instrument == action.instrument && *ex >= action.ex) {
            return no("that of its ex-date or a later one is booked already");
        }
        let busy =
            |i: &&super::Instance| i.instrument == action.instrument && (!i.entries.is_empty() || i.exit.is_some());
        if market.last_ts > 0 || market.day.ticks > 0 || self.instances.iter().any(|i| busy(&i)) {
            return no("the session has begun: it must come before the first price and the first order");
        }
        if action.dividend > 0 && market.last > 0 && action.dividend >= market.last {
            return no("the dividend is not less than the last price");
        }
        if i128::from(market.last) * i128::from(action.old) / i128::from(action.new) > i128::from(PRICE_MAX) {
            return action.too_large(); // what is held would count at another value than before
        }
        let own = self.instances.iter().filter(|i| i.instrument == action.instrument).map(|i| &i.book);
        let all = self
            .accounts
            .iter()
            .flat_map(|a| [a.external.books.get(&action.instrument), a.net.get(&action.instrument)]);
        own.chain(all.flatten()).try_for_each(|book| action.check_book(book))
    }

    pub(super) fn apply_action(&mut self, action: &CorporateAction) {
        self.acted.push((action.instrument, action.ex));
        if !action.changes_prices() {
            return;
        }
        let last = self.markets[action.instrument as usize].last;
        for account in 0..self.accounts.len() as u32 {
            self.convert_account(account, action, last);
        }
        if last > 0 {
            self.markets[action.instrument as usize].last = action.price(last);
        }
        self.convert_legs(action);
        let cold = self.joined_with(action.instrument);
        self.grow_cold(&cold);
    }

    /// Converts every book of an account; its net position is what they are together, and has received what they have.
    fn convert_account(&mut self, account: u32, action: &CorporateAction, last: i64) {
        let ids = self.instances.iter().filter(|i| (i.account, i.instrument) == (account, action.instrument));
        let (mut units, mut cash) = (0, 0);
        for id in ids.map(|i| i.id).collect::<Vec<_>>() {
            cash += self.convert_instance(id, action, last);
            units += self.instances[id as usize].book.quantity();
        }
        cash += self.convert_external(account, action, last);
        let a = &mut self.accounts[account as usize];
        units += a.external.books.get(&action.instrument).map_or(0, Fifo::quantity);
        if let Some(net) = a.net.get_mut(&action.instrument) {
            let due = net.cash() + cash;
            net.convert(action.new, action.old);
            let missing = units - net.quantity();
            if missing != 0 {
                net.fill(missing.signum() as i8, missing.abs(), action.price(last));
            }
            net.receive(due - net.cash());
        }
    }

    /// Converts what a strategy holds and what guards it; returns the cash that it received.
    fn convert_instance(&mut self, id: u32, action: &CorporateAction, last: i64) -> i128 {
        let i = &mut self.instances[id as usize];
        let (account, before) = (i.account, i.book.quantity());
        if before == 0 {
            return 0;
        }
        let received = convert(&mut i.book, action, last);
        i.dividends += received.dividend;
        let held = i.book.quantity();
        let def = &self.markets[action.instrument as usize].def;
        if action.new != action.old {
            move_guard(&mut i.protection, action, before.signum(), def.tick);
            spread_over(&mut i.protection.parts, held.abs(), def.lot, action);
        }
        let cash = received.dividend + received.fraction;
        self.note_action(account, id, action, (before, held), &received);
        self.write_position(id);
        if held == 0 {
            let i = &mut self.instances[id as usize];
            i.trades += 1;
            i.closed_at = Some(self.now);
            self.disarm_protection(id);
        } else if action.new != action.old && self.instances[id as usize].protection.guards() {
            self.note_exit(id, "moved");
        }
        let paid =
            if cash == 0 { String::new() } else { format!(" and brought {:.2} rupees", cash as f64 / ONE as f64) };
        self.tell(id, "corporate_action", &format!("A corporate action made {held:+} of {before:+}{paid}."));
        cash
    }

    fn convert_external(&mut self, account: u32, action: &CorporateAction, last: i64) -> i128 {
        let external = &mut self.accounts[account as usize].external;
        let Some(book) = external.books.get_mut(&action.instrument).filter(|book| book.quantity() != 0) else {
            return 0;
        };
        let before = book.quantity();
        let received = convert(book, action, last);
        let held = book.quantity();
        self.note_action(account, EXTERNAL, action, (before, held), &received);
        self.write_external(account, action.instrument);
        received.dividend + received.fraction
    }

    fn note_action(
        &mut self,
        account: u32,
        instance: u32,
        action: &CorporateAction,
        (before, quantity): (i64, i64),
        received: &Received,
    ) {
        self.accounts[account as usize].dividends += received.dividend;
        let booked = ActionBooked {
            account,
            instance,
            instrument: action.instrument,
            ex: action.ex,
            new: action.new,
            old: action.old,
            before,
            quantity,
            dividend: narrow(received.dividend),
            fraction: narrow(received.fraction),
            fraction_cost: narrow(received.fraction_cost),
        };
        self.decide(Kind::ActionBooked, &booked);
    }
}

/// Converts a book; the dividend is that of its old units, what is left of a new one is paid at the last price, adjusted.
fn convert(book: &mut Fifo, action: &CorporateAction, last: i64) -> Received {
    let dividend = i128::from(book.quantity()) * i128::from(action.dividend);
    let rest = book.convert(action.new, action.old);
    let price = i128::from(last - action.dividend);
    // Where no price is known, it is worth what it cost.
    let paid = if last > 0 { mul_div(rest.share, price, i128::from(action.new)) } else { None };
    let fraction = paid.unwrap_or(rest.cost);
    book.receive(dividend + fraction - rest.cost);
    Received { dividend, fraction, fraction_cost: rest.cost }
}

/// Moves what guards a position (`side` ±1).
fn move_guard(guard: &mut Protection, action: &CorporateAction, side: i64, tick: i64) {
    let exact = |price: &mut i64| *price = if *price > 0 { action.scaled(*price) } else { *price };
    let whole = |price: &mut i64, away: i64| {
        if *price > 0 {
            let raw = action.scaled(*price);
            *price = if away < 0 { ceil_tick(raw, tick) } else { floor_tick(raw, tick) }.max(tick);
        }
    };
    let trail = |distance: &mut i64| {
        if *distance > 0 {
            *distance = floor_tick(action.scaled(*distance), tick).max(tick);
        }
    };
    exact(&mut guard.entry);
    exact(&mut guard.best);
    whole(&mut guard.stop, -side);
    whole(&mut guard.first_stop, -side);
    whole(&mut guard.target, side);
    trail(&mut guard.trail);
    if guard.risk > 0 {
        guard.risk = action.scaled(guard.risk);
    }
    for part in &mut guard.parts {
        whole(&mut part.target, side);
        trail(&mut part.trail);
    }
}

/// Gives every part its own units, what whole units leave over to the last; where that cannot be, all by their shares.
fn spread_over(parts: &mut [Part], held: i64, lot: i64, action: &CorporateAction) {
    let Some(last) = parts.iter().rposition(|part| !part.done && part.left > 0) else {
        return spread(parts, held, lot);
    };
    let mut rest = held;
    for part in &mut parts[..last] {
        let own = i128::from(part.left) * i128::from(action.new) / i128::from(action.old);
        part.left = own as i64;
        rest -= part.left;
    }
    parts[last].left = rest;
}
