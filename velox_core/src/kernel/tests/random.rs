//! Whatever comes in, in whatever order: no panic, sound books, and the same decisions from the same records.

use super::acts::{Act, World, act, facts_of, started, world};
use super::day::{Day, S, at, paise, share};
use super::wished::{Raw, Wished};
use crate::kernel::Kernel;
use crate::kernel::check::DAY_NS;
use crate::kernel::sound::{action_rounding, worth};
use crate::record::*;
use proptest::prelude::*;

/// A day that is played act by act.
pub(super) struct Play {
    pub(super) day: Day,
    world: World,
    /// Begin of the candles that are open, on a day of candles.
    begun: Option<i64>,
    /// Days since the first.
    nights: i64,
    pub(super) clock: i64,
    pub(super) price: [i64; 2],
    volume: i64,
}

impl Play {
    pub(super) fn new(world: World) -> Self {
        let mut day = Day::bare();
        day.facts = facts_of(world, 0);
        if world.broker {
            day.account.venue = "broker".into();
        }
        day.account.partial = world.partial;
        day.account.same_instrument = match (world.crowd, world.nets) {
            (false, _) => SameInstrument::Refuse,
            (true, false) => SameInstrument::Wait,
            (true, true) => SameInstrument::Net,
        };
        day.account.latency_ns = if world.latency { S / 3 } else { 0 };
        if world.wall {
            day.settings(|s| s.clock = ClockMode::Wall);
        }
        if world.candles {
            day.settings(|s| *s = super::by_candles::settings());
        }
        day.begin();
        day.put(Kind::AccountDef, &AccountDef { id: 1, name: "second".into(), ..day.account.clone() });
        for account in 0..2 {
            day.limits(|l| (l.account, l.intents, l.refusals) = (account, 5, 200));
        }
        for _ in 0..2 {
            day.share(|d| {
                d.freeze = world.freeze;
                if world.circuits {
                    (d.lower, d.upper) = (paise(99.02), paise(101.03));
                }
            });
        }
        for share in 0..2 {
            day.watch(share, 60);
            day.watch(share, 300);
        }
        if !world.candles {
            day.watch_as(0, 60, true);
        }
        for instance in 0..if world.crowd { 3 } else { 2 } {
            day.put(Kind::StrategyStarted, &started(instance, world, 0));
        }
        day.feed_up("09:00");
        Self { day, world, begun: None, nights: 0, clock: at("09:15:01"), price: [paise(100.0); 2], volume: 0 }
    }

    /// Whoever traded besides us closes what he has, or every second of the day would be marked.
    pub(super) fn close_external(&mut self) {
        for account in 0..2u32 {
            let books = self.day.kernel.accounts[account as usize].external.books.clone();
            for (instrument, book) in books.into_iter().filter(|(_, book)| book.quantity() != 0) {
                self.foreign(account, instrument, -book.quantity(), format!("close {account} {instrument}"));
            }
        }
    }

    fn stop(&mut self, instance: u32, fault: bool) {
        let reason = "asked".to_owned();
        self.day.put(Kind::StrategyStopped, &StrategyStopped { instance, fault, reason });
    }

    /// Somebody else trades signed units at the last price.
    fn foreign(&mut self, account: u32, instrument: u32, units: i64, id: String) {
        let (kind, side, quantity) = (ReplyKind::ForeignFill, units.signum() as i8, units.abs());
        let price = self.price[instrument as usize];
        let trade = BrokerReply { kind, account, id, instrument, side, quantity, price, ..BrokerReply::default() };
        self.day.put(Kind::BrokerReply, &trade);
    }

    /// A broker says something of an order of an instance.
    fn answer(&mut self, (kind, ask): (u8, u32), instance: u32, order: (u32, u32), buys: bool, filled: (i64, i64)) {
        let intent = IntentId { instance, date: self.day.facts.session_date, counter: order.0 };
        let reply = BrokerReply {
            kind: ReplyKind::try_from(kind).unwrap(),
            account: if self.world.accounts { instance } else { 0 },
            instrument: instance,
            side: if buys { 1 } else { -1 },
            quantity: filled.0.max(1),
            price: filled.1 * 1_000_000,
            order: OrderId { intent, child: order.1 },
            ask,
            ..BrokerReply::default()
        };
        self.day.put(Kind::BrokerReply, &reply);
    }

    pub(super) fn acts(&mut self, acts: &[Act]) {
        for act in acts {
            self.act(act);
        }
    }

