//! From the wire into the kernel and on into hooks: timers first, then the record, then hooks, then their intents.

use std::time::Instant;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::conduct::Often;
use super::core::{Cause, Core, Held, Inner};
use super::errors::raise;
use super::views::{Bar, Fill, Refusal, Tick, Told};
use super::watchdog::HookTimeout;
use crate::fixed::to_float;
use crate::kernel::hooks::{HookArg, HookCall, number};
use crate::kernel::risk::shown;
use crate::record::{ClockMode, Kind, StrategyStopped, TimeMark};

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
        let mut inner = self.lock_outside_hooks()?;
        let tick = match inner.engine.decode(frame, recv_ns) {
            Err(_) => return Ok(UNDECODABLE),
            Ok(None) => return Ok(NO_PRICE),
            Ok(Some(tick)) => tick,
        };
        self.take(py, inner, &tick, recv_ns)
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
        let mut inner = self.lock_outside_hooks()?;
        let now = inner.engine.kernel.now;
        inner.engine.put(now, Kind::TimeMark, &TimeMark { at: at_ns }.to_bytes()).map_err(raise)?;
        self.fire_timers(py, inner, at_ns, at_ns).map(drop)
    }

    /// The engine's clock moved (wall mode): timers due by then fire.
    fn advance(&self, py: Python<'_>, clock_ns: i64) -> PyResult<()> {
        let inner = self.lock_outside_hooks()?;
        self.fire_timers(py, inner, clock_ns, clock_ns).map(drop)
    }

    /// When the next timer is due, ns; a number beyond all times when none is armed.
    fn next_due_ns(&self) -> PyResult<i64> {
        self.read(crate::kernel::Kernel::next_due)
    }
}

