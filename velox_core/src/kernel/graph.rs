//! The node graph: indicators on series, shared between strategies, updated as candles close.

use super::candle::{Candle, Frame, Series, Span};
use super::history::History;
use super::hooks::{HookArg, HookCall, Rank};
use super::source::Source;
use super::{ApplyError, Kernel};
use crate::indicators::{DAY_UNKNOWN, Indicator, Input, NOT_READY, Values};
use crate::record::{HistoryBar, Kind, NodeAdded, PhaseGroup, TimerClass};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::sync::Arc;

/// One indicator in the graph.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Node {
    /// The series that feeds it.
    pub series: u32,
    /// What it follows.
    pub source: Source,
    /// The other side of what joins two values.
    pub second: Source,
    /// The indicator.
    pub study: Indicator,
    /// Its committed values.
    pub values: Values,
    /// Open time of the newest candle that it went through, ns, or the end of the instant where it joins several
    /// series; 0 before the first.
    pub last_open: i64,
    /// Values of earlier candles, a column an output.
    pub history: History,
    /// How it was asked for.
    pub asked: Arc<NodeAdded>,
}

impl Node {
    /// Puts the values that the node follows beside the candle; in place, since a candle closes for many nodes.
    #[inline]
    pub(super) fn feed(&self, candle: &mut Input, nodes: &[Self], series: &[Series]) {
        candle.source = self.source.value(candle, nodes, series);
        candle.second = self.second.value(candle, nodes, series);
    }

    /// Goes through a candle; what follows a value that is not there waits for it.
    #[inline]
    pub(super) fn update(&mut self, feed: &Input, at: i64) {
        if !feed.source.is_nan() || self.study.is_of_the_moment() {
            self.study.update(feed);
            self.values = self.study.values();
        }
        self.last_open = at;
        self.history.push(&self.values);
    }

    /// A new session after that of a day: what belongs to one session alone is forgotten, its value included.
    pub(super) fn begin_session(&mut self, previous_day: i32) {
        self.study.reset_session(previous_day);
        self.values = self.study.values();
    }
}

impl Kernel {
    /// A node's values as if its forming candle closed now; its committed ones where none is forming.
    pub fn forming(&self, node: u32) -> Values {
        let Some(node) = self.nodes.get(node as usize) else {
            return NOT_READY;
        };
        let candle = self.forming_candle(node.series).map(|candle| candle.input(&self.span(node.series)));
        let Some(base) = candle.or_else(|| self.joins(node.asked.id).then(Input::default)) else {
            return node.values;
        };
        let value = |source: Source| self.forming_value(source, node.series);
        let feed = Input { source: value(node.source), second: value(node.second), ..base };
        if feed.source.is_nan() && !node.study.is_of_the_moment() { node.values } else { node.study.peek(&feed) }
    }

    /// Where the candles of a series lie in a session.
    pub(super) fn span(&self, series: u32) -> Span {
        let series = &self.series[series as usize];
        let Some(facts) = &self.facts else {
            return Span { seconds: series.seconds(), previous_day: DAY_UNKNOWN, ..Span::default() };
        };
        let group = facts.groups.get(usize::from(self.markets[series.instrument as usize].group));
        let (begin, end) = group.and_then(PhaseGroup::continuous).unwrap_or((facts.open_ns, facts.end_ns));
        let mut span = Span {
            session_open: facts.open_ns,
            day_start: facts.day_start_ns,
            session_s: (end.min(facts.end_ns) - begin).div_euclid(1_000_000_000) as u32,
            previous_day: DAY_UNKNOWN,
            seconds: series.seconds(),
        };
        if facts.previous_day_ns > 0 {
            span.previous_day = span.day(facts.previous_day_ns);
        }
        span
    }

    /// The unfinished candle of a series with its volume so far.
    pub fn forming_candle(&self, series: u32) -> Option<Candle> {
        let market = &self.markets[self.series[series as usize].instrument as usize];
        self.frame(series).forming_now(market.run_volume)
    }

    /// What is forming in a series.
    pub fn frame(&self, series: u32) -> &Frame {
        let market = &self.markets[self.series[series as usize].instrument as usize];
        let found = market.frames.iter().find(|frame| frame.series == series);
        found.expect("each series has its frame beside its instrument")
    }

