//! Whether an input can follow the state: asked before it is journalled, so that the journal holds only what applies.

use super::account::BROKER;
use super::charges::RATE_ONE;
use super::source::Source;
use super::{Instance, Kernel, timers};
use crate::fixed::{MONEY_MAX, PRICE_MAX, TIME_MAX, UNITS_MAX, VOLUME_MAX};
use crate::indicators::Indicator;
use crate::record::{
    AccountDef, Command, FactsLoaded, HistoryBar, Input, InstrumentDef, LimitsSet, NodeAdded, SameInstrument, Schedule,
    Settings, StrategyRules, StrategyStarted, Timer, Watch,
};
use std::fmt;
use std::ops::RangeInclusive;

/// Length of a day, ns.
pub(super) const DAY_NS: i64 = 86_400_000_000_000;
/// The shortest period of a hook by the clock, ns.
const EVERY_MIN_NS: i64 = 1_000_000;
/// The largest count in a sliding window.
const WINDOW_MAX: u32 = 1_000;

/// An input that cannot follow the state: a damaged journal or a fault of the program that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyError(pub String);

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ApplyError {}

pub(super) type Checked = Result<(), ApplyError>;

pub(super) fn fault(sentence: String) -> Checked {
    Err(ApplyError(sentence))
}

/// Every value with its name and its bounds.
pub(super) fn within(whose: &str, values: &[(&str, i64, RangeInclusive<i64>)]) -> Checked {
    match values.iter().find(|(_, value, bounds)| !bounds.contains(value)) {
        None => Ok(()),
        Some((name, value, bounds)) => {
            fault(format!("{whose}: {name} {value} is not from {} to {}", bounds.start(), bounds.end()))
        }
    }
}

/// Series and nodes that hooks have asked for and whose records wait their turn.
#[derive(Clone, Debug, Default)]
pub struct Joining {
    /// How many series.
    pub series: usize,
    /// The outputs of each node, in their order.
    pub columns: Vec<usize>,
}

impl Kernel {
    /// Whether an input of this time can follow the state; changes nothing.
    pub fn check(&self, ts: i64, input: &Input) -> Checked {
        self.check_time(ts)?;
        match input {
            Input::Tick(_) | Input::TimeMark(_) | Input::UserValue(_) | Input::Skip(_) | Input::Kept(_) => Ok(()),
            Input::Command(command) => self.check_command(command),
            Input::Timer(timer) => check_timer(&self.timers, timer),
            Input::Intent(intent) => self.check_instance_known(intent.id.instance),
            Input::BrokerReply(reply) => self.check_reply(reply),
            Input::HistoryBar(bar) => self.check_history(bar),
            Input::InstrumentDef(def) => self.check_instrument(def),
            Input::FactsLoaded(facts) => self.check_facts(facts),
            Input::AccountDef(def) => self.check_account(def),
            Input::LimitsSet(limits) => self.check_limits(limits),
            Input::StrategyStarted(start) => self.check_start(start),
            Input::StrategyStopped(stop) => self.check_instance_known(stop.instance),
            Input::NodeAdded(node) => self.check_node(node),
            Input::Watch(watch) => self.check_watch(watch),
            Input::StateSet(state) => self.check_instance_known(state.instance),
            Input::SessionMark(mark) => within("a session mark", &[("its time", mark.at, 0..=TIME_MAX)]),
            Input::Settings(settings) => check_settings(settings),
            Input::CandleOpen(open) => self.check_candle_open(ts, open),
            Input::CandleRange(range) => self.check_candle_range(ts, range),
            Input::Structure(structure) => self.check_structure(structure),
            Input::CorporateAction(action) => self.check_action(action),
        }
    }

    /// Whether a record can have this time.
    #[inline]
    #[allow(clippy::unused_self)] // asked of a kernel, as everything else
    pub fn check_time(&self, ts: i64) -> Checked {
        if (0..=TIME_MAX).contains(&ts) { Ok(()) } else { fault(format!("{ts} is no time of a record")) }
    }

    fn check_instance_known(&self, id: u32) -> Checked {
        match self.instances.get(id as usize) {
            Some(_) => Ok(()),
            None => fault(format!("strategy {id} is not there")),
        }
    }