impl Core {
    /// Fires what is due before a tick, then journals and applies it, then runs its hooks.
    #[inline(always)]
    #[allow(clippy::inline_always)] // the tick is made where it is used, as in the engine's decode
    pub(super) fn take<'a>(
        &'a self,
        py: Python<'_>,
        mut inner: Held<'a>,
        tick: &crate::record::Tick,
        recv_ns: i64,
    ) -> PyResult<i16> {
        let (ts, judged) = inner.engine.kernel.judge_next(tick, recv_ns);
        let quiet = ts < inner.engine.kernel.next_due();
        if !quiet {
            inner = self.fire_timers(py, inner, ts, recv_ns)?;
        }
        let (seq, verdict) = inner.engine.put_tick(ts, tick, quiet.then_some(judged)).map_err(raise)?;
        if !inner.is_quiet() {
            drop(self.follow(py, inner, seq)?);
        }
        Ok(verdict as i16)
    }

    pub(super) fn fire_timers<'a>(
        &'a self,
        py: Python<'_>,
        mut inner: Held<'a>,
        ts: i64,
        clock_ns: i64,
    ) -> PyResult<Held<'a>> {
        while let Some(mut timer) = inner.engine.due_timer(ts) {
            if inner.engine.kernel.settings.clock == ClockMode::Wall {
                timer.late_ns = (clock_ns - timer.due).max(0);
            }
            let seq = inner.engine.put_timer(timer).map_err(raise)?;
            inner = self.follow(py, inner, seq)?;
        }
        Ok(inner)
    }

    /// Runs the hooks of the last record, then applies what they raised.
    pub(super) fn follow<'a>(&'a self, py: Python<'_>, inner: Held<'a>, seq: u64) -> PyResult<Held<'a>> {
        let inner = self.run_hooks(py, inner, seq, 0)?;
        self.settle(py, inner)
    }

    /// Runs what hooks the last record left, then applies what hooks raised, one input after the other.
    pub(super) fn settle<'a>(&'a self, py: Python<'_>, inner: Held<'a>) -> PyResult<Held<'a>> {
        let seq = inner.engine.position().1;
        let mut inner = self.run_hooks(py, inner, seq, 0)?;
        while let Some(pending) = inner.pending.pop_front() {
            let now = inner.engine.kernel.now;
            if pending.depth > CHAIN_MAX && !pending.joins_the_graph() {
                let reason = format!("a chain of more than {CHAIN_MAX} hooks and intents");
                stop(&mut inner, pending.instance, reason)?;
                continue;
            }
            let seq = inner.engine.put_read(now, pending.kind, &pending.payload, &pending.input).map_err(raise)?;
            inner = self.run_hooks(py, inner, seq, pending.depth)?;
        }
        if inner.conduct.is_full()
            && let Some(tell) = inner.on_memory.take()
        {
            drop(inner);
            tell.call0(py)?;
            return self.lock();
        }
        Ok(inner)
    }

    fn run_hooks<'a>(&'a self, py: Python<'_>, mut inner: Held<'a>, seq: u64, depth: u32) -> PyResult<Held<'a>> {
        if inner.engine.kernel.out.hooks.is_empty() {
            return Ok(inner);
        }
        let spare = std::mem::take(&mut inner.spare);
        let mut calls = std::mem::replace(&mut inner.engine.kernel.out.hooks, spare);
        for call in &calls {
            inner = self.call_hook(py, inner, call, (seq, depth))?;
        }
        calls.clear();
        inner.spare = calls;
        Ok(inner)
    }

    /// Calls one hook; the lock is given up while Python runs, and only then.
    fn call_hook<'a>(
        &'a self,
        py: Python<'_>,
        mut inner: Held<'a>,
        call: &HookCall,
        (seq, depth): (u64, u32),
    ) -> PyResult<Held<'a>> {
        let table = inner.hooks.get(call.instance as usize);
        let Some(Some(callable)) = table.and_then(|t| t.get(usize::from(call.hook))) else { return Ok(inner) };
        if inner.engine.kernel.instances[call.instance as usize].faulted {
            return Ok(inner);
        }
        let callable = callable.clone_ref(py);
        let (bar_open, bar_seconds) = match &call.arg {
            HookArg::Bar { series, candle, .. } => {
                (candle.ts_open, inner.engine.kernel.series[*series as usize].seconds())
            }
            HookArg::Members { ts_open, seconds, .. } => (*ts_open, *seconds),
            HookArg::None | HookArg::Tick | HookArg::Fill { .. } | HookArg::Trade { .. } | HookArg::Refusal { .. } => {
                (0, 0)
            }
        };
        let together = matches!(call.arg, HookArg::Members { .. });
        let group = together.then(|| inner.engine.kernel.instances[call.instance as usize].group);
        inner.begin_hook(Cause { seq, instance: call.instance, bar_open, bar_seconds, depth, group });
        if let Some(mark) = inner.engine.mark() {
            mark.hook(Some(call.instance));
        }
        let measured = inner.conduct.begin(how_often(call.hook));
        let begun = inner.conduct.times_next().then(Instant::now);
        let (told, spare) = (Told::from(&inner.engine.kernel.out.tick), inner.spare_tick.take());
        drop(inner);
        self.watchdog.begin(call.instance, call.hook == number::START);
        let result = call_with(callable.bind(py), call, told, spare);
        let broken = self.watchdog.end(py);
        drop(callable); // outside the lock: what it takes with it may be a strategy's
        let mut inner = self.lock()?;
        inner.cause = None;
        if let Some(mark) = inner.engine.mark() {
            mark.hook(None);
        }
        if let Some(begun) = begun {
            inner.engine.stages.hooked(begun);
        }
        if let Some(measured) = measured {
            inner.conduct.end(call.instance, measured);
        }
        let flooded = inner.forget_flood();
        let error = match result {
            Err(error) => error,
            Ok(_) if broken => HookTimeout::new_err(()),
            Ok(_) if flooded => PyRuntimeError::new_err("a flood of intents or lines"),
            Ok(spare) => {
                inner.spare_tick = spare;
                return Ok(inner);
            }
        };
        drop(inner);
        self.fault(py, call, error)?;
        self.lock()
    }

    /// A hook raised: no new risk from this strategy, its stops stay alive, nobody else notices. What decides for a
    /// whole group fails for all of it.
    ///
    /// To tell of an exception runs code of the strategy, so it is watched like a hook.
    fn fault(&self, py: Python<'_>, call: &HookCall, error: PyErr) -> PyResult<()> {
        let instance = call.instance;
        let plain = error.get_type(py).name().map_or_else(|_| "an exception".to_owned(), |name| name.to_string());
        let callback = {
            let inner = self.lock()?;
            if let Some(mark) = inner.engine.mark() {
                mark.hook(Some(instance));
            }
            inner.on_fault.as_ref().map(|c| c.clone_ref(py))
        };
        self.watchdog.begin(instance, false);
        let error = error.into_value(py); // with its traceback
        let told = callback.map(|c| c.call1(py, (instance, &error)).and_then(|t| t.extract::<String>(py)));
        drop(error);
        self.watchdog.end(py);
        let mut inner = self.lock()?;
        if let Some(mark) = inner.engine.mark() {
            mark.hook(None);
        }
        let reason = told.and_then(Result::ok).unwrap_or(plain);
        match &call.arg {
            HookArg::Members { .. } => {
                let members: Vec<u32> = inner.engine.kernel.group(instance).map(|i| i.id).collect();
                members.into_iter().try_for_each(|member| stop(&mut inner, member, reason.clone()))
            }
            HookArg::None
            | HookArg::Bar { .. }
            | HookArg::Tick
            | HookArg::Fill { .. }
            | HookArg::Trade { .. }
            | HookArg::Refusal { .. } => stop(&mut inner, instance, reason),
        }
    }
}