    /// Adds a node that `check` has found sound; making its indicator cannot fail a second time.
    pub(super) fn add_node(&mut self, add: &NodeAdded) -> Result<(), ApplyError> {
        let study = Indicator::new(&add.kind, &add.params).map_err(|e| ApplyError(e.to_string()))?;
        let history = History::new(study.outputs().len());
        let series = self.series_of(add);
        if series.len() > 1 {
            self.add_aligned(add.id, series);
        } else {
            self.series[add.series as usize].nodes.push(add.id);
        }
        let source = |text: &str| Source::parse(text).unwrap_or(Source::Number(f64::NAN));
        self.nodes.push(Node {
            series: add.series,
            source: source(&add.source),
            second: source(&add.second),
            study,
            values: NOT_READY,
            last_open: 0,
            history,
            asked: Arc::new(add.clone()),
        });
        if let Ok(instance) = u32::try_from(add.instance) {
            self.feed_late(add.id, instance);
        }
        Ok(())
    }

    /// Up to which candle, by its open time, a series and every node on it are fed: what is later is news to one of them.
    pub fn fed_until(&self, series: u32) -> i64 {
        let Some(series) = self.series.get(series as usize) else { return 0 };
        series.nodes.iter().fold(series.last_open, |least, node| least.min(self.nodes[*node as usize].last_open))
    }

    /// A candle of an earlier day feeds history and nodes, and runs no hook; whatever went through it already does not
    /// see it again, so that a node which joins an old series is warmed alone.
    pub(super) fn apply_history(&mut self, bar: &HistoryBar) {
        if self.frame(bar.series).forming.ticks > 0 {
            return;
        }
        let candle = Candle {
            ts_open: bar.ts_open,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume: bar.volume,
            ticks: bar.ticks,
            flags: 0,
        };
        self.feed_closed(bar.series, &candle);
        self.align(0);
    }

    /// Feeds a candle that closed earlier to its series and to the nodes on it that have not seen it.
    pub(super) fn feed_closed(&mut self, series: u32, candle: &Candle) {
        let span = self.span(series);
        // What waits for other series has waited long enough: a later candle has closed.
        self.align((candle.ts_open + i64::from(span.seconds) * 1_000_000_000).saturating_sub(1));
        let fed = &mut self.series[series as usize];
        if candle.ts_open > fed.last_open {
            fed.remember(candle);
        }
        let of_today = self.facts.as_ref().is_some_and(|f| candle.ts_open >= f.open_ns);
        let mut input = candle.input(&span);
        for at in 0..fed.nodes.len() {
            let node = self.series[series as usize].nodes[at] as usize;
            if candle.ts_open <= self.nodes[node].last_open {
                continue;
            }
            self.nodes[node].feed(&mut input, &self.nodes, &self.series);
            self.nodes[node].update(&input, candle.ts_open);
            if !of_today {
                self.nodes[node].begin_session(span.previous_day);
            }
        }
    }

    /// Arms the timer of the next candle end after a time.
    pub(super) fn arm_candles(&mut self, after: i64) {
        let Some(facts) = self.facts.as_ref().filter(|_| !self.day_over) else { return };
        let (open, end) = (facts.open_ns, facts.end_ns);
        let next = |seconds: &u32| {
            let length = i64::from(*seconds) * 1_000_000_000;
            open + ((after - open).div_euclid(length) + 1) * length
        };
        match self.frame_lengths.iter().map(next).min() {
            Some(at) if at <= end => self.timers.arm(TimerClass::Candle, 0, at + self.settings.grace_ns),
            Some(_) | None => self.timers.cancel(TimerClass::Candle, 0),
        }
    }

    /// Closes the candles of an instrument that are over at this exchange time.
    pub(super) fn close_by_tick(&mut self, market: usize, exch_ts: i64) {
        let mut closed = Vec::new();
        for at in 0..self.markets[market].frames.len() {
            if self.markets[market].frames[at].is_over(exch_ts) {
                closed.push(self.close_frame(market, at));
            }
        }
        self.align(0);
        self.hook_bars(&closed);
        self.gather(&closed, 0);
    }