    fn check_command(&self, command: &Command) -> Checked {
        if command.strategy >= 0 && (command.account >= 0 || command.instrument >= 0) {
            return fault("a command names a strategy, or an account and an instrument, not both".to_owned());
        }
        let (accounts, strategies) = (self.accounts.len() as i64, self.instances.len() as i64);
        within(
            "a command",
            &[
                ("account", i64::from(command.account), -1..=accounts - 1),
                ("strategy", command.strategy, -1..=strategies - 1),
                ("instrument", command.instrument, -1..=self.markets.len() as i64 - 1),
            ],
        )
    }

    fn check_history(&self, bar: &HistoryBar) -> Checked {
        if bar.series as usize >= self.series.len() {
            return fault(format!("history for series {}, which is not there", bar.series));
        }
        within(
            "a candle of an earlier day",
            &[
                ("open time", bar.ts_open, 0..=TIME_MAX),
                ("open", bar.open, 1..=PRICE_MAX),
                ("high", bar.high, 1..=PRICE_MAX),
                ("low", bar.low, 1..=PRICE_MAX),
                ("close", bar.close, 1..=PRICE_MAX),
                ("volume", bar.volume, 0..=VOLUME_MAX),
            ],
        )
    }

    fn check_instrument(&self, def: &InstrumentDef) -> Checked {
        if def.id as usize > self.markets.len() {
            return fault(format!("instrument {} is not the next one", def.id));
        }
        if def.lower > 0 && def.upper > 0 && def.lower > def.upper {
            return fault(format!("{}: the lower circuit is above the upper one", def.name));
        }
        within(
            &def.name,
            &[
                ("tick", def.tick, 1..=PRICE_MAX / 1_000),
                ("lot", def.lot, 1..=UNITS_MAX),
                ("freeze quantity", def.freeze, 0..=UNITS_MAX),
                ("lower circuit", def.lower, 0..=PRICE_MAX),
                ("upper circuit", def.upper, 0..=PRICE_MAX),
                ("previous close", def.prev_close, 0..=PRICE_MAX),
            ],
        )
    }

    fn check_facts(&self, facts: &FactsLoaded) -> Checked {
        let date = facts.session_date;
        if facts.end_ns <= self.now {
            return fault(format!("the session of {date} is over: kernel time has passed its end"));
        }
        if facts.groups.iter().any(|g| !g.phases.is_sorted_by_key(|(start, _)| *start)) {
            return fault(format!("the phases of {date} are not in the order of their times"));
        }
        for rates in &facts.charges {
            let lines = [rates.stt_buy, rates.stt_sell, rates.transaction, rates.sebi, rates.stamp_buy, rates.gst];
            let most = lines.into_iter().chain([rates.brokerage_rate]).fold((0, 0), |(l, h), r| (r.min(l), r.max(h)));
            within(
                &rates.name,
                &[
                    ("the smallest rate", most.0, 0..=0),
                    ("the largest rate", most.1, 0..=RATE_ONE as i64),
                    ("the brokerage's cap", rates.brokerage_cap, 0..=PRICE_MAX),
                ],
            )?;
        }
        within(
            &format!("the session of {date}"),
            &[
                ("midnight", facts.day_start_ns, 0..=TIME_MAX),
                ("open", facts.open_ns, facts.day_start_ns..=facts.day_start_ns.saturating_add(DAY_NS)),
                ("end", facts.end_ns, facts.open_ns..=facts.day_start_ns.saturating_add(DAY_NS)),
            ],
        )
    }

    fn check_account(&self, def: &AccountDef) -> Checked {
        if !["paper", BROKER].contains(&def.venue.as_str()) {
            return fault(format!("account {}: there is no venue {:?}, only paper and broker", def.name, def.venue));
        }
        if self.accounts.get(def.id as usize).is_some_and(|known| known.def.venue != def.venue) {
            return fault(format!("account {}: an account stays at its venue", def.name));
        }
        if def.venue == BROKER && def.same_instrument != SameInstrument::Refuse {
            return fault(format!("account {}: at a broker one strategy trades an instrument", def.name));
        }
        if def.id as usize > self.accounts.len() {
            return fault(format!("account {} is not the next one", def.id));
        }
        within(
            &def.name,
            &[
                ("capital", def.capital, 0..=MONEY_MAX),
                ("margin", def.mis_margin, 0..=10 * RATE_ONE as i64),
                ("margin of futures", def.fno_margin, 0..=10 * RATE_ONE as i64),
                ("slippage", def.slippage_ticks, 0..=1_000),
                ("latency", def.latency_ns, 0..=DAY_NS),
            ],
        )
    }