    pub(super) fn act(&mut self, act: &Act) {
        match *act {
            Act::Tick { step_ms, move_ticks, volume, .. } if self.world.candles => {
                self.minute(step_ms, move_ticks, volume);
            }
            Act::Tick { share, step_ms, move_ticks, volume, book } => {
                self.tick(share, step_ms * 1_000_000, move_ticks, volume, book);
            }
            Act::Odd { share, field, value } => self.odd(share, field, value),
            Act::Wish(ref wished) => self.wish(wished),
            Act::Crowd { ref wishes, ahead_ms } => {
                for wished in wishes {
                    self.wish(wished);
                }
                self.clock += ahead_ms * 1_000_000;
                self.day.fire(self.clock);
            }
            Act::Halts { halts } => self.change_halts(halts),
            Act::Raw(ref raw) => self.raw(raw),
            Act::Structure { .. } if self.world.accounts => {} // its legs are on one account
            Act::Structure { turned, rupees, guarded, unwind, together } => {
                let side = if turned { -1 } else { 1 };
                let legs = [(0, side), (1, -side)].map(|(instance, side): (u32, i8)| {
                    let wish = self.day.wish_of(instance, Action::Go, side).sized(SizeKind::Notional, rupees as f64);
                    let price = self.price[wish.intent.instrument as usize] as f64 / 1e8;
                    (if guarded { wish.stop(price - 0.3 * f64::from(side)) } else { wish }).intent
                });
                self.day.put(Kind::Structure, &Structure { legs, unwind, together });
            }
            Act::Mark { ahead_ms } => {
                self.clock += ahead_ms * 1_000_000;
                self.day.fire(self.clock);
            }
            Act::Command { kind, key, scope } => self.command(kind, key, scope),
            Act::Foreign { account, share, buys, units, id } => {
                self.foreign(account, share, if buys { units } else { -units }, format!("t{id}"));
            }
            Act::Feed { kind } => {
                let kind = MarkKind::try_from(kind).unwrap();
                if kind != MarkKind::DayDone {
                    self.day.session(kind, self.clock);
                }
            }
            Act::Reply { kind, instance, order, ask, buys, filled } => {
                self.answer((kind, ask), instance, order, buys, filled);
            }
            Act::Stop { instance, fault } => self.stop(instance, fault),
            Act::Start { instance } => {
                self.day.put(Kind::StrategyStarted, &started(instance, self.world, self.nights * DAY_NS));
            }
            Act::Night { share, new, old, dividend } => {
                let (was, source) = (String::new(), String::new());
                let dividend = dividend * paise(0.05);
                self.night(&CorporateAction { instrument: share, ex: 0, new, old, dividend, was, source });
            }
        }
    }

    fn raw(&mut self, raw: &Raw) {
        let action = Action::try_from(raw.kinds[0]).unwrap();
        let blank = self.day.wish_of(raw.instance, action, if raw.size > 1.0 { 1 } else { -1 }).intent;
        self.day.put(Kind::Intent, &raw.intent(blank));
    }

    fn command(&mut self, kind: u8, key: u8, (strategy, instrument): (i64, i64)) {
        let kind = CommandKind::try_from(kind).unwrap();
        self.day.command_for(kind, &format!("k{key}"), (-1, strategy, instrument));
    }

    fn change_halts(&mut self, halts: u8) {
        self.world.halts = halts;
        let facts = facts_of(self.world, self.nights);
        // Refused where an odd tick has moved the clock beyond the day.
        if self.day.try_put(Kind::FactsLoaded, &facts).is_ok() {
            self.day.facts = facts;
        }
    }

    fn wish(&mut self, wished: &Wished) {
        let action = Action::try_from(wished.action).unwrap();
        let instance = if self.world.crowd { wished.instance + wished.third() } else { wished.instance };
        let blank = self.day.wish_of(instance, action, wished.side).intent;
        let base = self.price[blank.instrument as usize] as f64 / 1e8;
        self.day.put(Kind::Intent, &wished.intent(blank, base));
    }

