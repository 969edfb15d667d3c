//! From a wish to units: risk ÷ distance, then limits, then buying power, rounded down to lots.

use super::Kernel;
use super::charges::RATE_ONE;
use crate::fixed::{ONE, PRICE_MAX, UNITS_MAX, ceil_tick, floor_tick, from_float, mul_div};
use crate::record::{Intent, PriceKind, PriceSpec, SizeKind};

/// What sizing has to say besides the units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sized {
    /// Units; the second is what the wish alone would have come to, where limits cut it or one lot is more.
    Units(i64, Option<i64>),
    /// Nothing can be bought: what one lot would need.
    TooSmall(String),
    /// More than any order may have.
    TooLarge(i64),
}

/// The price from which a protection is reckoned: the entry, its side, its risk a unit (0 without a stop) and the tick.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basis {
    pub(super) side: i8,
    pub(super) entry: i64,
    pub(super) risk: i64,
    pub(super) tick: i64,
}

impl Basis {
    /// The same with the risk that a stop (0 for none) makes.
    pub(super) fn with_stop(self, stop: i64) -> Self {
        Self { risk: if stop == 0 { 0 } else { (self.entry - stop).abs() }, ..self }
    }

    /// A distance from the entry; `None` where it is none: not finite, not positive, or in R without a stop.
    fn distance(self, spec: PriceSpec) -> Option<i64> {
        let money = |price: i64| price as f64 / ONE as f64;
        let raw = match spec.kind {
            PriceKind::None | PriceKind::Cost => return Some(0),
            PriceKind::Price | PriceKind::Points => from_float(spec.value)?,
            PriceKind::Percent => from_float(money(self.entry) * spec.value / 100.0)?,
            PriceKind::Risk if self.risk == 0 => return None,
            PriceKind::Risk => from_float(money(self.risk) * spec.value)?,
        };
        (1..=PRICE_MAX).contains(&raw).then_some(raw)
    }

    /// A stop or target, rounded to the tick in the safe direction (toward the entry); 0 for none.
    ///
    /// `None` for what is no price.
    pub(super) fn price(self, spec: PriceSpec, gain: bool) -> Option<i64> {
        let away = i64::from(self.side) * if gain { 1 } else { -1 };
        let raw = match spec.kind {
            PriceKind::None => return Some(0),
            PriceKind::Price => from_float(spec.value)?,
            PriceKind::Percent | PriceKind::Points | PriceKind::Risk | PriceKind::Cost => {
                self.entry + away * self.distance(spec)?
            }
        };
        // A stop below the entry rounds up, one above it rounds down; so do targets.
        let rounded = |raw| if away < 0 { ceil_tick(raw, self.tick) } else { floor_tick(raw, self.tick) };
        (1..=PRICE_MAX).contains(&raw).then(|| rounded(raw).max(self.tick))
    }

    /// The distance of a trail, at least one tick; 0 for none, `None` for what is no distance.
    pub(super) fn trail(self, spec: PriceSpec) -> Option<i64> {
        match spec.kind {
            PriceKind::None => Some(0),
            PriceKind::Cost => None,
            PriceKind::Price | PriceKind::Percent | PriceKind::Points | PriceKind::Risk => {
                Some(floor_tick(self.distance(spec)?, self.tick).max(self.tick))
            }
        }
    }
}

impl Kernel {
    /// Money that can still back positions of an account, after what `closing` frees.
    pub(super) fn buying_power(&self, account: u32, closing: Option<u32>) -> i128 {
        self.equity(account).saturating_sub(self.margin_used(account, closing))
    }

    /// Units for the opening part of an intent, at its expected entry price and its limit.
    pub(super) fn size_entry(&self, intent: &Intent, price: (i64, i64), stop: Option<i64>, closes: i64) -> Sized {
        let i = &self.instances[intent.id.instance as usize];
        let def = &self.markets[i.instrument as usize].def;
        let lot = def.lot;
        let (entry, rupees) = (price.0, from_float(intent.size).map(i128::from).filter(|rupees| *rupees > 0));
        let floor = if intent.size_kind.is_floored() { lot } else { 0 };
        let risk = match intent.size_kind {
            SizeKind::Quantity => return quantity_given(intent.size, lot),
            SizeKind::Lots => return quantity_given(intent.size * lot as f64, lot),
            SizeKind::None | SizeKind::Share => return Sized::TooSmall("no size was given".to_owned()),
            SizeKind::Notional | SizeKind::NotionalOrLot => {
                let Some(rupees) = rupees else {
                    return Sized::TooSmall("a value is a positive amount".to_owned());
                };
                let allowed = self.allowed_units(intent.id.instance, price, closes);
                return Self::cut(rupees / i128::from(entry.max(1)), allowed, (lot, floor), || {
                    let one = i128::from(entry) * i128::from(lot);
                    format!("one lot of {lot} at {} is worth {}", show(entry), show(super::account::narrow(one)))
                });
            }
            SizeKind::RiskPercent | SizeKind::RiskPercentOrLot => {
                rupees.and_then(|p| mul_div(i128::from(i.capital), p, 100 * i128::from(ONE)))
            }
            SizeKind::RiskRupees | SizeKind::RiskRupeesOrLot => rupees,
        };
        let (Some(risk), Some(stop)) = (risk.filter(|r| *r > 0), stop) else {
            return Sized::TooSmall("a risk size needs a stop and a positive amount".to_owned());
        };
        let distance = risk_distance(entry, stop, def.tick);
        let wanted = risk / i128::from(distance);
        let least = self.trade_risk_max(intent.id.instance).map_or(i128::MAX, |most| most / i128::from(distance));
        let allowed = self.allowed_units(intent.id.instance, price, closes).min(least);
        Self::cut(wanted, allowed, (lot, floor), || {
            format!(
                "one lot of {lot} at {} risks {} to the stop; {} is risked and {} units are allowed",
                show(entry),
                show(super::account::narrow(i128::from(distance) * i128::from(lot))),
                show(super::account::narrow(risk)),
                allowed.min(wanted).max(0)
            )
        })
    }

