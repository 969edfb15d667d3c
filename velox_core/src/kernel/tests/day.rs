//! A made-up day in words: facts, an account, instruments, a strategy; then ticks, wishes, commands, and what was said.

use super::lines::{Value, fields, line};
pub(super) use super::made::{MIDNIGHT, S, at, facts, paise, paper, share, strategy};
pub(super) use super::wish::Wish;
use crate::kernel::Kernel;
use crate::kernel::hooks::{HookArg, number};
use crate::kernel::sound::{Fills, assert_sound};
use crate::record::*;

/// The day, its kernel, and everything that was put in and said.
pub(super) struct Day {
    pub(super) kernel: Kernel,
    pub(super) facts: FactsLoaded,
    pub(super) account: AccountDef,
    pub(super) records: Vec<(i64, Kind, Vec<u8>)>,
    pub(super) hooks: Vec<String>,
    /// Volume of the next ticks, cumulative.
    pub(super) volume: i64,
    /// Requests to a broker that nobody has taken, their fields.
    pub(super) requests: Vec<Vec<Value>>,
    said: Vec<String>,
    fills: Fills,
    instruments: u32,
    strategies: u32,
    counters: [u32; 8],
}

impl Day {
    /// An empty kernel; `open` makes the day begin.
    pub(super) fn bare() -> Self {
        Self {
            kernel: Kernel::default(),
            facts: facts(),
            account: paper(),
            records: Vec::new(),
            hooks: Vec::new(),
            volume: 0,
            requests: Vec::new(),
            said: Vec::new(),
            fills: Fills::default(),
            instruments: 0,
            strategies: 0,
            counters: [0; 8],
        }
    }