    /// The next day begins, with a corporate action of a share.
    fn night(&mut self, action: &CorporateAction) {
        self.nights += 1;
        let facts = facts_of(self.world, self.nights);
        if self.day.try_put(Kind::FactsLoaded, &facts).is_err() {
            self.nights -= 1; // an odd tick has moved the clock beyond it
            return;
        }
        self.day.facts = facts;
        let before = worth(&self.day.kernel);
        if self.day.try_put(Kind::CorporateAction, action).is_ok() {
            let (now, most) = (worth(&self.day.kernel), action_rounding(&self.day.kernel, action.instrument));
            if self.day.kernel.markets[action.instrument as usize].last > 0 {
                assert!((now - before).abs() <= most, "{action:?} made {now} of {before}");
            }
            let price = &mut self.price[action.instrument as usize];
            let tick = paise(0.05);
            *price = ((*price - action.dividend) * action.old / action.new / tick * tick)
                .clamp(paise(1.0), paise(100_000.0));
            // Its circuits are those of the new price.
            self.day.put(Kind::InstrumentDef, &InstrumentDef { freeze: self.world.freeze, ..share(action.instrument) });
        }
        self.begun = None;
        (self.clock, self.volume) = (at("09:15:01") + self.nights * DAY_NS, 0);
        for instance in 0..2 {
            self.day.put(Kind::StrategyStarted, &started(instance, self.world, self.nights * DAY_NS));
        }
        self.day.session(MarkKind::FeedUp, at("09:00") + self.nights * DAY_NS);
    }

    fn tick(&mut self, share: u32, step_ns: i64, move_ticks: i64, volume: i64, book: bool) {
        self.clock += step_ns;
        self.volume += volume;
        let price = &mut self.price[share as usize];
        *price = (*price + move_ticks * paise(0.05)).max(paise(1.0));
        let level = |ticks: i64| Level { price: *price + ticks * paise(0.05), quantity: 10 };
        let mut tick = Tick { instrument: share, exch_ts: self.clock, price: *price, ..Tick::default() };
        tick.mode = if book { TickMode::Snap } else { TickMode::Quote };
        (tick.volume, tick.last_qty) = (self.volume, volume);
        if book {
            (tick.bid, tick.ask) = (level(-1), level(1));
        }
        self.day.put_tick_at(&tick, self.clock);
    }

    /// The opens of a minute, or all else of those that are open.
    fn minute(&mut self, step_ms: i64, move_ticks: i64, volume: i64) {
        let tick = paise(0.05);
        let Some(ts_open) = self.begun.take() else {
            let begin = (self.clock.max(self.day.kernel.now)).div_euclid(60 * S) + 1 + i64::from(step_ms > 1_200);
            self.clock = begin * 60 * S;
            self.begun = Some(self.clock);
            for share in 0..2 {
                let price = &mut self.price[share as usize];
                *price = (*price + move_ticks * tick).max(paise(1.0));
                // Refused where an odd tick has moved the clock beyond it.
                let _ = self.day.try_open(share, self.clock, *price);
            }
            return;
        };
        for share in 0..2 {
            let open = self.price[share as usize];
            let close = (open + move_ticks * tick).max(paise(1.0));
            let (high, low) = (open.max(close) + volume % 7 * tick, open.min(close) - volume % 5 * tick);
            let range = CandleRange { instrument: share, ts_open, high, low: low.max(1), close, volume, ticks: 3 };
            self.price[share as usize] = close;
            if self.day.try_rest(&range).is_ok() {
                self.assert_triggers_met(&range);
            }
        }
        self.clock = ts_open + 60 * S - 1_000_000;
    }

    /// No trigger waits on that a candle has reached.
    fn assert_triggers_met(&self, range: &CandleRange) {
        let kernel = &self.day.kernel;
        if kernel.markets[range.instrument as usize].last_ts < kernel.now {
            return; // its open was no good price
        }
        for (_, order) in kernel.orders.iter().filter(|(_, order)| order.instrument == range.instrument) {
            let met = |t: crate::kernel::order::Trigger| t.is_met(range.high) || t.is_met(range.low);
            assert!(!order.trigger.is_some_and(met), "{order:?} has not met {range:?}");
        }
    }

    fn odd(&mut self, share: u32, field: u8, value: i64) {
        let mut tick = Tick { mode: TickMode::Snap, instrument: share, exch_ts: self.clock, ..Tick::default() };
        tick.price = self.price[share as usize % 2];
        tick.volume = self.volume;
        match field {
            0 => tick.price = value,
            1 => tick.exch_ts = value,
            2 => tick.volume = value,
            3 => tick.last_qty = value,
            4 => tick.bid = Level { price: value, quantity: 5 },
            5 => tick.ask = Level { price: value, quantity: 5 },
            6 => (tick.bid.quantity, tick.ask.quantity) = (value, value),
            7 => tick.upper = value,
            8 => tick.lower = value,
            9 => tick.exch_ts = self.clock.saturating_add(value % (10 * S)),
            10 => (tick.open_interest, tick.trade_ts) = (value, value),
            _ => tick.instrument = value as u32,
        }
        self.day.put_tick_at(&tick, self.clock);
    }
}

