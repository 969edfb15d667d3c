//! Intents of every kind: most are what a strategy would wish, some hold any number where a number can stand.

use crate::bytes::Bytes;
use velox_core::record::{
    Action, ExitPart, Intent, IntentId, PriceKind, PriceSpec, SizeKind, TriggerKind, TriggerSpec, ValidKind,
};

fn spec(kind: u8, near: f64, away: f64) -> PriceSpec {
    let kind = PriceKind::try_from(kind % 6).unwrap_or_default();
    PriceSpec { kind, value: if kind == PriceKind::Price { near + away } else { away.abs() } }
}

fn of(id: IntentId, instrument: u32, action: Action, side: i8) -> Intent {
    Intent {
        id,
        cause_seq: 0,
        action,
        instrument,
        side,
        size_kind: SizeKind::Quantity,
        size: 10.0,
        limit: f64::NAN,
        trigger: TriggerSpec::default(),
        stop: PriceSpec::default(),
        target: PriceSpec::default(),
        trail: PriceSpec::default(),
        exits: Vec::new(),
        valid_kind: ValidKind::Default,
        valid: 0,
        trade: 0,
        bar_open: 0,
        bar_seconds: 0,
        reason: "wish".into(),
        reads: Vec::new(),
    }
}

/// Parts of a position that leave one by one, now and then in no sensible way.
fn parts(from: &mut Bytes<'_>, away: f64) -> Vec<ExitPart> {
    let mut parts = Vec::new();
    for _ in 0..1 + from.below(4) {
        let share = [0.0, 0.25, 1.0 / 3.0, 0.5, 0.01, 1.0][usize::from(from.below(6))];
        let kind = 1 + from.below(5);
        let near = if kind == 1 { 100.0 } else { 0.0 };
        let trail = spec(3 * from.below(2), 0.0, away);
        parts.push(ExitPart { share, target: spec(kind, near, away), trail });
    }
    parts
}

fn action(from: &mut Bytes<'_>) -> Action {
    let number = [0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 5, 6, 6, 7, 3][usize::from(from.below(16))];
    Action::try_from(number).unwrap_or(Action::Go)
}

/// A wish that makes sense near a price (rupees).
pub fn sensible(id: IntentId, instrument: u32, near: f64, from: &mut Bytes<'_>) -> Intent {
    let side = from.below(3) as i8 - 1;
    let mut wish = of(id, instrument, action(from), side);
    wish.size = f64::from(1 + from.below(40));
    if from.below(8) == 0 {
        (wish.size_kind, wish.size) = (SizeKind::RiskRupees, 10.0 * wish.size);
    }
    if from.below(6) == 0 {
        let kinds = [SizeKind::None, SizeKind::Lots, SizeKind::Notional, SizeKind::Share, SizeKind::NotionalOrLot];
        wish.size_kind = kinds[usize::from(from.below(5))];
        let scale = [1.0, 1.0, 100.0, 0.025][usize::from(from.below(4))];
        wish.size *= scale;
    }
    wish.trade = u32::from(from.below(4)) * u32::from(from.below(8));
    let shape = from.byte();
    let away = 0.05 * f64::from(1 + from.below(12)) * f64::from(side);
    if shape & 3 == 0 {
        wish.limit = near + 0.05 * from.small() as f64 / 8.0;
    }
    if from.below(5) == 0 {
        let kind = if from.flag() { TriggerKind::Above } else { TriggerKind::Below };
        wish.trigger = TriggerSpec { kind, price: near + 0.05 * from.small() as f64 / 8.0 };
    }
    if shape & 4 == 4 {
        wish.stop = spec(1 + (shape >> 6), near, -away);
    }
    if shape & 8 == 8 {
        wish.target = spec(1 + (shape >> 6), near, away);
    }
    if shape & 16 == 16 {
        wish.trail = spec(1 + (shape >> 7), 0.0, away);
    }
    if from.below(4) == 0 {
        wish.exits = parts(from, away);
    }
    if shape & 32 == 32 {
        (wish.valid_kind, wish.valid, wish.bar_seconds) = (ValidKind::Bars, i64::from(from.below(3)), 60);
    }
    wish
}

/// A wish with any number everywhere.
pub fn odd(id: IntentId, from: &mut Bytes<'_>) -> Intent {
    let mut wish = of(id, u32::from(from.below(4)), action(from), from.byte() as i8);
    wish.size_kind = SizeKind::try_from(from.below(10)).unwrap_or(SizeKind::None);
    wish.valid_kind = ValidKind::try_from(from.below(3)).unwrap_or(ValidKind::Default);
    (wish.size, wish.limit) = (from.float(), from.float());
    let kind = TriggerKind::try_from(from.below(3)).unwrap_or_default();
    wish.trigger = TriggerSpec { kind, price: from.float() };
    for place in [&mut wish.stop, &mut wish.target, &mut wish.trail] {
        *place = PriceSpec { kind: PriceKind::try_from(from.below(6)).unwrap_or_default(), value: from.float() };
    }
    let shares = [from.float(), from.float()];
    let (target, trail) = (wish.target, wish.trail);
    wish.exits =
        shares[..usize::from(from.below(3))].iter().map(|share| ExitPart { share: *share, target, trail }).collect();
    (wish.valid, wish.bar_open, wish.bar_seconds) = (from.odd(), from.odd(), from.odd() as u32);
    wish
}
