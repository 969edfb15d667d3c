//! Ticks one after the other where nothing is journalled: what surrounds a tick is done once for a stretch of them.

use super::{Engine, EngineError};
use crate::kernel::ApplyError;
use crate::record::Tick;
use crate::replay::NEVER;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Engine {
    /// Applies the ticks of these rows at their own times; gives the row that comes next, and the sequence of the last tick.
    ///
    /// Stops before a row that a timer must precede, and after one that has left a hook, a decision or a note; takes none
    /// where each record is journalled.
    #[inline(always)]
    #[allow(clippy::inline_always)] // a tick of 176 bytes is made where it is judged
    pub fn play(&mut self, rows: Range<usize>, tick: impl Fn(usize) -> Tick) -> Result<(usize, u64), EngineError> {
        if self.poisoned {
            return Err(EngineError::Poisoned);
        }
        if self.journal.is_some() || self.mark.is_some() || self.panic_from < NEVER {
            return Ok((rows.start, self.seq));
        }
        let first = rows.start;
        let kernel = &mut self.kernel;
        kernel.out.clear(); // what the record before has left is handed out
        self.poisoned = true; // as for a single record: a panic leaves it so
        let played = catch_unwind(AssertUnwindSafe(|| -> Result<usize, ApplyError> {
            for row in rows.clone() {
                let tick = tick(row);
                let (ts, judged) = kernel.judge_next(&tick, 0);
                if ts >= kernel.next_due() {
                    return Ok(row);
                }
                kernel.apply_tick(ts, &tick, Some(judged))?;
                if !kernel.out.is_empty() {
                    return Ok(row + 1);
                }
            }
            Ok(rows.end)
        }));
        let next = match played {
            Ok(next) => next,
            Err(panic) => self.die(self.seq, panic),
        };
        self.poisoned = false;
        let next = next?;
        self.seq += (next - first) as u64;
        let seq = self.seq;
        self.hand_out()?;
        Ok((next, seq))
    }
}
