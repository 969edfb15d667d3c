//! From the wire into the kernel and on into hooks: timers first, then the record, then hooks, then their intents.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;
use std::time::Instant;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::core::{Cause, Core, Inner};
use super::errors::raise;
use super::views::{Bar, Fill, Refusal, Tick};
use crate::fixed::to_float;
use crate::kernel::hooks::{HookArg, HookCall, number};
use crate::record::{ClockMode, Kind, StrategyStopped, TimeMark, Verdict};

/// Longest chain hook → intent → fill → hook.
const CHAIN_MAX: u32 = 64;
/// `ingest` of a frame that cannot be decoded.
const UNDECODABLE: i16 = -1;
/// `ingest` of a frame without a price.
const NO_PRICE: i16 = -2;

#[pymethods]
impl Core {
    /// Takes one SMART API frame; returns the verdict's number, −1 for undecodable, −2 for a frame without a price.
    pub(super) fn ingest(&self, py: Python<'_>, frame: &[u8], recv_ns: i64) -> PyResult<i16> {
        let (tick, ts) = {
            let mut inner = self.lock()?;
            let tick = match inner.engine.decode(frame, recv_ns) {
                Err(_) => return Ok(UNDECODABLE),
                Ok(None) => return Ok(NO_PRICE),
                Ok(Some(tick)) => tick,
            };
            let ts = inner.engine.kernel.tick_time(&tick, recv_ns);
            if ts < inner.engine.kernel.next_due() {
                return self.put_tick(py, inner, ts, &tick);
            }
            (tick, ts)
        };
        self.fire_timers(py, ts, recv_ns)?;
        let inner = self.lock()?;
        self.put_tick(py, inner, ts, &tick)
    }

    /// Takes many frames of one length, back to back; returns how many were ticks.
    fn ingest_block(&self, py: Python<'_>, block: &[u8], stride: usize, recv_ns: i64) -> PyResult<u64> {
        let mut ticks = 0;
        for frame in block.chunks_exact(stride.max(1)) {
            ticks += u64::from(self.ingest(py, frame, recv_ns)? >= 0);
        }
        Ok(ticks)
    }

    /// The data clock moved without a tick: timers due by then fire.
    fn time_mark(&self, py: Python<'_>, at_ns: i64) -> PyResult<()> {
        {
            let mut inner = self.lock()?;
            let now = inner.engine.kernel.now;
            inner.engine.put(now, Kind::TimeMark, &TimeMark { at: at_ns }.to_bytes()).map_err(raise)?;
        }
        self.fire_timers(py, at_ns, at_ns)
    }

    /// The engine's clock moved (wall mode): timers due by then fire.
    fn advance(&self, py: Python<'_>, clock_ns: i64) -> PyResult<()> {
        self.fire_timers(py, clock_ns, clock_ns)
    }

    /// When the next timer is due, ns; a number beyond all times when none is armed.
    fn next_due_ns(&self) -> PyResult<i64> {
        self.read(crate::kernel::Kernel::next_due)
    }
}

impl Core {
    fn put_tick(
        &self,
        py: Python<'_>,
        mut inner: std::sync::MutexGuard<'_, Inner>,
        ts: i64,
        tick: &crate::record::Tick,
    ) -> PyResult<i16> {
        let before = inner.engine.kernel.verdicts;
        let seq = inner.engine.put_tick(ts, tick).map_err(raise)?;
        let after = &inner.engine.kernel.verdicts;
        let verdict = Verdict::ALL.iter().find(|v| before[**v as usize] != after[**v as usize]);
        let verdict = verdict.map_or(0, |v| *v as i16);
        let quiet = inner.engine.kernel.out.hooks.is_empty() && inner.pending.is_empty();
        drop(inner);
        if !quiet {
            self.run_hooks(py, seq, 0)?;
            self.settle(py)?;
        }
        Ok(verdict)
    }

