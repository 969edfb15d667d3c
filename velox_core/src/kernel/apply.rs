//! The one way in: a record's time and input change the state; nothing else does.

use super::candle::{FLAG_GAP, FLAG_MISSED, Series};
use super::exit::REPRICE_NS;
use super::hooks::{HookArg, HookCall, Rank, number};
use super::{ApplyError, Guarded, Kernel, Market};
use crate::record::{
    Input, InstrumentDef, Kind, MarkKind, Phase, SessionMark, StrategyEvent, Tick, TickMode, Timer, TimerClass,
    Verdict, Watch,
};
use std::sync::Arc;

impl Kernel {
    /// Applies one input; afterwards `out` holds the decisions and the hooks that are due.
    pub fn apply(&mut self, ts: i64, input: &Input) -> Result<(), ApplyError> {
        self.out.clear();
        self.check(ts, input)?;
        if !matches!(input, Input::TimeMark(_)) {
            self.now = self.now.max(ts);
        }
        match input {
            Input::Tick(tick) => _ = self.take_tick(tick, self.judge(tick, self.now)),
            Input::Timer(timer) => self.apply_timer(timer),
            Input::TimeMark(_) | Input::UserValue(_) | Input::Kept(_) => {}
            Input::Intent(intent) => self.apply_intent(intent),
            Input::Command(command) => self.apply_command(command),
            Input::BrokerReply(reply) => self.hear_broker(reply),
            Input::HistoryBar(bar) => self.apply_history(bar),
            Input::InstrumentDef(def) => self.define_instrument(def),
            Input::FactsLoaded(facts) => self.begin_day(facts),
            Input::AccountDef(def) => self.define_account(def),
            Input::LimitsSet(limits) => self.set_limits(limits),
            Input::StrategyStarted(start) => self.start_instance(start),
            Input::StrategyStopped(stop) => self.stop_instance(stop),
            Input::NodeAdded(node) => self.add_node(node)?,
            Input::Watch(watch) => self.watch(watch),
            Input::StateSet(state) => self.set_state(state),
            Input::SessionMark(mark) => self.mark_session(mark),
            Input::Skip(skip) => {
                self.skipped_ticks += u64::from(skip.tick);
                self.accounts.iter_mut().for_each(|a| a.skipped = true);
            }
            Input::Settings(settings) => self.settings = settings.clone(),
            Input::CandleOpen(open) => self.apply_candle_open(open),
            Input::CandleRange(range) => self.apply_candle_range(range),
            Input::Structure(structure) => self.apply_structure(structure),
            Input::CorporateAction(action) => self.apply_action(action),
        }
        if self.brokered && !matches!(input, Input::Tick(_)) {
            self.tend_all();
        }
        self.settle();
        Ok(())
    }