/// The kernel after some records, and the decisions that it made.
pub(super) fn replayed(mut kernel: Kernel, records: &[(i64, Kind, Vec<u8>)]) -> (Kernel, Vec<(Kind, i64, Vec<u8>)>) {
    let mut decisions = Vec::new();
    for (ts, kind, payload) in records {
        kernel.apply(*ts, &Input::parse(*kind as u8, payload).unwrap()).unwrap();
        decisions.extend(kernel.out.decisions.iter().map(|(kind, ts, payload)| (kind, ts, payload.to_vec())));
    }
    (kernel, decisions)
}

proptest! {
    #![proptest_config(crate::tests::cases(96))]

    /// Books stay sound after every record (`Day` looks after each), and nothing outlives the day.
    #[test]
    fn any_day_stays_sound_to_its_end(world in world(), acts in prop::collection::vec(act(), 1..160)) {
        let mut play = Play::new(world);
        play.acts(&acts);
        play.close_external();
        play.day.fire(at("16:00:02") + play.nights * DAY_NS);
        let kernel = &play.day.kernel;
        prop_assert_eq!(kernel.orders.iter().count(), 0);
        prop_assert_eq!(kernel.next_due(), i64::MAX);
        prop_assert!(kernel.schedules.len() <= 4 + acts.len());
    }

    /// A Snapshot at any place holds everything that decides: the rest of the day gives the same decisions and state.
    #[test]
    fn a_snapshot_anywhere_decides_the_same(
        world in world(), acts in prop::collection::vec(act(), 1..120), cut in any::<prop::sample::Index>()
    ) {
        let mut play = Play::new(world);
        play.acts(&acts);
        let records = &play.day.records;
        let cut = cut.index(records.len());
        let (whole, decisions) = replayed(Kernel::default(), records);
        prop_assert_eq!(whole.snapshot(), play.day.kernel.snapshot(), "a replay leads to the same state");
        let (half, mut again) = replayed(Kernel::default(), &records[..cut]);
        let restored = Kernel::restore(&half.snapshot()).unwrap();
        prop_assert_eq!(restored.snapshot(), half.snapshot());
        let (rest, later) = replayed(restored, &records[cut..]);
        again.extend(later);
        prop_assert!(again == decisions);
        prop_assert_eq!(rest.snapshot(), whole.snapshot());
    }

    /// Time marks where the clock moves without a tick change no decision.
    #[test]
    fn time_marks_change_nothing(
        crowd in any::<bool>(), acts in prop::collection::vec(act(), 1..120),
        marks in prop::collection::vec(0..3u8, 120)
    ) {
        let world = World {
            candles: false,
            partial: false,
            latency: true,
            wall: false,
            freeze: 0,
            circuits: false,
            rules: false,
            accounts: false,
            crowd,
            nets: crowd && acts.len() % 2 == 0,
            halts: 0,
            broker: false,
        };
        let sound = |act: &&Act| !matches!(act, Act::Odd { .. } | Act::Mark { .. } | Act::Crowd { .. } | Act::Halts { .. });
        let (mut plain, mut marked) = (Play::new(world), Play::new(world));
        for (act, mark) in acts.iter().filter(sound).zip(&marks) {
            if let (Act::Tick { share: 0, step_ms, .. }, 1..) = (act, mark) {
                // up to the next tick, which moves the clock to there or further
                let to = marked.clock + step_ms * 1_000_000 / i64::from(*mark);
                let at = TimeMark { at: to };
                let now = marked.day.kernel.now;
                marked.day.kernel.apply(now, &Input::TimeMark(at)).unwrap();
                marked.day.fire(to);
            }
            plain.act(act);
            marked.act(act);
        }
        prop_assert_eq!(plain.day.kernel.hash.value(), marked.day.kernel.hash.value());
    }
}

#[test]
fn inputs_of_a_made_up_share_can_be_checked_without_changing_anything() {
    let mut kernel = Kernel::default();
    let before = kernel.snapshot();
    let bad = InstrumentDef { tick: 0, ..share(0) };
    assert!(kernel.check(0, &Input::InstrumentDef(bad.clone())).is_err());
    assert!(kernel.apply(0, &Input::InstrumentDef(bad)).is_err());
    assert_eq!(kernel.snapshot(), before);
}