    /// Closes every candle that ended by the timer's due time less grace: one record for all of them.
    pub(super) fn close_by_timer(&mut self, due: i64) {
        let end = due.saturating_sub(self.settings.grace_ns);
        let mut over: Vec<(Reverse<i64>, u32, usize, usize)> = Vec::new();
        for (index, market) in self.markets.iter().enumerate() {
            let frames = market.frames.iter().enumerate().filter(|(_, frame)| frame.is_over(end.max(0)));
            over.extend(frames.map(|(at, frame)| (Reverse(frame.length()), frame.series, index, at)));
        }
        over.sort_unstable();
        let mut closed = Vec::with_capacity(over.len());
        for (_, _, index, at) in over {
            let market = &mut self.markets[index];
            market.closed_until = market.closed_until.max(market.frames[at].end);
            closed.push(self.close_frame(index, at));
        }
        if due != i64::MAX {
            self.arm_candles(end);
        }
        self.align(end);
        self.hook_bars(&closed);
        self.gather(&closed, end);
    }

    fn close_frame(&mut self, market: usize, at: usize) -> (u32, Candle) {
        let span = self.span(self.markets[market].frames[at].series);
        let held = &mut self.markets[market];
        let frame = &mut held.frames[at];
        let mut candle = frame.close(held.run_volume);
        let series = &mut self.series[frame.series as usize];
        candle.flags |= series.flags_at(candle.ts_open);
        series.session_n += 1;
        series.remember(&candle);
        self.candles_closed += 1;
        let (mut input, fed) = (candle.input(&span), frame.series as usize);
        for at in 0..self.series[fed].nodes.len() {
            let node = self.series[fed].nodes[at] as usize;
            self.nodes[node].feed(&mut input, &self.nodes, &self.series);
            self.nodes[node].update(&input, candle.ts_open);
        }
        let (frame, series) = (&self.markets[market].frames[at], &self.series[fed]);
        let (id, nodes, ts, decision) = (frame.series, &self.nodes, self.now, self.out.decisions.len());
        self.out.decisions.push_raw(Kind::CandleClosed, ts, |out| write_candle(out, series, &candle, nodes));
        self.hash_decision(decision);
        (id, candle)
    }

    fn hook_bars(&mut self, closed: &[(u32, Candle)]) {
        for (id, candle) in closed {
            let series = &self.series[*id as usize];
            let (seconds, n, end) = (series.seconds(), series.session_n, candle.ts_open + series.length);
            for at in 0..series.listeners.len() {
                let (instance, hook) = self.series[*id as usize].listeners[at];
                if self.is_ready(instance) {
                    self.note_ready(instance, candle.ts_open);
                    let arg = HookArg::Bar { series: *id, candle: *candle, n };
                    self.out.hooks.push(HookCall { rank: Rank::Bar(Reverse(seconds)), instance, hook, arg });
                }
            }
            self.fire_aligned(*id, end);
        }
    }
}

/// instrument u32 · seconds u32 · `ts_open` · open · high · low · close · volume i64 · ticks u32 · flags u32 ·
/// count of values u16 · values f64 in the order of the series' nodes and their outputs.
fn write_candle(out: &mut Vec<u8>, series: &Series, candle: &Candle, nodes: &[Node]) {
    out.extend(series.instrument.to_le_bytes());
    out.extend(series.seconds().to_le_bytes());
    for v in [candle.ts_open, candle.open, candle.high, candle.low, candle.close, candle.volume] {
        out.extend(v.to_le_bytes());
    }
    out.extend(candle.ticks.to_le_bytes());
    out.extend(candle.flags.to_le_bytes());
    let count: usize = series.nodes.iter().map(|n| nodes[*n as usize].history.columns()).sum();
    out.extend((count as u16).to_le_bytes());
    series.nodes.iter().for_each(|node| write_values(out, &nodes[*node as usize]));
}

/// A node's values in the order of its outputs.
pub(super) fn write_values(out: &mut Vec<u8>, node: &Node) {
    for value in &node.values[..node.history.columns()] {
        // One NaN in all of the journal: its sign and payload differ between machines.
        let value = if value.is_nan() { f64::NAN } else { *value };
        out.extend(value.to_le_bytes());
    }
}
