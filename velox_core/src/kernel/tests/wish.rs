//! Intents in words.

use super::day::{Day, at};
use crate::record::{ExitPart, Intent, Kind, PriceKind, PriceSpec, SizeKind, TriggerKind, TriggerSpec};

/// An intent in the making.
pub(super) struct Wish<'a> {
    day: &'a mut Day,
    pub(super) intent: Intent,
}

impl<'a> Wish<'a> {
    pub(super) fn new(day: &'a mut Day, intent: Intent) -> Self {
        Self { day, intent }
    }

    pub(super) fn quantity(mut self, units: i64) -> Self {
        (self.intent.size_kind, self.intent.size) = (SizeKind::Quantity, units as f64);
        self
    }

    pub(super) fn sized(mut self, kind: SizeKind, size: f64) -> Self {
        (self.intent.size_kind, self.intent.size) = (kind, size);
        self
    }

    /// It is about the trade that an intent of this counter began.
    pub(super) fn of(mut self, trade: u32) -> Self {
        self.intent.trade = trade;
        self
    }

    pub(super) fn risk_rupees(mut self, rupees: f64) -> Self {
        (self.intent.size_kind, self.intent.size) = (SizeKind::RiskRupees, rupees);
        self
    }

    pub(super) fn stop(mut self, price: f64) -> Self {
        self.intent.stop = PriceSpec { kind: PriceKind::Price, value: price };
        self
    }

    pub(super) fn target(mut self, price: f64) -> Self {
        self.intent.target = PriceSpec { kind: PriceKind::Price, value: price };
        self
    }

    pub(super) fn trail(mut self, points: f64) -> Self {
        self.intent.trail = PriceSpec { kind: PriceKind::Points, value: points };
        self
    }

    pub(super) fn limit(mut self, price: f64) -> Self {
        self.intent.limit = price;
        self
    }

    /// It waits until the price rises to this.
    pub(super) fn above(mut self, price: f64) -> Self {
        self.intent.trigger = TriggerSpec { kind: TriggerKind::Above, price };
        self
    }

    /// It waits until the price falls to this.
    pub(super) fn below(mut self, price: f64) -> Self {
        self.intent.trigger = TriggerSpec { kind: TriggerKind::Below, price };
        self
    }

    /// One part more, with a target, or with a trail in points.
    pub(super) fn part(mut self, share: f64, target: Option<f64>, trail: Option<f64>) -> Self {
        let spec = |kind, value: Option<f64>| value.map_or_else(PriceSpec::default, |value| PriceSpec { kind, value });
        let (target, trail) = (spec(PriceKind::Price, target), spec(PriceKind::Points, trail));
        self.intent.exits.push(ExitPart { share, target, trail });
        self
    }

    pub(super) fn of_bar(mut self, clock: &str, seconds: u32) -> Self {
        (self.intent.bar_open, self.intent.bar_seconds) = (at(clock), seconds);
        self
    }

    pub(super) fn but(mut self, change: impl FnOnce(&mut Intent)) -> Self {
        change(&mut self.intent);
        self
    }

    pub(super) fn send(self) {
        let Self { day, intent } = self;
        day.put(Kind::Intent, &intent);
    }
}
