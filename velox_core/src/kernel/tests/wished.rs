//! Random wishes: most make sense near a price, some hold any number wherever a number can stand.

use super::day::paise;
use crate::record::*;
use proptest::prelude::*;

/// A wish that makes sense; prices and distances come from the price of its time.
#[derive(Clone, Debug)]
pub(super) struct Wished {
    pub(super) instance: u32,
    pub(super) action: u8,
    pub(super) side: i8,
    units: i64,
    size: (u8, f64),
    trade: u32,
    protection: [u8; 3],
    limit: i64,
    trigger: i64,
    exits: Vec<(u8, u8, bool)>,
}

/// A wish with any number everywhere.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) instance: u32,
    pub(super) kinds: [u8; 4],
    pub(super) size: f64,
    floats: [f64; 4],
    exits: Vec<f64>,
    trigger: (u8, f64),
    valid: i64,
}

pub(super) fn odd_number() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(i64::MIN),
        Just(i64::MAX),
        Just(-1),
        Just(0),
        Just(1),
        Just(paise(1e7)),
        Just(paise(1e7) + 1),
        any::<i64>(),
        (0..200i64).prop_map(|p| p * 100_000_000)
    ]
}

fn odd_float() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(0.0),
        Just(-1.0),
        Just(1e300),
        Just(1e-300),
        80.0..120.0f64,
        0.0..5.0f64,
        any::<f64>()
    ]
}

/// Ticks from the price, 0 for none.
fn away() -> impl Strategy<Value = i64> {
    prop_oneof![2 => Just(0i64), 1 => -12..=12i64]
}

pub(super) fn wished() -> impl Strategy<Value = Wished> {
    let action = prop_oneof![3 => Just(0u8), 3 => Just(1u8), 4 => 2..8u8];
    let size = prop_oneof![4 => Just((1u8, 1.0)), 1 => (0..10u8, prop_oneof![Just(0.02), Just(1.0), Just(100.0)])];
    let sized = (1..40i64, size, prop_oneof![3 => Just(0u32), 1 => 0..40u32]);
    let exits = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec((0..5u8, 0..4u8, any::<bool>()), 1..5)];
    (0..2u32, action, -1..=1i8, sized, [0..4u8, 0..4u8, 0..4u8], [away(), away()], exits).prop_map(
        |(instance, action, side, (units, size, trade), protection, [limit, trigger], exits)| Wished {
            instance,
            action,
            side,
            units,
            size,
            trade,
            protection,
            limit,
            trigger,
            exits,
        },
    )
}

pub(super) fn raw() -> impl Strategy<Value = Raw> {
    let floats = [odd_float(), odd_float(), odd_float(), odd_float()];
    (
        0..2u32,
        [0..8u8, 0..10u8, 0..6u8, 0..3u8],
        odd_float(),
        floats,
        (0..3u8, odd_float()),
        odd_number(),
        prop::collection::vec(odd_float(), 0..3),
    )
        .prop_map(|(instance, kinds, size, floats, trigger, valid, exits)| Raw {
            instance,
            kinds,
            size,
            floats,
            exits,
            trigger,
            valid,
        })
}

impl Wished {
    /// 1 for every third wish or so.
    pub(super) fn third(&self) -> u32 {
        u32::from(self.units % 3 == 0)
    }

    /// The wish at a price in rupees; `blank` names it.
    pub(super) fn intent(&self, blank: Intent, base: f64) -> Intent {
        let spec = |kind: u8, away: f64| {
            let kind = PriceKind::try_from(kind).unwrap();
            PriceSpec { kind, value: if kind == PriceKind::Price { base + away } else { 0.4 } }
        };
        let [stop, target, trail] = self.protection;
        let away = 0.3 * f64::from(self.side);
        let part = |(share, target, trails): &(u8, u8, bool)| ExitPart {
            share: [0.0, 0.25, 1.0 / 3.0, 0.5, 0.01][usize::from(*share)],
            target: spec(*target, away),
            trail: spec(if *trails { 3 } else { 0 }, 0.0),
        };
        let waits = |ticks: i64| TriggerSpec {
            kind: if ticks % 2 == 0 { TriggerKind::Above } else { TriggerKind::Below },
            price: base + ticks as f64 * 0.05,
        };
        Intent {
            size_kind: SizeKind::try_from(self.size.0).unwrap(),
            size: self.units as f64 * self.size.1,
            trade: self.trade,
            limit: if self.limit == 0 { f64::NAN } else { base + self.limit as f64 * 0.05 },
            trigger: if self.trigger == 0 { TriggerSpec::default() } else { waits(self.trigger) },
            stop: spec(stop, -away),
            target: spec(target, away),
            trail: if trail == 1 { PriceSpec::default() } else { spec(trail, 0.0) },
            exits: self.exits.iter().map(part).collect(),
            ..blank
        }
    }
}

impl Raw {
    /// The wish; `blank` names it.
    pub(super) fn intent(&self, blank: Intent) -> Intent {
        let spec = |value| PriceSpec { kind: PriceKind::try_from(self.kinds[2]).unwrap(), value };
        let [limit, stop, target, trail] = self.floats;
        Intent {
            size_kind: SizeKind::try_from(self.kinds[1]).unwrap(),
            size: self.size,
            limit,
            trigger: TriggerSpec { kind: TriggerKind::try_from(self.trigger.0).unwrap(), price: self.trigger.1 },
            stop: spec(stop),
            target: spec(target),
            trail: spec(trail),
            exits: self
                .exits
                .iter()
                .map(|share| ExitPart { share: *share, target: spec(target), trail: spec(trail) })
                .collect(),
            valid_kind: ValidKind::try_from(self.kinds[3]).unwrap(),
            valid: self.valid,
            bar_open: self.valid,
            bar_seconds: self.valid as u32,
            ..blank
        }
    }
}