    /// Wanted units within what is allowed, in whole lots; where less than a lot is wanted, `floor` units.
    ///
    /// Limits stand above the floor: what they cut to nothing stays nothing.
    fn cut(wanted: i128, allowed: i128, (lot, floor): (i64, i64), small: impl FnOnce() -> String) -> Sized {
        let units = |n: i128| (n.clamp(0, i128::from(UNITS_MAX)) as i64) / lot * lot;
        match (units(allowed.min(wanted)), units(wanted)) {
            (0, 0) if floor > 0 && allowed >= i128::from(floor) => Sized::Units(floor, Some(wanted.max(0) as i64)),
            (0, _) => Sized::TooSmall(small()),
            (n, all) => Sized::Units(n, (n < all).then_some(all)),
        }
    }

    /// Units that order value, position value, quantity and buying power allow.
    ///
    /// Values count at the price that risk will look at, the limit, where that is the dearer one.
    fn allowed_units(&self, instance: u32, price: (i64, i64), closes: i64) -> i128 {
        let i = &self.instances[instance as usize];
        let account = &self.accounts[i.account as usize];
        let caps = self.caps(instance);
        let (entry, dearest) = (i128::from(price.0.max(1)), i128::from(price.0.max(price.1).max(1)));
        let units_for = |money: i64| {
            if money > 0 { i128::from(money) / dearest } else { i128::MAX }
        };
        let units_of = |units: i64| if units > 0 { i128::from(units) } else { i128::MAX };
        let closing = i128::from(closes);
        let own = i128::from(i.book.quantity().abs()) - closing + i128::from(self.working_units(instance, None));
        let net = own + i128::from(self.others_hold(instance).abs());
        let mut allowed = i128::MAX;
        for (level, held) in [net, own, net].into_iter().enumerate() {
            let order = units_for(caps.order_value[level]).min(units_of(caps.order_quantity[level]));
            let position = units_for(caps.position_value[level]).min(units_of(caps.position_quantity[level]));
            allowed = allowed.min(order - closing).min(position - held);
        }
        let power = self.buying_power(i.account, (closes > 0).then_some(instance)).max(0).saturating_mul(95) / 100;
        let margin = mul_div(entry, i128::from(account.margin_share(self.kind_of(instance))), RATE_ONE)
            .unwrap_or(i128::MAX)
            .max(1);
        allowed.min(power / margin)
    }

    /// Units that an instance's working entries can still add, on one side or both.
    pub(super) fn working_units(&self, instance: u32, side: Option<i8>) -> i64 {
        let entries = &self.instances[instance as usize].entries;
        let of_side = entries.iter().filter_map(|s| self.orders.get(*s)).filter(|o| side.is_none_or(|s| s == o.side));
        of_side.map(super::order::Order::open).sum()
    }
}

/// Money that one unit loses at its stop: a stop at hand counts as three ticks or 0.1 % away.
pub(super) fn risk_distance(entry: i64, stop: i64, tick: i64) -> i64 {
    (entry - stop).abs().max(3 * tick).max(entry / 1000)
}

/// A size in whole units; `None` for what is no positive whole number.
pub(super) fn whole_units(size: f64) -> Option<i64> {
    (size >= 1.0 && size.is_finite() && size.fract() == 0.0).then_some(size as i64) // saturates
}

pub(super) fn quantity_given(size: f64, lot: i64) -> Sized {
    match whole_units(size) {
        Some(units) if units > UNITS_MAX => Sized::TooLarge(units),
        Some(units) if units % lot == 0 => Sized::Units(units, None),
        Some(_) | None => Sized::TooSmall(format!("the quantity {size} is not a positive multiple of the lot {lot}")),
    }
}

/// A price or money in rupees for people, exact.
pub(super) fn show(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (value.unsigned_abs() / ONE as u64, value.unsigned_abs() % ONE as u64);
    let digits = format!("{part:08}");
    let trimmed = digits.trim_end_matches('0');
    if trimmed.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{trimmed}") }
}
