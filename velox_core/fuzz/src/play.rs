//! A day played from bytes: what they say is put into a kernel as an engine would put it.

use crate::bytes::Bytes;
use crate::day::{self, S, TICK};
use crate::payload::encode;
use crate::replies;
use crate::watched::Watched;
use crate::wish;
use velox_core::fixed::TIME_MAX;
use velox_core::record::{
    Action, BrokerReply, CandleOpen, CandleRange, ClockMode, CorporateAction, HistoryBar, Input, IntentId, Kind, Level,
    MarkKind, ReplyKind, SessionMark, Settings, SizeKind, Skip, StateSet, StrategyStopped, Structure, Tick, TickMode,
    TimeMark, TriggerSpec, UserValue,
};

const SHARES: u8 = 3;

/// A kernel under watch and the market around it.
#[derive(Debug)]
pub struct Play {
    /// The kernel.
    pub watched: Watched,
    clock: i64,
    price: [i64; SHARES as usize],
    volume: i64,
    /// Days since the first.
    later: i64,
}

impl Play {
    /// A day with its facts, accounts, shares, candles, indicators and strategies.
    pub fn begin(from: &mut Bytes<'_>) -> Self {
        let mut play = Self {
            watched: Watched::default(),
            clock: day::at(9, 15, 1),
            price: [2_000 * TICK; SHARES as usize],
            volume: 0,
            later: 0,
        };
        if from.below(4) == 3 {
            play.watched.put(0, Input::Settings(Settings { clock: ClockMode::Wall, ..Settings::default() }));
        }
        play.watched.put(0, Input::FactsLoaded(day::facts(0, from)));
        for account in 0..2 {
            play.watched.put(0, Input::AccountDef(day::paper(account, from)));
            play.watched.put(0, Input::LimitsSet(day::limits(account, from)));
        }
        for id in 0..u32::from(SHARES) {
            play.watched.put(0, Input::InstrumentDef(day::share(id, from)));
            play.watched.put(0, Input::Watch(day::watch(id, id, from)));
            play.watched.put(0, Input::NodeAdded(day::node(id, id, from)));
        }
        for (id, place) in (0..).zip([(0, 0), (0, 1), (1, 0), (1, 2)]) {
            play.watched.put(0, Input::StrategyStarted(Box::new(day::strategy(id, place, 0, from))));
        }
        let up = SessionMark { kind: MarkKind::FeedUp, at: day::at(9, 0, 0), text: String::new() };
        play.watched.put(0, Input::SessionMark(up));
        play
    }

    /// Does what the bytes say until they end.
    pub fn run(&mut self, from: &mut Bytes<'_>) {
        while !from.is_empty() && !self.watched.is_spent() {
            self.act(from);
        }
    }

    fn act(&mut self, from: &mut Bytes<'_>) {
        match from.below(64) {
            0..=29 => self.tick(from),
            30 | 31 => self.odd_tick(from),
            32..=44 => self.wish(from),
            45 => self.pair(from),
            46..=49 => self.answer(from),
            50 => self.odd_wish(from),
            51..=53 => self.mark(from),
            54 => self.crowd(from),
            55 => self.watched.snapshot(),
            56..=60 => {
                let input = self.seldom(from);
                self.put_now(input);
            }
            61 => self.session(from),
            62 => self.minute(from),
            _ => self.wild(from),
        }
    }

    /// What breaks off a day, or no engine would do: rare, so that most days get far.
    fn wild(&mut self, from: &mut Bytes<'_>) {
        match from.below(16) {
            0..=3 => self.spoilt(from),
            4 => self.raw(from),
            5 => self.next_day(from),
            6 => self.leap(from),
            7 => self.watched.pass_over_next(self.clock),
            8 => {
                let done = SessionMark { kind: MarkKind::DayDone, at: self.clock, text: String::new() };
                self.put_now(Input::SessionMark(done));
            }
            _ => self.tick(from),
        }
    }

