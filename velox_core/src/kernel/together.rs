//! Groups, the instances that share capital and limits: what they sum up to, and their hooks, which are called once
//! for all candles of one end when these have closed or their grace has passed.

use super::candle::Candle;
use super::hooks::{HookArg, HookCall, Rank};
use super::{Instance, Kernel};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// A hook of a group that waits for the candles which end at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Gathering {
    group: u32,
    hook: u16,
    end: i64,
    length: i64,
}

impl Kernel {
    /// The instances that share capital and limits of the day with this one, itself among them.
    pub fn group(&self, id: u32) -> impl Iterator<Item = &Instance> {
        let own = &self.instances[id as usize];
        self.instances.iter().filter(|i| (i.group, i.started_on) == (own.group, own.started_on))
    }

    /// Profit of an instance's group since the session's start.
    pub(super) fn group_profit(&self, id: u32) -> i128 {
        self.group(id).map(|i| i.day_profit(self.markets[i.instrument as usize].last)).sum()
    }

    /// Round trips of an instance's group since the session's start.
    pub(super) fn group_trades(&self, id: u32) -> u32 {
        self.group(id).map(|i| i.trades).sum()
    }

    /// Candles have closed, and none that ended by `over` can still come: groups that wait for no other candle are called.
    pub(super) fn gather(&mut self, closed: &[(u32, Candle)], over: i64) {
        for (id, candle) in closed {
            let series = &self.series[*id as usize];
            let (length, end) = (series.length, candle.ts_open + series.length);
            for &(instance, hook) in &series.gatherers {
                let group = self.instances[instance as usize].group;
                let gathering = Gathering { group, hook, end, length };
                if !self.gatherings.contains(&gathering) {
                    self.gatherings.push(gathering);
                }
            }
        }
        let mut at = 0;
        while at < self.gatherings.len() {
            if self.gatherings[at].end <= over || self.has_all(&self.gatherings[at]) {
                let gathering = self.gatherings.remove(at);
                self.hook_members(&gathering);
            } else {
                at += 1;
            }
        }
    }

    /// Whether every candle of that end that a running member waits for has closed.
    fn has_all(&self, gathering: &Gathering) -> bool {
        let waits = |series: u32| {
            let series = &self.series[series as usize];
            series.length == gathering.length && series.last_open + series.length < gathering.end
        };
        let members = self.instances.iter().filter(|i| i.group == gathering.group && i.running && !i.faulted);
        !members.flat_map(|i| &i.together).any(|(series, hook)| *hook == gathering.hook && waits(*series))
    }

    /// The hook runs at the first member that is ready, and is given all of them.
    fn hook_members(&mut self, gathering: &Gathering) {
        let Gathering { group, hook, end, length } = *gathering;
        let of_group = self.instances.iter().filter(|i| i.group == group && i.together.iter().any(|(_, h)| *h == hook));
        let members: Vec<u32> = of_group.map(|i| i.id).filter(|id| self.is_ready(*id)).collect();
        let Some(&instance) = members.first() else { return };
        let ts_open = end - length;
        for &member in &members {
            self.note_ready(member, ts_open);
        }
        let seconds = u32::try_from(length / 1_000_000_000).unwrap_or(u32::MAX);
        let arg = HookArg::Members { members, ts_open, seconds };
        self.out.hooks.push(HookCall { rank: Rank::Bar(Reverse(seconds)), instance, hook, arg });
    }
}
