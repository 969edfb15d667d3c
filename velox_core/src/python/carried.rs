//! What a replay counted on the days before its last: the kernel counts by the day.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::kernel::Kernel;
use crate::record::{Kind, Verdict};

/// Verdicts, candles and, by strategy, orders, fills and round trips.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    verdicts: [u64; Verdict::ALL.len()],
    candles: u64,
    strategies: BTreeMap<u32, [u32; 3]>,
}

impl Counts {
    fn of(kernel: &Kernel) -> Self {
        let strategies = kernel.instances.iter().map(|i| (i.id, [i.orders, i.fills, i.trades])).collect();
        Self { verdicts: kernel.verdicts, candles: kernel.candles_closed, strategies }
    }
}

/// What a new day has set back to nothing, and the first day of all.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    first_date: Option<i32>,
    past: Counts,
}

impl Carried {
    /// The counts before a record that begins a day, or a strategy's day, and sets some back; no other record does.
    pub(super) fn before(kind: u8, kernel: &Kernel) -> Option<Counts> {
        let begins = kind == Kind::FactsLoaded as u8 || kind == Kind::StrategyStarted as u8;
        begins.then(|| Counts::of(kernel))
    }

    /// Keeps what such a record has set back.
    pub(super) fn keep(&mut self, before: &Counts, kernel: &Kernel) {
        self.first_date = self.first_date.or(kernel.facts.as_ref().map(|facts| facts.session_date));
        self.add(before, &Counts::of(kernel));
    }

    fn add(&mut self, before: &Counts, after: &Counts) {
        for (sum, (before, after)) in self.past.verdicts.iter_mut().zip(before.verdicts.iter().zip(after.verdicts)) {
            *sum += before.saturating_sub(after);
        }
        self.past.candles += before.candles.saturating_sub(after.candles);
        for (id, before) in &before.strategies {
            let sums = self.past.strategies.entry(*id).or_default();
            let after = after.strategies.get(id).copied().unwrap_or_default();
            for (sum, (before, after)) in sums.iter_mut().zip(before.iter().zip(after)) {
                *sum += before.saturating_sub(after);
            }
        }
    }

    /// Makes the counts of a summary those of all days.
    pub(super) fn complete(&self, kernel: &Kernel, summary: &Bound<'_, PyDict>) -> PyResult<()> {
        let verdicts = PyDict::new(summary.py());
        for verdict in Verdict::ALL {
            let at = verdict as usize;
            verdicts.set_item(verdict.name(), kernel.verdicts[at] + self.past.verdicts[at])?;
        }
        summary.set_item("verdicts", verdicts)?;
        summary.set_item("ticks", kernel.ticks() + self.past.verdicts.iter().sum::<u64>())?;
        summary.set_item("candles", kernel.candles_closed + self.past.candles)?;
        summary.set_item("first_date", self.first_date)?;
        let told = summary.as_any().get_item("strategies")?;
        for (i, strategy) in kernel.instances.iter().zip(told.try_iter()?) {
            let (strategy, past) = (strategy?, self.past.strategies.get(&i.id).copied().unwrap_or_default());
            let counts = [("orders", i.orders), ("fills", i.fills), ("round_trips", i.trades)];
            for ((name, today), past) in counts.into_iter().zip(past) {
                strategy.set_item(name, today + past)?;
            }
        }
        Ok(())
    }
}
