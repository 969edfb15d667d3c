//! Wishes to open of a strategy that may only reduce: the first is journalled and refused, the others are counted.

use pyo3::prelude::*;

use super::core::Inner;
use crate::record::{Action, Input, Kind, UserValue};

/// What became of the wishes of an instance since it may only reduce.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unheard {
    /// Counter of the wish that was heard; 0 while none was.
    heard: u32,
    /// Wishes after it.
    others: u64,
}

impl Inner {
    /// The counter of a wish and whether it is to be heard; one that is not has the counter of the one that was.
    ///
    /// How many there were is journalled at 1, 10, 100 and so on, so that no strategy can fill a disk this way.
    pub(super) fn admit(&mut self, instance: u32, action: Action, side: i8) -> PyResult<(u32, bool)> {
        self.count_by_day();
        let index = instance as usize;
        if self.unheard.len() <= index {
            self.unheard.resize(index + 1, Unheard::default());
        }
        let futile = self.engine.kernel.is_futile(instance, action, side);
        if !futile || self.unheard[index].heard == 0 {
            let counter = self.next_counter(instance);
            self.unheard[index] = Unheard { heard: if futile { counter } else { 0 }, others: 0 };
            return Ok((counter, true));
        }
        let unheard = &mut self.unheard[index];
        unheard.others += 1;
        let Unheard { heard, others } = *unheard;
        self.count_said()?;
        if is_power_of_ten(others) {
            let text = format!("only reductions are allowed: {others} more to open, not journalled and not answered");
            let line = UserValue { instance, name: "log".to_owned(), text };
            self.queue(Kind::UserValue, instance, line, Input::UserValue)?;
        }
        Ok((heard, false))
    }
}

fn is_power_of_ten(mut number: u64) -> bool {
    while number >= 10 && number.is_multiple_of(10) {
        number /= 10;
    }
    number == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_grow_rarer_by_ten() {
        let told: Vec<u64> = (0..=10_000).filter(|n| is_power_of_ten(*n)).collect();
        assert_eq!(told, [1, 10, 100, 1_000, 10_000]);
    }
}
