//! The node graph: indicators on series, shared between strategies, updated as candles close.

use super::candle::{Candle, Source};
use super::hooks::{HookArg, HookCall, Rank};
use super::ring::Ring;
use super::{ApplyError, Kernel};
use crate::indicators::{Indicator, NOT_READY, Values};
use crate::record::{HistoryBar, Kind, NodeAdded, TimerClass};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// One indicator in the graph.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Node {
    /// The series that feeds it.
    pub series: u32,
    /// The field that it follows.
    pub source: Source,
    /// Its kind and parameters, as they were asked for.
    pub kind: String,
    /// Parameters.
    pub params: Vec<f64>,
    /// The indicator.
    pub study: Indicator,
    /// Its committed values.
    pub values: Values,
    /// Kernel time of the newest value.
    pub updated: i64,
    /// Values of earlier candles, one ring an output.
    pub history: Vec<Ring>,
}

impl Node {
    fn update(&mut self, candle: &Candle, now: i64) {
        self.study.update(&candle.input(self.source));
        self.values = self.study.values();
        self.updated = now;
        for (ring, value) in self.history.iter_mut().zip(self.values) {
            ring.push(value);
        }
    }

    /// A new session: what belongs to one session alone is forgotten, its value included.
    pub(super) fn begin_session(&mut self) {
        self.study.reset_session();
        self.values = self.study.values();
    }
}

impl Kernel {
    /// A node's values as if its forming candle closed now; its committed ones where none is forming.
    pub fn forming(&self, node: u32) -> Values {
        let Some(node) = self.nodes.get(node as usize) else {
            return NOT_READY;
        };
        let series = &self.series[node.series as usize];
        let run = self.markets[series.instrument as usize].run_volume;
        match series.forming_now(run) {
            Some(candle) => node.study.peek(&candle.input(node.source)),
            None => node.values,
        }
    }

    /// Adds a node that `check` has found sound; making its indicator cannot fail a second time.
    pub(super) fn add_node(&mut self, add: &NodeAdded) -> Result<(), ApplyError> {
        let study = Indicator::new(&add.kind, &add.params).map_err(|e| ApplyError(e.to_string()))?;
        let history = study.outputs().iter().map(|_| Ring::default()).collect();
        self.series[add.series as usize].nodes.push(add.id);
        self.nodes.push(Node {
            series: add.series,
            source: Source::parse(&add.source).unwrap_or(Source::Close),
            kind: add.kind.clone(),
            params: add.params.clone(),
            study,
            values: NOT_READY,
            updated: 0,
            history,
        });
        Ok(())
    }

    /// A candle of an earlier day feeds nodes and history, and runs no hook; one that is there already does nothing.
    pub(super) fn apply_history(&mut self, bar: &HistoryBar) {
        let series = &mut self.series[bar.series as usize];
        if bar.ts_open <= series.last_open || series.forming.ticks > 0 {
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
        series.remember(&candle);
        let of_today = self.facts.as_ref().is_some_and(|f| bar.ts_open >= f.open_ns);
        for at in 0..series.nodes.len() {
            let node = &mut self.nodes[self.series[bar.series as usize].nodes[at] as usize];
            node.update(&candle, bar.ts_open);
            if !of_today {
                node.begin_session();
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
        for at in 0..self.markets[market].series.len() {
            let id = self.markets[market].series[at];
            if self.series[id as usize].is_over(exch_ts) {
                closed.push((id, self.close_series(id)));
            }
        }
        self.hook_bars(&closed);
    }

    /// Closes every candle that ended by the timer's due time less grace: one record for all of them.
    pub(super) fn close_by_timer(&mut self, due: i64) {
        let end = due.saturating_sub(self.settings.grace_ns);
        let mut ids: Vec<u32> = Vec::new();
        for (id, series) in self.series.iter().enumerate() {
            if series.forming.ticks > 0 && series.end <= end.max(0) {
                ids.push(id as u32);
            }
        }
        ids.sort_by_key(|id| (Reverse(self.series[*id as usize].length), *id));
        let mut closed = Vec::with_capacity(ids.len());
        for id in ids {
            let (instrument, until) = (self.series[id as usize].instrument, self.series[id as usize].end);
            let market = &mut self.markets[instrument as usize];
            market.closed_until = market.closed_until.max(until);
            closed.push((id, self.close_series(id)));
        }
        if due != i64::MAX {
            self.arm_candles(end);
        }
        self.hook_bars(&closed);
    }

    fn close_series(&mut self, id: u32) -> Candle {
        let instrument = self.series[id as usize].instrument;
        let run = self.markets[instrument as usize].run_volume;
        let candle = self.series[id as usize].close(run);
        self.candles_closed += 1;
        for at in 0..self.series[id as usize].nodes.len() {
            let node = self.series[id as usize].nodes[at];
            self.nodes[node as usize].update(&candle, self.now);
        }
        let (series, nodes, ts) = (&self.series[id as usize], &self.nodes, self.now);
        let at = self.out.decisions.len();
        self.out.decisions.push_raw(Kind::CandleClosed, ts, |out| write_candle(out, series, &candle, nodes));
        self.hash_decision(at);
        candle
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
fn write_candle(out: &mut Vec<u8>, series: &super::candle::Series, candle: &Candle, nodes: &[Node]) {
    out.extend(series.instrument.to_le_bytes());
    out.extend(series.seconds().to_le_bytes());
    for v in [candle.ts_open, candle.open, candle.high, candle.low, candle.close, candle.volume] {
        out.extend(v.to_le_bytes());
    }
    out.extend(candle.ticks.to_le_bytes());
    out.extend(candle.flags.to_le_bytes());
    let count: usize = series.nodes.iter().map(|n| nodes[*n as usize].history.len()).sum();
    out.extend((count as u16).to_le_bytes());
    for node in &series.nodes {
        let node = &nodes[*node as usize];
        for value in &node.values[..node.history.len()] {
            // One NaN in all of the journal: its sign and payload differ between machines.
            let value = if value.is_nan() { f64::NAN } else { *value };
            out.extend(value.to_le_bytes());
        }
    }
}
