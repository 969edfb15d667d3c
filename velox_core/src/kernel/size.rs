//! From a wish to units: risk ÷ distance, then limits, then buying power, rounded down to lots.

use super::Kernel;
use super::charges::RATE_ONE;
use crate::fixed::{ONE, ceil_tick, floor_tick, from_float, mul_div};
use crate::record::{Intent, PriceKind, PriceSpec, SizeKind};

/// What sizing has to say besides the units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sized {
    /// Units; the second is what the risk alone would have allowed, where it was cut.
    Units(i64, Option<i64>),
    /// Nothing can be bought: what one lot would need.
    TooSmall(String),
}

/// A protective price at an entry price, rounded to the tick in the safe direction (toward the entry).
pub(super) fn protective(spec: PriceSpec, side: i8, entry: i64, stop: i64, tick: i64, gain: bool) -> Option<i64> {
    let away = i64::from(side) * if gain { 1 } else { -1 };
    let raw = match spec.kind {
        PriceKind::None => return None,
        PriceKind::Price => from_float(spec.value)?,
        PriceKind::Percent => entry.checked_add(away * from_float(entry as f64 / ONE as f64 * spec.value / 100.0)?)?,
        PriceKind::Points => entry.checked_add(away * from_float(spec.value)?)?,
        PriceKind::Risk => {
            entry.checked_add(away * from_float((entry - stop).abs() as f64 / ONE as f64 * spec.value)?)?
        }
        PriceKind::Cost => entry,
    };
    // Toward the entry: a stop below it rounds up, one above it rounds down; so do targets.
    Some(if away < 0 { ceil_tick(raw, tick) } else { floor_tick(raw, tick) }.max(tick))
}

/// The distance of a trail at an entry price, at least one tick.
pub(super) fn trail_distance(spec: PriceSpec, entry: i64, stop: i64, tick: i64) -> i64 {
    let raw = match spec.kind {
        PriceKind::None | PriceKind::Cost => return 0,
        PriceKind::Price | PriceKind::Points => from_float(spec.value),
        PriceKind::Percent => from_float(entry as f64 / ONE as f64 * spec.value / 100.0),
        PriceKind::Risk => from_float((entry - stop).abs() as f64 / ONE as f64 * spec.value),
    };
    raw.map_or(0, |r| floor_tick(r, tick).max(tick))
}

impl Kernel {
    /// Money that can still back positions of an account, after what `closing` frees.
    pub(super) fn buying_power(&self, account: u32, closing: Option<u32>) -> i128 {
        self.equity(account) - self.margin_used(account, closing)
    }

    /// Units for the opening part of an intent at an expected entry price.
    pub(super) fn size_entry(
        &self,
        intent: &Intent,
        instance: u32,
        entry: i64,
        stop: Option<i64>,
        closes: bool,
    ) -> Sized {
        let i = &self.instances[instance as usize];
        let lot = self.markets[i.instrument as usize].def.lot;
        let wish = match intent.size_kind {
            SizeKind::Quantity => return quantity_given(intent.size, lot),
            SizeKind::None => return Sized::TooSmall("no size was given".to_owned()),
            SizeKind::RiskPercent => from_float(intent.size)
                .and_then(|p| mul_div(i128::from(i.capital), i128::from(p), 100 * i128::from(ONE))),
            SizeKind::RiskRupees => from_float(intent.size).map(i128::from),
        };
        let (Some(risk), Some(stop)) = (wish.filter(|r| *r > 0), stop) else {
            return Sized::TooSmall("a risk size needs a stop and a positive amount".to_owned());
        };
        let tick = self.markets[i.instrument as usize].def.tick;
        let distance = (entry - stop).abs().max(3 * tick).max(entry / 1000);
        let wanted = risk / i128::from(distance);
        let allowed = self.allowed_units(instance, entry, closes).min(wanted);
        let units = |n: i128| i64::try_from(n.max(0)).unwrap_or(i64::MAX) / lot * lot;
        match (units(allowed), units(wanted)) {
            (0, _) => Sized::TooSmall(format!(
                "one lot of {lot} at {} risks {} to the stop; {} is risked and {} units are allowed",
                show(entry),
                show(i128_to_price(i128::from(distance) * i128::from(lot))),
                show(i128_to_price(risk)),
                allowed.max(0)
            )),
            (n, all) => Sized::Units(n, (n < all).then_some(all)),
        }
    }

    /// Units that order value, position value, quantity and buying power allow.
    fn allowed_units(&self, instance: u32, entry: i64, closes: bool) -> i128 {
        let i = &self.instances[instance as usize];
        let account = &self.accounts[i.account as usize];
        let limits = account.limits_of(instance);
        let price = i128::from(entry.max(1));
        let units_for = |money: i64| {
            if money > 0 { i128::from(money) / price } else { i128::MAX }
        };
        let held = if closes { 0 } else { i128::from(i.book.quantity().abs()) };
        let closing = if closes { i128::from(i.book.quantity().abs()) } else { 0 };
        let freeze = self.markets[i.instrument as usize].def.freeze;
        let mut allowed = (units_for(limits.order_value) - closing).min(units_for(limits.position_value) - held);
        for most in [limits.order_quantity, freeze] {
            if most > 0 {
                allowed = allowed.min(i128::from(most) - closing);
            }
        }
        let power = self.buying_power(i.account, closes.then_some(instance)).max(0) * 95 / 100;
        let margin = mul_div(price, i128::from(account.def.mis_margin), RATE_ONE).unwrap_or(i128::MAX).max(1);
        allowed.min(power / margin)
    }
}

fn quantity_given(size: f64, lot: i64) -> Sized {
    let whole = size.is_finite() && size.fract() == 0.0 && size.abs() < 1e15;
    let units = if whole { size as i64 } else { 0 };
    if units <= 0 || units % lot != 0 {
        return Sized::TooSmall(format!("the quantity {size} is not a positive multiple of the lot {lot}"));
    }
    Sized::Units(units, None)
}

fn i128_to_price(value: i128) -> i64 {
    super::account::narrow(value)
}

/// A price or money in rupees for people, exact.
pub(super) fn show(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (value.unsigned_abs() / ONE as u64, value.unsigned_abs() % ONE as u64);
    let digits = format!("{part:08}");
    let trimmed = digits.trim_end_matches('0');
    if trimmed.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{trimmed}") }
}
