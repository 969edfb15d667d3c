//! Nodes that a hook asks for while the day runs: each sees the candles that its series have kept before it goes on with
//! the others, so that what it says does not depend on when it was asked for.

use super::candle::{Candle, Series};
use super::source::Source;
use super::{Kernel, Market};
use crate::record::NodeAdded;
use std::sync::Arc;

impl Kernel {
    /// Feeds a node that has just joined with what its series have kept, and tells its strategy where that is too little.
    pub(super) fn feed_late(&mut self, id: u32, instance: u32) {
        let (mut beside, bars) = self.kept_beside(id);
        for (_, series, candle) in &bars {
            beside.feed_closed(*series, candle);
        }
        // What ended before the grace that runs now waits for nothing any more.
        beside.align(self.now.saturating_sub(self.settings.grace_ns));
        let Some(fed) = beside.nodes.pop() else { return };
        let node = &mut self.nodes[id as usize];
        (node.study, node.values, node.last_open, node.history) = (fed.study, fed.values, fed.last_open, fed.history);
        if node.values[0].is_nan() {
            let (kind, series) = (node.asked.kind.clone(), &self.series[node.series as usize]);
            let name = &self.markets[series.instrument as usize].def.name;
            let (seconds, seen) = (series.seconds(), bars.len());
            let sentence =
                format!("{kind} on {name}, {seconds} s, has no value yet: {seen} earlier candles were kept.");
            self.tell(instance, "no_value_yet", &sentence);
        }
    }

    /// A kernel of nothing but a node and what feeds it, in their order, and the kept candles by the time of their end.
    fn kept_beside(&self, id: u32) -> (Self, Vec<(i64, u32, Candle)>) {
        let mut nodes = vec![id];
        let mut at = 0;
        while let Some(asked) = nodes.get(at).map(|node| Arc::clone(&self.nodes[*node as usize].asked)) {
            nodes.extend(sources(&asked).filter_map(|source| match source {
                Source::Node(node, _) => Some(node),
                Source::Field(_) | Source::Other(..) | Source::Number(_) => None,
            }));
            at += 1;
        }
        nodes.sort_unstable();
        nodes.dedup();
        let mut series: Vec<u32> = nodes.iter().flat_map(|n| self.series_of(&self.nodes[*n as usize].asked)).collect();
        series.sort_unstable();
        series.dedup();
        let mut beside = Self { now: self.now, settings: self.settings.clone(), ..Self::default() };
        beside.facts.clone_from(&self.facts);
        let mut bars = Vec::new();
        for (place, number) in (0..).zip(&series) {
            let known = &self.series[*number as usize];
            let mut market = Market::new(Arc::clone(&self.markets[known.instrument as usize].def));
            market.follow(place, known.length);
            beside.markets.push(market);
            beside.series.push(Series::new(place, known.seconds()));
            bars.extend(known.kept.iter().flat_map(|kept| kept.iter()).map(|c| (c.ts_open + known.length, place, *c)));
        }
        bars.sort_by_key(|(end, place, _)| (*end, *place));
        for node in &nodes {
            let asked = renumbered(&self.nodes[*node as usize].asked, &nodes, &series);
            // It could be made when it joined.
            let made = beside.add_node(&asked);
            debug_assert!(made.is_ok(), "{asked:?} was made before");
        }
        (beside, bars)
    }
}

fn sources(asked: &NodeAdded) -> impl Iterator<Item = Source> {
    [&asked.source, &asked.second].into_iter().filter_map(|text| Source::parse(text)).collect::<Vec<_>>().into_iter()
}

/// The same with the places of nodes and series for their numbers.
fn renumbered(asked: &NodeAdded, nodes: &[u32], series: &[u32]) -> NodeAdded {
    let place = |numbers: &[u32], number: u32| numbers.partition_point(|n| *n < number) as u32;
    let text = |text: &str| match Source::parse(text) {
        Some(Source::Node(node, output)) => format!("node:{}:{output}", place(nodes, node)),
        Some(Source::Other(other, _)) => {
            let field = text.rsplit(':').next().unwrap_or_default();
            format!("series:{}:{field}", place(series, other))
        }
        Some(Source::Field(_) | Source::Number(_)) | None => text.to_owned(),
    };
    NodeAdded {
        id: place(nodes, asked.id),
        series: place(series, asked.series),
        source: text(&asked.source),
        second: text(&asked.second),
        instance: -1,
        ..asked.clone()
    }
}