    fn check_limits(&self, limits: &LimitsSet) -> Checked {
        if limits.account as usize >= self.accounts.len() {
            return fault(format!("limits for account {}, which is not there", limits.account));
        }
        if limits.instance >= 0 && limits.instrument >= 0 {
            return fault("limits are of an instance or of an instrument, not of both".to_owned());
        }
        if limits.instrument >= self.markets.len() as i64 {
            return fault(format!("limits for instrument {}, which is not there", limits.instrument));
        }
        let windows = [limits.intents, limits.refusals, limits.sends];
        within(
            "limits",
            &[
                ("order value", limits.order_value, 0..=i64::MAX),
                ("position value", limits.position_value, 0..=i64::MAX),
                ("order quantity", limits.order_quantity, 0..=i64::MAX),
                ("position quantity", limits.position_quantity, 0..=i64::MAX),
                ("trade risk", limits.trade_risk, 0..=RATE_ONE as i64),
                ("daily loss", limits.daily_loss, 0..=RATE_ONE as i64),
                ("drawdown", limits.drawdown, 0..=RATE_ONE as i64),
                ("fat finger", limits.fat_finger, 0..=RATE_ONE as i64),
                ("duplicate", limits.duplicate_ns, 0..=DAY_NS),
                ("a rate", windows.into_iter().max().map_or(0, i64::from), 0..=i64::from(WINDOW_MAX)),
            ],
        )
    }

    fn check_start(&self, start: &StrategyStarted) -> Checked {
        let no = |what: &str| fault(format!("strategy {}: {what}", start.name));
        if start.id as usize > self.instances.len() {
            return no("its number is not the next one");
        }
        if start.instrument as usize >= self.markets.len() || start.account as usize >= self.accounts.len() {
            return no("its instrument or account is not there");
        }
        if start.series.iter().any(|(s, _)| *s as usize >= self.series.len()) {
            return no("one of its series is not there");
        }
        if start.nodes.iter().any(|n| *n as usize >= self.nodes.len()) {
            return no("one of its nodes is not there");
        }
        if let Some(old) = self.instances.get(start.id as usize)
            && (old.account, old.instrument) != (start.account, start.instrument)
        {
            if old.book.quantity() != 0 {
                return no("it holds a position of another instrument or account");
            }
            if !old.entries.is_empty() || old.exit.is_some() || old.parking.slot.is_some() {
                return no("its orders work on another instrument or account");
            }
        }
        if start.together.iter().any(|(s, _)| *s as usize >= self.series.len()) {
            return no("one of the series that its group waits for is not there");
        }
        if start.group > start.id {
            return no("its group begins with a later instance");
        }
        // Capital and limits of the day are shared, and judged at the marks of one account.
        let today = self.facts.as_ref().map_or(0, |facts| facts.session_date);
        let with_it = |i: &&Instance| i.id != start.id && (i.group, i.started_on) == (start.group, today);
        if self.instances.iter().filter(with_it).any(|i| i.account != start.account) {
            return no("its group began on another account");
        }
        if let Some((from, until)) = start.windows.iter().find(|(from, until)| from >= until) {
            return no(&format!("its entry window from {from} to {until} is empty"));
        }
        start.schedules.iter().try_for_each(|s| check_schedule(&start.name, s))?;
        check_rules(&start.name, &start.rules)?;
        within(
            &start.name,
            &[
                ("capital", start.capital, 0..=MONEY_MAX),
                ("square-off", start.flat_at, 0..=TIME_MAX),
                ("entry window's begin", start.entry_from, 0..=i64::MAX),
            ],
        )?;
        if self.accounts[start.account as usize].def.same_instrument == SameInstrument::Refuse
            && let Some(other) = (self.instances.iter())
                .filter(|i| i.running && i.id != start.id)
                .find(|i| (i.account, i.instrument) == (start.account, start.instrument))
        {
            return no(&format!("{} trades the same instrument on the same account", other.name));
        }
        Ok(())
    }

    fn check_node(&self, add: &NodeAdded) -> Checked {
        self.check_joining(add, &Joining::default())
    }