    fn fire_timers(&self, py: Python<'_>, ts: i64, clock_ns: i64) -> PyResult<()> {
        loop {
            let seq = {
                let mut inner = self.lock()?;
                let Some(mut timer) = inner.engine.due_timer(ts) else { return Ok(()) };
                if inner.engine.kernel.settings.clock == ClockMode::Wall {
                    timer.late_ns = (clock_ns - timer.due).max(0);
                }
                inner.engine.put_timer(timer).map_err(raise)?
            };
            self.run_hooks(py, seq, 0)?;
            self.settle(py)?;
        }
    }

    /// Runs the hooks of the last record, then applies what they raised, one input after the other.
    pub(super) fn settle(&self, py: Python<'_>) -> PyResult<()> {
        let seq = self.lock()?.engine.position().1;
        self.run_hooks(py, seq, 0)?;
        loop {
            let (seq, depth) = {
                let mut inner = self.lock()?;
                let Some(pending) = inner.pending.pop_front() else { return Ok(()) };
                let now = inner.engine.kernel.now;
                if pending.depth > CHAIN_MAX {
                    let reason = format!("a chain of more than {CHAIN_MAX} hooks and intents");
                    stop(&mut inner, pending.instance, reason)?;
                    continue;
                }
                (
                    inner.engine.put_read(now, pending.kind, &pending.payload, &pending.input).map_err(raise)?,
                    pending.depth,
                )
            };
            self.run_hooks(py, seq, depth)?;
        }
    }

    fn run_hooks(&self, py: Python<'_>, seq: u64, depth: u32) -> PyResult<()> {
        let mut calls = {
            let mut inner = self.lock()?;
            if inner.engine.kernel.out.hooks.is_empty() {
                return Ok(());
            }
            let spare = std::mem::take(&mut inner.spare);
            std::mem::replace(&mut inner.engine.kernel.out.hooks, spare)
        };
        for call in &calls {
            self.call_hook(py, call, seq, depth)?;
        }
        calls.clear();
        self.lock()?.spare = calls;
        Ok(())
    }

    fn call_hook(&self, py: Python<'_>, call: &HookCall, seq: u64, depth: u32) -> PyResult<()> {
        let (callable, tick, serial) = {
            let mut inner = self.lock()?;
            let table = inner.hooks.get(call.instance as usize);
            let Some(Some(callable)) = table.and_then(|t| t.get(usize::from(call.hook))) else { return Ok(()) };
            if inner.engine.kernel.instances[call.instance as usize].faulted && call.hook != number::FINISH {
                return Ok(());
            }
            let callable = callable.clone_ref(py);
            let (bar_open, bar_seconds) = match &call.arg {
                HookArg::Bar { series, candle, .. } => {
                    (candle.ts_open, inner.engine.kernel.series[*series as usize].seconds())
                }
                HookArg::None
                | HookArg::Tick
                | HookArg::Fill { .. }
                | HookArg::Trade { .. }
                | HookArg::Refusal { .. } => (0, 0),
            };
            inner.begin_hook(Cause { seq, instance: call.instance, bar_open, bar_seconds, depth });
            if let Some(mark) = inner.engine.mark() {
                mark.hook(Some(call.instance));
            }
            (callable, Tick::from(&inner.engine.kernel.out.tick), inner.hook_serial)
        };
        let weight = growth_weight(call.hook);
        let measured = is_sampled(serial, weight).then(resident_bytes);
        let begun = self.watchdog.begin(call.instance);
        let result = call_with(py, callable.bind(py), &call.arg, tick, call);
        let broken = self.watchdog.end(py);
        let mut inner = self.lock()?;
        inner.cause = None;
        if let Some(mark) = inner.engine.mark() {
            mark.hook(None);
        }
        if let Some(begun) = begun {
            inner.engine.stages.hooked(begun);
        }
        if let Some(before) = measured {
            inner.note_growth(call.instance, (resident_bytes() - before) * weight as i64);
        }
        drop(inner);
        match result {
            Ok(()) if !broken => Ok(()),
            Ok(()) => self.fault(py, call.instance, &PyRuntimeError::new_err("the hook took too long")),
            Err(error) => self.fault(py, call.instance, &error),
        }
    }