    /// One share, one account, one strategy without candles; the feed is up before the open.
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// As `new`, with facts or account changed before they are told.
    pub(super) fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut day = Self::bare();
        change(&mut day);
        day.begin();
        day.share(|_| {});
        day.start(|_| {});
        day.feed_up("09:00");
        day.forget();
        day
    }

    /// As `new`, with minute candles for the strategy.
    pub(super) fn with_bars(seconds: &[u32]) -> Self {
        let mut day = Self::bare();
        day.begin();
        day.share(|_| {});
        let series: Vec<_> = seconds.iter().map(|s| (day.watch(0, *s), 16)).collect();
        day.start(|s| s.series = series);
        day.feed_up("09:00");
        day.forget();
        day
    }

    pub(super) fn begin(&mut self) {
        let (facts, account) = (self.facts.clone(), self.account.clone());
        self.put(Kind::FactsLoaded, &facts);
        self.put(Kind::AccountDef, &account);
    }

    pub(super) fn share(&mut self, change: impl FnOnce(&mut InstrumentDef)) -> u32 {
        let mut def = share(self.instruments);
        change(&mut def);
        self.put(Kind::InstrumentDef, &def);
        self.instruments += 1;
        def.id
    }

    pub(super) fn watch(&mut self, instrument: u32, seconds: u32) -> u32 {
        self.watch_as(instrument, seconds, false)
    }

    /// As `watch`, with or without the pre-open.
    pub(super) fn watch_as(&mut self, instrument: u32, seconds: u32, without_preopen: bool) -> u32 {
        let series = self.kernel.series.len() as u32;
        self.put(Kind::Watch, &Watch { series, instrument, seconds, kept: false, without_preopen });
        series
    }

    pub(super) fn start(&mut self, change: impl FnOnce(&mut StrategyStarted)) -> u32 {
        let mut start = strategy(self.strategies, self.strategies);
        change(&mut start);
        self.put(Kind::StrategyStarted, &start);
        self.strategies += 1;
        start.id
    }

    pub(super) fn limits(&mut self, change: impl FnOnce(&mut LimitsSet)) {
        let mut limits = super::super::account::default_limits(0);
        change(&mut limits);
        self.put(Kind::LimitsSet, &limits);
    }

    pub(super) fn settings(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.kernel.settings.clone();
        change(&mut settings);
        self.put(Kind::Settings, &settings);
    }

    pub(super) fn feed_up(&mut self, clock: &str) {
        self.session(MarkKind::FeedUp, at(clock));
    }

    pub(super) fn session(&mut self, kind: MarkKind, at: i64) {
        self.put(Kind::SessionMark, &SessionMark { kind, at, text: String::new() });
    }

    pub(super) fn command(&mut self, kind: CommandKind, key: &str) {
        self.command_for(kind, key, (-1, -1, -1));
    }

    /// A command for an account, a strategy and an instrument; −1 is every one.
    pub(super) fn command_for(&mut self, kind: CommandKind, key: &str, scope: (i32, i64, i64)) {
        let command = Command {
            kind,
            actor: "me".into(),
            key: key.into(),
            trace: String::new(),
            address: String::new(),
            account: scope.0,
            reason: String::new(),
            strategy: scope.1,
            instrument: scope.2,
        };
        self.put(Kind::Command, &command);
    }

    /// Puts a seldom record in at kernel time.
    pub(super) fn put<T: serde::Serialize>(&mut self, kind: Kind, record: &T) {
        self.try_put(kind, record).unwrap();
    }

    pub(super) fn try_put<T: serde::Serialize>(&mut self, kind: Kind, record: &T) -> Result<(), String> {
        let payload = rmp_serde::to_vec(record).unwrap();
        self.apply(self.kernel.now, kind, payload)
    }

    pub(super) fn apply(&mut self, ts: i64, kind: Kind, payload: Vec<u8>) -> Result<(), String> {
        let input = Input::parse(kind as u8, &payload).map_err(|e| e.to_string())?;
        self.kernel.apply(ts, &input).map_err(|e| e.0)?;
        self.records.push((ts, kind, payload));
        for (kind, ts, payload) in self.kernel.out.decisions.iter() {
            self.fills.note(kind, payload);
            self.said.extend(line(kind, ts, payload));
            if kind == Kind::BrokerRequest {
                self.requests.push(fields(payload));
            }
        }
        self.hooks.extend(self.kernel.out.hooks.iter().map(|h| hook_name(h.hook, &h.arg)));
        assert_sound(&self.kernel, &mut self.fills);
        Ok(())
    }

    /// Fires what is due by a time, as the engine does before a record of that time.
    pub(super) fn fire(&mut self, ts: i64) {
        while let Some(timer) = self.kernel.due_timer(ts) {
            self.apply(timer.due, Kind::Timer, timer.to_bytes().to_vec()).unwrap();
        }
    }

    /// Fires the first timer that is due, as if the wall clock were late.
    pub(super) fn fire_late(&mut self, late_ns: i64) {
        let timer = Timer { late_ns, ..self.kernel.due_timer(i64::MAX).unwrap() };
        self.apply(timer.due, Kind::Timer, timer.to_bytes().to_vec()).unwrap();
    }

    /// A time mark and what becomes due by it.
    pub(super) fn clock(&mut self, clock: &str) {
        let mark = TimeMark { at: at(clock) };
        self.apply(self.kernel.now, Kind::TimeMark, mark.to_bytes().to_vec()).unwrap();
        self.fire(at(clock));
    }

    /// A tick of the first share: price alone, volume as it stands.
    pub(super) fn tick(&mut self, clock: &str, rupees: f64) -> Verdict {
        self.tick_of(0, clock, rupees)
    }

    pub(super) fn tick_of(&mut self, instrument: u32, clock: &str, rupees: f64) -> Verdict {
        let tick = Tick { instrument, ..self.packet(clock, rupees) };
        self.put_tick(&tick)
    }

    /// A tick with its book.
    pub(super) fn quote(&mut self, clock: &str, rupees: f64, bid: f64, ask: f64) -> Verdict {
        let level = |price: f64| Level { price: paise(price), quantity: 100 };
        let tick = Tick { mode: TickMode::Snap, bid: level(bid), ask: level(ask), ..self.packet(clock, rupees) };
        self.put_tick(&tick)
    }

    pub(super) fn packet(&self, clock: &str, rupees: f64) -> Tick {
        let (price, volume) = (paise(rupees), self.volume);
        Tick { mode: TickMode::Quote, exch_ts: at(clock), price, volume, ..Tick::default() }
    }

    pub(super) fn put_tick(&mut self, tick: &Tick) -> Verdict {
        self.put_tick_at(tick, tick.exch_ts)
    }

    /// A tick received at a time of the wall clock, which only wall mode looks at.
    pub(super) fn put_tick_at(&mut self, tick: &Tick, clock_ns: i64) -> Verdict {
        let (ts, _) = self.kernel.judge_next(tick, clock_ns);
        self.fire(ts);
        let before = self.kernel.verdicts;
        let mut payload = vec![0; tick.bytes()];
        tick.write(&mut payload);
        self.apply(ts, Kind::Tick, payload).unwrap();
        assert!(self.kernel.next_due() >= ts, "a timer is due before kernel time");
        let after = &self.kernel.verdicts;
        *Verdict::ALL.iter().find(|v| before[**v as usize] != after[**v as usize]).unwrap()
    }

    /// A wish of the first strategy, to be completed and sent.
    pub(super) fn wish(&mut self, action: Action, side: i8) -> Wish<'_> {
        self.wish_of(0, action, side)
    }

    pub(super) fn wish_of(&mut self, instance: u32, action: Action, side: i8) -> Wish<'_> {
        self.counters[instance as usize] += 1;
        let id = IntentId { instance, date: self.facts.session_date, counter: self.counters[instance as usize] };
        let intent = Intent {
            id,
            cause_seq: 0,
            action,
            instrument: self.kernel.instances[instance as usize].instrument,
            side,
            size_kind: SizeKind::None,
            size: 0.0,
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
        };
        Wish::new(self, intent)
    }

    pub(super) fn go(&mut self, side: i8, quantity: i64) {
        self.wish(Action::Go, side).quantity(quantity).send();
    }

    pub(super) fn trade(&mut self, side: i8, quantity: i64) {
        self.wish(Action::Trade, side).quantity(quantity).send();
    }

    /// Signed position of the first strategy.
    pub(super) fn held(&self) -> i64 {
        self.kernel.instances[0].book.quantity()
    }

    /// Everything said since it was asked last.
    pub(super) fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// As `said`, without an order's steps on its way into the book, books and marks.
    pub(super) fn news(&mut self) -> Vec<String> {
        let on_its_way =
            |line: &str| [" CREATED", " APPROVED", " QUEUED", " ROUTING"].iter().any(|step| line.ends_with(step));
        let dull = |line: &str| line.starts_with("position ") || line.starts_with("mark ") || on_its_way(line);
        self.said().into_iter().filter(|line| !dull(line)).collect()
    }

    pub(super) fn forget(&mut self) {
        self.said.clear();
        self.hooks.clear();
    }

    pub(super) fn hooks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.hooks)
    }
}

fn hook_name(hook: u16, arg: &HookArg) -> String {
    let name = match hook {
        number::START => "start",
        number::TICK => "tick",
        number::FILL => "fill",
        number::ENTERED => "entered",
        number::STOP => "stop",
        number::TARGET => "target",
        number::REJECT => "reject",
        number::EXTERNAL => "external",
        number::RECOVER => "recover",
        number::FINISH => "finish",
        _ => "own",
    };
    match arg {
        HookArg::Bar { candle, n, .. } => format!("bar {} n{n}", super::lines::clock(candle.ts_open)),
        HookArg::Refusal { code, .. } => format!("{name} {code}"),
        HookArg::Members { members, ts_open, .. } => {
            format!("together {} {members:?}", super::lines::clock(*ts_open))
        }
        HookArg::None | HookArg::Tick | HookArg::Fill { .. } | HookArg::Trade { .. } if name == "own" => {
            format!("own {hook}")
        }
        HookArg::None | HookArg::Tick | HookArg::Fill { .. } | HookArg::Trade { .. } => name.to_owned(),
    }
}
