//! Nodes that join candles of several series: they are updated at one instant, once each of those series has closed the
//! candle that ends then, or when the grace after it is over; a series without a candle keeps its last value.

use super::source::Source;
use super::{Kernel, Node};
use crate::indicators::Input;
use crate::record::{Kind, NodeAdded};
use serde::{Deserialize, Serialize};

/// A node of several series.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Aligned {
    pub(super) node: u32,
    series: Vec<u32>,
}

impl Kernel {
    /// Every series that a node would hang on: its own, those of its sources, and theirs.
    pub(super) fn series_of(&self, add: &NodeAdded) -> Vec<u32> {
        let mut found = vec![add.series];
        for text in [&add.source, &add.second] {
            match Source::parse(text) {
                Some(Source::Other(series, _)) => found.push(series),
                Some(Source::Node(node, _)) => match self.aligned.iter().find(|aligned| aligned.node == node) {
                    Some(aligned) => found.extend(&aligned.series),
                    None => found.extend(self.nodes.get(node as usize).map(|node| node.series)),
                },
                Some(Source::Field(_) | Source::Number(_)) | None => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The series of an instrument and all that are joined with them, by number.
    pub(super) fn joined_with(&self, instrument: u32) -> Vec<bool> {
        let mut found: Vec<bool> = self.series.iter().map(|series| series.instrument == instrument).collect();
        loop {
            let is_new = |of: &Aligned| {
                let known = of.series.iter().filter(|series| found[**series as usize]).count();
                known > 0 && known < of.series.len()
            };
            let Some(more) = self.aligned.iter().find(|of| is_new(of)) else { return found };
            more.series.iter().for_each(|series| found[*series as usize] = true);
        }
    }

    /// Whether a node joins several series.
    pub fn joins(&self, node: u32) -> bool {
        self.aligned.iter().any(|aligned| aligned.node == node)
    }

    /// Has a node that was added wait for all of its series.
    pub(super) fn add_aligned(&mut self, node: u32, series: Vec<u32>) {
        self.aligned.push(Aligned { node, series });
    }

    /// End of the newest closed candle of a series; 0 before the first.
    fn closed_end(&self, series: u32) -> i64 {
        let series = &self.series[series as usize];
        if series.closed == 0 { 0 } else { series.last_open + series.length }
    }

    /// Updates what has all it waits for, and what has waited until `until`; inputs stand before what they feed.
    pub(super) fn align(&mut self, until: i64) {
        let mut said = Vec::new();
        for at in 0..self.aligned.len() {
            let (node, newest) = (self.aligned[at].node, self.newest_end(at));
            if newest > self.nodes[node as usize].last_open && (newest <= until || self.is_complete(at, newest)) {
                self.update_aligned(node, newest);
                said.push((node, newest));
            }
        }
        let is_live = self.facts.as_ref().is_some_and(|f| said.iter().any(|(_, end)| *end > f.open_ns));
        if is_live {
            let (ts, nodes) = (self.now, &self.nodes);
            let decision = self.out.decisions.len();
            self.out.decisions.push_raw(Kind::NodesAligned, ts, |out| write_aligned(out, &said, nodes));
            self.hash_decision(decision);
        }
    }

    fn newest_end(&self, at: usize) -> i64 {
        self.aligned[at].series.iter().map(|series| self.closed_end(*series)).max().unwrap_or(0)
    }

    /// Whether every series has closed its candle of an instant; one of whose candles none ends then has nothing to add.
    fn is_complete(&self, at: usize, end: i64) -> bool {
        let open = self.facts.as_ref().map_or(0, |f| f.open_ns);
        self.aligned[at].series.iter().all(|series| {
            let length = self.series[*series as usize].length;
            self.closed_end(*series) == end || (end - open).rem_euclid(length) != 0
        })
    }

    fn update_aligned(&mut self, id: u32, end: i64) {
        let newest = &self.series[self.nodes[id as usize].series as usize].history;
        let at = |field| newest.get(field, 0);
        let mut candle =
            Input { open: at(0), high: at(1), low: at(2), close: at(3), volume: at(4), ..Input::default() };
        self.nodes[id as usize].feed(&mut candle, &self.nodes, &self.series);
        self.nodes[id as usize].update(&candle, end);
    }
}

/// count u16, then per node: number u32 · end of the instant i64 · count of values u16 · values f64.
fn write_aligned(out: &mut Vec<u8>, said: &[(u32, i64)], nodes: &[Node]) {
    out.extend((said.len() as u16).to_le_bytes());
    for (id, end) in said {
        let node = &nodes[*id as usize];
        out.extend(id.to_le_bytes());
        out.extend(end.to_le_bytes());
        out.extend((node.history.columns() as u16).to_le_bytes());
        super::graph::write_values(out, node);
    }
}