    /// A hook raised: no new risk from this strategy, its stops stay alive, nobody else notices.
    fn fault(&self, py: Python<'_>, instance: u32, error: &PyErr) -> PyResult<()> {
        let callback = self.lock()?.on_fault.as_ref().map(|c| c.clone_ref(py));
        let reason = match callback {
            Some(callback) => callback.call1(py, (instance, error.value(py)))?.extract::<String>(py)?,
            None => error.to_string(),
        };
        stop(&mut *self.lock()?, instance, reason)
    }
}

/// One hook of this kind in how many is measured for growth: reading it takes a microsecond.
fn growth_weight(hook: u16) -> u64 {
    match hook {
        number::TICK => 64,
        number::FILL | number::ENTERED | number::STOP | number::TARGET => 16,
        _ => 1, // a leak in a hook that runs once a minute must not be missed
    }
}

/// Whether the hook of this serial is measured; mixed, so that hooks that take turns are all met.
fn is_sampled(serial: u64, weight: u64) -> bool {
    (serial.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32).is_multiple_of(weight)
}

/// The process' resident memory; 0 where the system does not tell.
fn resident_bytes() -> i64 {
    const PAGE: i64 = 4096;
    static STATM: OnceLock<Option<File>> = OnceLock::new();
    let mut text = [0; 64];
    let Some(file) = STATM.get_or_init(|| File::open("/proc/self/statm").ok()) else { return 0 };
    let read = file.read_at(&mut text, 0).unwrap_or(0);
    let words = std::str::from_utf8(&text[..read]).unwrap_or_default();
    words.split_ascii_whitespace().nth(1).and_then(|pages| pages.parse::<i64>().ok()).unwrap_or(0) * PAGE
}

/// Journals that a strategy failed.
fn stop(inner: &mut Inner, instance: u32, reason: String) -> PyResult<()> {
    super::core::put(&mut inner.engine, Kind::StrategyStopped, &StrategyStopped { instance, fault: true, reason })?;
    Ok(())
}

fn call_with(py: Python<'_>, callable: &Bound<'_, PyAny>, arg: &HookArg, tick: Tick, call: &HookCall) -> PyResult<()> {
    match arg {
        HookArg::None => callable.call0()?,
        HookArg::Tick => callable.call1((Bound::new(py, tick)?,))?,
        HookArg::Bar { candle, n, .. } => {
            let std::cmp::Reverse(timeframe_s) = seconds_of(call);
            callable.call1((Bound::new(py, Bar { candle: *candle, n: *n, timeframe_s })?,))?
        }
        HookArg::Fill { intent, side, quantity, price, role } => {
            let price = to_float(*price);
            let fill = Fill { order_id: *intent, side: *side, quantity: *quantity, price, role };
            callable.call1((Bound::new(py, fill)?,))?
        }
        HookArg::Trade { intent } => callable.call1((*intent,))?,
        HookArg::Refusal { intent, code, sentence, limit, value } => {
            let (limit, value) = (*limit, *value);
            let refusal = Refusal { intent: *intent, code, sentence: sentence.clone(), limit, value };
            callable.call1((Bound::new(py, refusal)?,))?
        }
    };
    Ok(())
}

fn seconds_of(call: &HookCall) -> std::cmp::Reverse<u32> {
    match call.rank {
        crate::kernel::hooks::Rank::Bar(seconds) => seconds,
        crate::kernel::hooks::Rank::Order
        | crate::kernel::hooks::Rank::Every
        | crate::kernel::hooks::Rank::At
        | crate::kernel::hooks::Rank::Tick
        | crate::kernel::hooks::Rank::Finish => std::cmp::Reverse(0),
    }
}

/// The start of a timed hook.
pub(super) type Begun = Option<Instant>;