    /// Whether a node can join once what is on its way has joined.
    pub fn check_joining(&self, add: &NodeAdded, before: &Joining) -> Checked {
        let no = |what: &str| fault(format!("node {}: {what}", add.id));
        if add.id as usize != self.nodes.len() + before.columns.len() {
            return no("its number is not the next one");
        }
        if !(-1..self.instances.len() as i64).contains(&add.instance) {
            return no(&format!("strategy {} is not there", add.instance));
        }
        if add.series as usize >= self.series.len() + before.series {
            return no(&format!("there is no series {}", add.series));
        }
        let study = Indicator::new(&add.kind, &add.params).map_err(|e| ApplyError(e.to_string()))?;
        for text in [&add.source, &add.second] {
            let Some(source) = Source::parse(text).filter(|source| self.has(*source, before)) else {
                return no(&format!("there is no source {text:?}"));
            };
            if !study.follows_one_value() && !matches!(source, Source::Field(_)) && !text.is_empty() {
                return no(&format!("{} reads whole candles, not {text:?}", add.kind));
            }
        }
        if add.source.is_empty() || study.joins_two() == add.second.is_empty() {
            return no(&format!("{} has not the sources that it takes", add.kind));
        }
        Ok(())
    }

    /// Whether what a source names is there.
    fn has(&self, source: Source, before: &Joining) -> bool {
        match source {
            Source::Field(_) | Source::Number(_) => true,
            Source::Other(series, _) => (series as usize) < self.series.len() + before.series,
            Source::Node(node, output) => {
                self.columns(node, before).is_some_and(|columns| usize::from(output) < columns)
            }
        }
    }

    /// How many outputs a node has, if it is there or on its way.
    pub fn columns(&self, node: u32, before: &Joining) -> Option<usize> {
        let known = self.nodes.get(node as usize).map(|node| node.history.columns());
        known.or_else(|| before.columns.get((node as usize).checked_sub(self.nodes.len())?).copied())
    }

    fn check_watch(&self, watch: &Watch) -> Checked {
        if let Some(known) = self.series.get(watch.series as usize) {
            let is_same = (known.instrument, known.seconds(), known.without_preopen)
                == (watch.instrument, watch.seconds, watch.without_preopen);
            return if is_same && watch.kept {
                Ok(())
            } else {
                fault(format!("series {} is another one", watch.series))
            };
        }
        if watch.series as usize != self.series.len() || watch.instrument as usize >= self.markets.len() {
            return fault(format!("series {} is not the next one of a known instrument", watch.series));
        }
        if watch.without_preopen {
            self.check_without_preopen()?;
        }
        within("a series", &[("length in seconds", i64::from(watch.seconds), 1..=86_400)])
    }
}

fn check_rules(whose: &str, rules: &StrategyRules) -> Checked {
    within(whose, &[("cooldown", rules.cooldown, 0..=DAY_NS)])?;
    for money in [&rules.shared, &rules.own] {
        let keep_max = (money.lock_at - 1).clamp(0, MONEY_MAX);
        within(
            whose,
            &[
                ("most loss", money.max_loss, 0..=MONEY_MAX),
                ("profit to lock in", money.lock_at, 0..=MONEY_MAX),
                ("profit to keep", money.lock_keep, 0..=keep_max),
            ],
        )?;
    }
    Ok(())
}

fn check_timer(timers: &timers::Timers, timer: &Timer) -> Checked {
    let first = timers.first().is_some_and(|f| (f.due, f.class, f.id) == (timer.due, timer.class, timer.id));
    if first { Ok(()) } else { fault(format!("timer {timer:?} is not the one that is due")) }
}

fn check_schedule(whose: &str, schedule: &Schedule) -> Checked {
    let every = if schedule.every == 0 { EVERY_MIN_NS } else { schedule.every };
    within(whose, &[("a time", schedule.first, 0..=TIME_MAX), ("a period", every, EVERY_MIN_NS..=DAY_NS)])
}

fn check_settings(settings: &Settings) -> Checked {
    within(
        "settings",
        &[
            ("grace", settings.grace_ns, 0..=DAY_NS),
            ("gap", settings.gap_ns, 0..=DAY_NS),
            ("stale", settings.stale_ns, 0..=DAY_NS),
            ("ahead", settings.ahead_ns, 0..=DAY_NS),
            ("late", settings.late_ns, 0..=DAY_NS),
        ],
    )
}