    fn tick(&mut self, from: &mut Bytes<'_>) {
        let (shape, share) = (from.byte(), from.below(SHARES));
        self.move_clock(i64::from(from.below(32)) * S / 8);
        let price = &mut self.price[usize::from(share)];
        *price = (*price + from.small() / 32 * TICK).max(TICK);
        self.volume += i64::from(shape >> 3);
        let level = |ticks: i64| Level { price: *price + ticks * TICK, quantity: 10 };
        let mut tick = Tick {
            instrument: share.into(),
            exch_ts: self.clock,
            price: *price,
            mode: TickMode::Quote,
            ..Tick::default()
        };
        (tick.volume, tick.last_qty) = (self.volume, i64::from(shape >> 3));
        if shape & 1 == 1 {
            (tick.mode, tick.bid, tick.ask) = (TickMode::Snap, level(-1), level(1));
        }
        self.put_tick(tick);
    }

    /// A tick with any number in one of its fields.
    fn odd_tick(&mut self, from: &mut Bytes<'_>) {
        let share = from.below(SHARES);
        let (price, exch_ts) = (self.price[usize::from(share)], self.clock);
        let mut tick = Tick { mode: TickMode::Snap, instrument: share.into(), exch_ts, price, ..Tick::default() };
        tick.volume = self.volume;
        let (field, value) = (from.below(13), from.odd());
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
            11 => tick.mode = TickMode::Ltp,
            _ => tick.instrument = value as u32,
        }
        self.put_tick(tick);
    }

    fn put_tick(&mut self, tick: Tick) {
        let (ts, _) = self.watched.kernel.judge_next(&tick, self.clock);
        self.watched.fire(ts);
        let in_step = self.watched.kernel.now <= ts && !self.watched.is_spent();
        self.watched.put(ts, Input::Tick(tick));
        assert!(!in_step || self.watched.kernel.next_due() >= ts, "a timer is due before kernel time");
    }

    fn intent_id(&self, from: &mut Bytes<'_>) -> IntentId {
        let instance = u32::from(from.below(4));
        let known = self.watched.kernel.instances.get(instance as usize);
        let counter = known.map_or(1, |i| i.intents.saturating_add(1));
        IntentId { instance, date: self.watched.kernel.facts.as_ref().map_or(0, |f| f.session_date), counter }
    }

    fn wish(&mut self, from: &mut Bytes<'_>) {
        let id = self.intent_id(from);
        let instrument = self.watched.kernel.instances.get(id.instance as usize).map_or(0, |i| i.instrument);
        let near = self.price[instrument as usize % usize::from(SHARES)] as f64 / 1e8;
        self.put_now(Input::Intent(wish::sensible(id, instrument, near, from)));
    }

    /// Many wish at one time, and the clock goes on: into a halt or over its end.
    fn crowd(&mut self, from: &mut Bytes<'_>) {
        for _ in 0..2 + from.below(5) {
            self.wish(from);
        }
        self.move_clock(i64::from(from.byte()) * S / 16);
        self.watched.fire(self.clock);
    }

    /// Two legs in one: mostly of two strategies and of opposite sides, now and then of any.
    fn pair(&mut self, from: &mut Bytes<'_>) {
        let shape = from.byte();
        let mut leg = || {
            let id = self.intent_id(from);
            let instrument = self.watched.kernel.instances.get(id.instance as usize).map_or(0, |i| i.instrument);
            let near = self.price[instrument as usize % usize::from(SHARES)] as f64 / 1e8;
            wish::sensible(id, instrument, near, from)
        };
        let mut legs = [leg(), leg()];
        if shape & 12 != 12 {
            for (leg, side) in legs.iter_mut().zip([1, -1]) {
                (leg.action, leg.side, leg.size_kind, leg.size) = (Action::Go, side, SizeKind::Notional, 1_000.0);
                (leg.limit, leg.trigger, leg.exits) = (f64::NAN, TriggerSpec::default(), Vec::new());
            }
        }
        let structure = Structure { legs, unwind: shape & 1 == 1, together: shape & 2 == 2 };
        self.put_now(Input::Structure(Box::new(structure)));
    }

    /// A broker says something of an order that it was asked for; where there is none, a strategy wishes.
    fn answer(&mut self, from: &mut Bytes<'_>) {
        match replies::about(&self.watched.kernel, from) {
            Some(reply) => _ = self.put_now(Input::BrokerReply(reply)),
            None => self.wish(from),
        }
    }

    fn odd_wish(&mut self, from: &mut Bytes<'_>) {
        let id = self.intent_id(from);
        self.put_now(Input::Intent(wish::odd(id, from)));
    }

    /// The clock moves without a tick.
    fn mark(&mut self, from: &mut Bytes<'_>) {
        self.move_clock(i64::from(from.byte()) * S / 16);
        self.put_now(Input::TimeMark(TimeMark { at: self.clock }));
        self.watched.fire(self.clock);
    }

    /// The clock leaps by up to four and a half hours.
    fn leap(&mut self, from: &mut Bytes<'_>) {
        self.move_clock(i64::from(from.byte()) * 64 * S);
        self.watched.fire(self.clock);
    }

    fn move_clock(&mut self, by: i64) {
        self.clock = self.clock.saturating_add(by).min(TIME_MAX);
    }

    /// The next day begins, at whatever time the last one has come to.
    fn next_day(&mut self, from: &mut Bytes<'_>) {
        let later = self.later + i64::from(from.below(3));
        if self.put_now(Input::FactsLoaded(day::facts(later, from))) && later != self.later {
            self.later = later;
            self.clock = self.clock.max(day::at(9, 15, 1) + later * 86_400 * S);
            let share = from.below(SHARES);
            let action = self.action(share.into(), from);
            if self.put_now(Input::CorporateAction(action.clone())) {
                let price = &mut self.price[usize::from(share)];
                *price =
                    ((*price - action.dividend) * action.old / action.new / TICK * TICK).clamp(TICK, 1_000_000 * TICK);
            }
        }
    }

    /// What befalls a share between two days.
    fn action(&self, instrument: u32, from: &mut Bytes<'_>) -> CorporateAction {
        let ex = self.watched.kernel.facts.as_ref().map_or(0, |facts| facts.session_date) - i32::from(from.below(3));
        let (new, old) = (1 + i64::from(from.below(7)), 1 + i64::from(from.below(7)));
        let dividend = i64::from(from.below(4)) * i64::from(from.byte()) * TICK;
        CorporateAction { instrument, ex, new, old, dividend, was: String::new(), source: String::new() }
    }

    fn session(&mut self, from: &mut Bytes<'_>) {
        let kinds = [MarkKind::FeedUp, MarkKind::FeedDown, MarkKind::FeedResumed, MarkKind::Recovered];
        let kind = kinds[usize::from(from.below(4))];
        self.put_now(Input::SessionMark(SessionMark { kind, at: self.clock, text: String::new() }));
    }

    /// What is told now and then: definitions, limits, commands, strategies that begin and end.
    fn seldom(&mut self, from: &mut Bytes<'_>) -> Input {
        let (k, id) = (&self.watched.kernel, from.byte());
        let count = |len: usize| u32::from(id) % (len as u32 + 1);
        let midnight = self.later * 86_400 * S;
        match from.below(18) {
            17 => Input::FactsLoaded(day::facts(self.later, from)), // other halts
            16 => Input::CorporateAction(self.action(u32::from(id % 4), from)),
            0 => Input::InstrumentDef(day::share(count(k.markets.len().min(4)), from)),
            1 => Input::AccountDef(day::paper(count(k.accounts.len().min(2)), from)),
            2 => Input::LimitsSet(day::limits(u32::from(id % 3), from)),
            3 => Input::Watch(day::watch(k.series.len() as u32, u32::from(id % 4), from)),
            4 => Input::NodeAdded(day::node(k.nodes.len() as u32, u32::from(id % 4), from)),
            5 => Input::HistoryBar(self.history(from)),
            6 => Input::StateSet(StateSet { instance: u32::from(id % 5), name: "n".into(), value: vec![id; 3] }),
            7 => Input::UserValue(UserValue { instance: u32::from(id), name: "n".into(), text: "t".into() }),
            8 => Input::Skip(Skip { seq: id.into(), tick: from.flag(), reason: String::new() }),
            9 => Input::Settings(day::settings(from)),
            10 => Input::StrategyStopped(StrategyStopped {
                instance: u32::from(id % 5),
                fault: from.flag(),
                reason: "asked".into(),
            }),
            11 | 12 => {
                let place = (u32::from(from.below(2)), u32::from(from.below(SHARES)));
                Input::StrategyStarted(Box::new(day::strategy(u32::from(id % 6), place, midnight, from)))
            }
            13 => Input::Kept(Kind::Funds),
            14 => Input::BrokerReply(self.foreign(id, from)),
            _ => Input::Command(day::command(id, from)),
        }
    }

    /// What somebody else trades on an account.
    fn foreign(&self, id: u8, from: &mut Bytes<'_>) -> BrokerReply {
        BrokerReply {
            kind: ReplyKind::ForeignFill,
            account: u32::from(id % 2),
            id: id.to_string(),
            instrument: u32::from(from.below(SHARES)),
            side: if from.flag() { 1 } else { -1 },
            quantity: 1 + i64::from(from.byte()),
            price: 1_900 * TICK + from.medium() % 200 * TICK,
            ..BrokerReply::default()
        }
    }

    /// A candle of a minute, which comes as data.
    fn minute(&mut self, from: &mut Bytes<'_>) {
        let minute = 60 * S;
        let share = from.below(SHARES);
        let begin = (self.clock.div_euclid(minute) + 1) * minute;
        let open = self.price[usize::from(share)];
        let mut far = || i64::from(from.below(40)) * TICK;
        let (high, low) = (open + far(), (open - far()).max(TICK));
        let close = (low + far()).min(high);
        let instrument = u32::from(share);
        self.watched.fire(begin);
        if self.watched.put(begin, Input::CandleOpen(CandleOpen { instrument, ts_open: begin, price: open })) {
            let volume = i64::from(from.byte());
            let rest = CandleRange { instrument, ts_open: begin, high, low, close, volume, ticks: 1 };
            self.watched.put(begin + minute - 1_000_000, Input::CandleRange(rest));
        }
        self.clock = begin + minute;
        self.price[usize::from(share)] = close;
    }

    fn history(&self, from: &mut Bytes<'_>) -> HistoryBar {
        let mut price = || 1_900 * TICK + from.medium() % 200 * TICK;
        let (open, high, low, close) = (price(), price(), price(), price());
        HistoryBar { series: 0, ts_open: self.clock - 86_400 * S, open, high, low, close, volume: 7, ticks: 3 }
    }

    /// An input with some of its bytes changed, as its payload is read back.
    fn spoilt(&mut self, from: &mut Bytes<'_>) {
        let input = match from.below(4) {
            0 => Input::FactsLoaded(day::facts(self.later, from)),
            1 => self.watched.kernel.due_timer(i64::MAX).map_or(Input::Kept(Kind::Funds), Input::Timer),
            _ => self.seldom(from),
        };
        let (kind, mut payload) = encode(&input);
        let len = payload.len().max(1);
        for _ in 0..1 + from.below(3) {
            let (at, value) = (from.medium() as usize % len, from.byte());
            payload.iter_mut().skip(at).take(1).for_each(|byte| *byte = value);
        }
        self.put_read(kind as u8, &payload, from);
    }

    /// Any bytes as the payload of any kind.
    fn raw(&mut self, from: &mut Bytes<'_>) {
        let kind = from.byte() % 31;
        let len = [8, 20, 21, 108, 172, 30, 60, 90][usize::from(from.below(8))];
        let payload = from.take(len);
        self.put_read(kind, payload, from);
    }

    fn put_read(&mut self, kind: u8, payload: &[u8], from: &mut Bytes<'_>) {
        if let Ok(input) = Input::parse(kind, payload) {
            let ts = if from.below(8) == 0 { from.odd() } else { self.watched.kernel.now };
            self.watched.put(ts, input);
        }
    }

    /// Puts in what no tick brought.
    fn put_now(&mut self, input: Input) -> bool {
        if self.watched.kernel.settings.clock == ClockMode::Wall {
            self.watched.fire(self.clock);
            return self.watched.put(self.watched.kernel.now.max(self.clock), input);
        }
        self.watched.put(self.watched.kernel.now, input)
    }
}