impl Inner {
    /// Whether the last record left neither hooks to run nor inputs to take.
    #[inline]
    pub(super) fn is_quiet(&self) -> bool {
        self.engine.kernel.out.hooks.is_empty() && self.pending.is_empty()
    }
}

/// How often a hook of this kind runs.
fn how_often(hook: u16) -> Often {
    match hook {
        number::TICK => Often::ATick,
        number::FILL | number::ENTERED | number::STOP | number::TARGET => Often::AnOrder,
        _ => Often::Seldom,
    }
}

/// Journals that a strategy failed.
fn stop(inner: &mut Inner, instance: u32, reason: String) -> PyResult<()> {
    super::core::put(&mut inner.engine, Kind::StrategyStopped, &StrategyStopped { instance, fault: true, reason })?;
    Ok(())
}

/// Calls a hook with its argument; gives back the tick that the next one may be told with.
fn call_with(
    callable: &Bound<'_, PyAny>,
    call: &HookCall,
    told: Told,
    spare: Option<Py<Tick>>,
) -> PyResult<Option<Py<Tick>>> {
    let py = callable.py();
    match &call.arg {
        HookArg::None => callable.call0()?,
        HookArg::Tick => {
            let tick = Tick::told(py, spare, told)?;
            callable.call1((&tick,))?;
            return Ok(Some(tick.unbind()));
        }
        HookArg::Bar { candle, n, .. } => {
            let std::cmp::Reverse(timeframe_s) = seconds_of(call);
            callable.call1((Bound::new(py, Bar { candle: *candle, n: *n, timeframe_s })?,))?
        }
        HookArg::Fill { intent, side, quantity, price, role } => {
            let price = to_float(*price);
            let fill = Fill { order_id: *intent, side: *side, quantity: *quantity, price, role };
            callable.call1((Bound::new(py, fill)?,))?
        }
        HookArg::Members { members, .. } => callable.call1((members.clone(),))?,
        HookArg::Trade { intent, part } => callable.call1((*intent, *part))?,
        HookArg::Refusal { intent, code, sentence, limit, value } => {
            let (limit, value) = (shown(code, *limit), shown(code, *value));
            let refusal = Refusal { intent: *intent, code, sentence: sentence.clone(), limit, value };
            callable.call1((Bound::new(py, refusal)?,))?
        }
    };
    Ok(spare)
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