    /// As [`Kernel::apply`] for a tick; `judged` is its verdict where nothing was applied since it was asked for.
    #[inline(always)]
    #[allow(clippy::inline_always)] // where stretches of ticks are played, a call is a tenth of a tick
    pub fn apply_tick(&mut self, ts: i64, tick: &Tick, judged: Option<Guarded>) -> Result<Verdict, ApplyError> {
        self.out.clear();
        self.check_time(ts)?;
        self.now = self.now.max(ts);
        debug_assert!(judged.is_none_or(|judged| judged == self.judge(tick, self.now)), "a verdict of another state");
        let judged = judged.unwrap_or_else(|| self.judge(tick, self.now));
        let verdict = self.take_tick(tick, judged);
        self.settle();
        Ok(verdict)
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // each tick asks, and mostly a flag answers
    fn settle(&mut self) {
        if !self.pairs.is_empty() {
            self.watch_pairs();
        }
        if !self.queue.is_empty() {
            self.drain_queue();
        }
        if self.out.hooks.len() > 1 {
            self.out.hooks.sort_by_key(|call| call.rank);
        }
    }

    /// Goes past a record that must not be applied; a timer at least is no longer armed, or it would come again.
    pub fn pass_over(&mut self, input: &Input) {
        let Input::Timer(timer) = input else { return };
        if self.timers.take(timer) {
            match timer.class {
                TimerClass::Candle => self.arm_candles(timer.due.saturating_sub(self.settings.grace_ns)),
                TimerClass::Every | TimerClass::At => self.pass_schedule(timer.id as usize),
                TimerClass::Reprice => self.timers.arm(TimerClass::Reprice, timer.id, timer.due + REPRICE_NS),
                TimerClass::Mark => self.timers.arm(TimerClass::Mark, timer.id, self.next_mark(timer.due)),
                TimerClass::DayEnd => self.abandon_day(),
                TimerClass::Expire | TimerClass::Release | TimerClass::Flat | TimerClass::Cover => {}
            }
        }
    }

    fn take_tick(&mut self, tick: &Tick, Guarded { verdict, phase }: Guarded) -> Verdict {
        self.verdicts[verdict as usize] += 1;
        match verdict {
            Verdict::Applied => {
                self.data_now = self.data_now.max(tick.exch_ts);
                self.apply_good_tick(tick);
                return verdict;
            }
            Verdict::Duplicate => {
                self.data_now = self.data_now.max(tick.exch_ts);
                refresh(&mut self.markets[tick.instrument as usize], tick);
            }
            Verdict::Late => {
                let market = &mut self.markets[tick.instrument as usize];
                refresh(market, tick);
                market.run_volume = market.run_volume.max(tick.volume);
            }
            // Pre-open and auction prints change the day candle alone.
            Verdict::NotContinuous if matches!(phase, Phase::PreOpen | Phase::Auction) => {
                self.markets[tick.instrument as usize].add_to_day(tick.price, tick.volume, tick.exch_ts);
            }
            Verdict::NotContinuous
            | Verdict::Impossible
            | Verdict::Unknown
            | Verdict::WrongDay
            | Verdict::OutOfOrder
            | Verdict::Band => {}
        }
        self.decide_verdict(tick, verdict);
        verdict
    }

    fn apply_good_tick(&mut self, tick: &Tick) {
        let index = tick.instrument as usize;
        let anchor = self.facts.as_ref().map_or(0, |f| f.open_ns);
        let market = &self.markets[index];
        let follows = market.last_ts > 0 && tick.exch_ts - market.last_ts <= self.settings.gap_ns;
        let flags = if follows && market.epoch == self.feed_epoch { 0 } else { self.gap_flag(index, tick) };
        if self.markets[index].frames.iter().any(|frame| frame.is_over(tick.exch_ts)) {
            self.close_by_tick(index, tick.exch_ts);
        }
        let stale_ns = self.settings.stale_ns;
        let market = &mut self.markets[index];
        if tick.mode != TickMode::Snap {
            // A tick matches against its own book alone; this one says nothing of it.
            (market.bid, market.ask) = Default::default();
        }
        refresh(market, tick);
        market.last_ts = tick.exch_ts;
        market.last = tick.price;
        market.last_volume = tick.volume;
        market.last_qty = tick.last_qty;
        market.run_volume = market.run_volume.max(tick.volume);
        market.epoch = self.feed_epoch;
        market.stale = self.now - tick.exch_ts > stale_ns;
        market.add_to_day(tick.price, tick.volume, tick.exch_ts);
        for frame in &mut market.frames {
            frame.add(tick.exch_ts, tick.price, flags, anchor);
        }
        if !market.working.is_empty() {
            self.match_orders(tick.instrument);
        }
        if !self.markets[index].traders.is_empty() {
            self.watch_protection(tick.instrument);
        }
        if !self.markets[index].watchers.is_empty() {
            self.hook_tick(index, tick);
        }
    }

    /// Whether this tick's candle is marked: first after a reconnect, a silence, or a feed that missed the open.
    #[cold]
    fn gap_flag(&mut self, index: usize, tick: &Tick) -> u32 {
        let market = &mut self.markets[index];
        if market.last_ts == 0 {
            let open = self.facts.as_ref().and_then(|f| f.groups.get(usize::from(market.group))?.continuous());
            let missed = open.is_some_and(|(open, _)| self.feed_up_at > open);
            if missed {
                market.run_volume = market.run_volume.max(tick.volume);
                for frame in &mut market.frames {
                    frame.base_volume = market.run_volume;
                }
            } else {
                self.leave_preopen(index, tick);
            }
            return if missed || self.feed_epoch > 1 { FLAG_GAP | FLAG_MISSED } else { 0 };
        }
        let silent = tick.exch_ts - market.last_ts > self.settings.gap_ns;
        match (silent, market.epoch != self.feed_epoch) {
            (false, false) => 0, // nothing is missing
            // Silence alone is an instrument that rests; a short absence of the feed misses little.
            (true, false) | (false, true) => FLAG_GAP,
            (true, true) => FLAG_GAP | FLAG_MISSED,
        }
    }

    fn hook_tick(&mut self, index: usize, tick: &Tick) {
        self.out.tick = *tick;
        for at in 0..self.markets[index].watchers.len() {
            let instance = self.markets[index].watchers[at];
            if self.is_ready(instance) {
                let call = HookCall { rank: Rank::Tick, instance, hook: number::TICK, arg: HookArg::Tick };
                self.out.hooks.push(call);
            }
        }
    }

    fn apply_timer(&mut self, timer: &Timer) {
        self.timers.take(timer);
        match timer.class {
            TimerClass::Candle => self.close_by_timer(timer.due),
            TimerClass::Every | TimerClass::At => self.fire_schedule(timer),
            TimerClass::Expire => self.expire_order(timer.id),
            TimerClass::Reprice => self.reprice_exit(timer.id),
            TimerClass::Release => {} // the queue is drained after every record
            TimerClass::Flat => self.square_off(timer.id),
            TimerClass::Mark => self.mark_account(timer.id),
            TimerClass::DayEnd => self.end_day(),
            TimerClass::Cover => self.miss_cover(timer.id),
        }
    }

    fn define_instrument(&mut self, def: &InstrumentDef) {
        let (def, open) = (Arc::new(def.clone()), self.open_of(def.group));
        match self.markets.get_mut(def.id as usize) {
            Some(market) => market.redefine(def, open),
            None => self.markets.push(Market { open, ..Market::new(def) }),
        }
    }

    fn watch(&mut self, watch: &Watch) {
        if let Some(known) = self.series.get_mut(watch.series as usize) {
            known.keep();
            return;
        }
        let market = &mut self.markets[watch.instrument as usize];
        let mut series = Series::new(watch.instrument, watch.seconds);
        market.follow(watch.series, series.length);
        if market.last_ts > 0 {
            series.whole_from = self.now; // what traded before is missing from the candle that forms
        }
        series.without_preopen = watch.without_preopen;
        if watch.kept {
            series.keep();
        }
        self.series.push(series);
        if !self.frame_lengths.contains(&watch.seconds) {
            self.frame_lengths.push(watch.seconds);
        }
        // A timer whose grace is running still has candles to close.
        let open = self.facts.as_ref().map_or(0, |f| f.open_ns);
        self.arm_candles(self.now.saturating_sub(self.settings.grace_ns).max(open));
    }

    fn mark_session(&mut self, mark: &SessionMark) {
        match mark.kind {
            MarkKind::FeedUp => {
                self.feed_epoch += 1;
                if self.feed_up_at == 0 {
                    self.feed_up_at = mark.at;
                    self.skip_missed(mark.at);
                }
            }
            MarkKind::DayDone => self.end_day(),
            MarkKind::Recovered => self.hook_running(number::RECOVER, Rank::Order),
            MarkKind::FeedDown | MarkKind::FeedResumed => {}
        }
    }

    pub(super) fn hook_running(&mut self, hook: u16, rank: Rank) {
        for instance in 0..self.instances.len() as u32 {
            if self.instances[instance as usize].running {
                self.out.hooks.push(HookCall { rank, instance, hook, arg: HookArg::None });
            }
        }
    }

    /// Tells a strategy's owner something.
    pub(super) fn tell(&mut self, instance: u32, code: &'static str, sentence: &str) {
        self.decide(Kind::StrategyEvent, &StrategyEvent { instance, code, sentence });
        self.out.notes.push((instance, code, sentence.to_owned()));
    }
}

fn refresh(market: &mut Market, tick: &Tick) {
    if tick.mode == crate::record::TickMode::Snap {
        market.bid = tick.bid;
        market.ask = tick.ask;
        market.open_interest = tick.open_interest;
        if tick.upper > 0 {
            market.upper = tick.upper;
        }
        if tick.lower > 0 {
            market.lower = tick.lower;
        }
    }
}
