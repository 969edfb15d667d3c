//! The engine as Python sees it: inputs go in, hooks come out, intents wait their turn.
//!
//! No lock is held while Python runs, so a hook may read the core; what changes it is only queued.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use pyo3::exceptions::{PyKeyError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use super::bounds::{SAID_MAX, cut};
use super::conduct::Conduct;
use super::errors::raise;
use super::late::{find_series, is_same};
use super::unheard::Unheard;
use super::views::Tick;
use super::watchdog::Watchdog;
use crate::engine::{Engine, Identity, Pace};
use crate::fixed::ONE;
use crate::kernel::Kernel;
use crate::kernel::hooks::HookCall;
use crate::record::{
    Action, ExitPart, Input, Intent, IntentId, Kind, NodeAdded, PriceKind, PriceSpec, SizeKind, TriggerKind,
    TriggerSpec, ValidKind, Watch,
};
use crate::replay::{Measures, Recovered};

/// Node values that an intent's hook read, at most.
const READS_MAX: usize = 32;
/// Bytes that an intent rarely exceeds: its payload is written without growing.
const PAYLOAD_ROOM: usize = 256;

/// An input that a hook raised and that waits for its turn.
pub(super) struct Pending {
    pub(super) kind: Kind,
    pub(super) input: Input,
    /// Its bytes for the journal.
    pub(super) payload: Vec<u8>,
    pub(super) instance: u32,
    /// Length of the chain hook → input → hook that led here.
    pub(super) depth: u32,
}

impl Pending {
    /// Whether it adds a series or a node; such a record runs no hook.
    pub(super) fn joins_the_graph(&self) -> bool {
        matches!(self.input, Input::Watch(_) | Input::NodeAdded(_))
    }
}

/// The hook that runs.
#[derive(Clone, Copy, Default)]
pub(super) struct Cause {
    pub(super) seq: u64,
    pub(super) instance: u32,
    pub(super) bar_open: i64,
    pub(super) bar_seconds: u32,
    pub(super) depth: u32,
    /// The group that the hook decides for, where it is one of a whole group.
    pub(super) group: Option<u32>,
}

/// What is behind the lock, by the one who holds it.
pub(super) type Held<'a> = MutexGuard<'a, Inner>;

/// Everything behind the lock.
pub(super) struct Inner {
    pub(super) engine: Engine,
    pub(super) hooks: Vec<Vec<Option<Py<PyAny>>>>,
    pub(super) pending: VecDeque<Pending>,
    pub(super) cause: Option<Cause>,
    pub(super) spare: Vec<HookCall>,
    /// The tick that a hook was given last.
    pub(super) spare_tick: Option<Py<Tick>>,
    pub(super) on_fault: Option<Py<PyAny>>,
    pub(super) hook_serial: u64,
    pub(super) conduct: Conduct,
    /// Called when the process has grown too much.
    pub(super) on_memory: Option<Py<PyAny>>,
    /// How much the hook that runs has raised so far.
    pub(super) said: u32,
    pub(super) unheard: Vec<Unheard>,
    reads: Vec<(u32, u8, f64)>,
    /// The legs of the structure that a hook is putting together.
    pub(super) legs: Option<Vec<Intent>>,
    counters: Vec<u32>,
    /// Series and nodes that each instance asked for in hooks.
    pub(super) watched: Vec<u32>,
    /// The session whose wishes `counters`, `unheard` and `watched` count.
    counted_on: i32,
}

impl Inner {
    pub(super) fn begin_hook(&mut self, cause: Cause) {
        self.cause = Some(cause);
        self.reads.clear();
        self.legs = None;
        self.said = 0;
        self.hook_serial += 1;
    }

    /// Whether the hook that just ran raised more than a hook may; all of it is then forgotten.
    pub(super) fn forget_flood(&mut self) -> bool {
        let flooded = self.said > SAID_MAX;
        if flooded {
            // Series and nodes stay: hooks that spoke before hold their numbers, and those of what follows.
            let raised = self.pending.split_off(self.pending.len().saturating_sub(SAID_MAX as usize));
            self.pending.extend(raised.into_iter().filter(Pending::joins_the_graph));
        }
        self.said = 0;
        flooded
    }

    fn session_date(&self) -> i32 {
        self.engine.kernel.facts.as_ref().map_or(0, |f| f.session_date)
    }

    /// Counts wishes from the beginning of each day, however many days one core sees: their names are the day's.
    pub(super) fn count_by_day(&mut self) {
        let today = self.session_date();
        if self.counted_on != today {
            self.counted_on = today;
            self.counters.clear();
            self.unheard.clear();
            self.watched.clear();
        }
    }

    pub(super) fn next_counter(&mut self, instance: u32) -> u32 {
        let index = instance as usize;
        if self.counters.len() <= index {
            self.counters.resize(index + 1, 0);
        }
        let applied = self.engine.kernel.instances.get(index).map_or(0, |i| i.intents);
        self.counters[index] = self.counters[index].max(applied) + 1;
        self.counters[index]
    }

    /// Counts what the hook that runs raises; refuses what is more than a hook may.
    pub(super) fn count_said(&mut self) -> PyResult<()> {
        self.said = self.said.saturating_add(u32::from(self.cause.is_some()));
        if self.said > SAID_MAX {
            let many = format!("a hook may raise {SAID_MAX} intents, lines and values, not more");
            return Err(PyRuntimeError::new_err(many));
        }
        Ok(())
    }

    pub(super) fn queue<T: serde::Serialize>(
        &mut self,
        kind: Kind,
        instance: u32,
        value: T,
        wrap: fn(T) -> Input,
    ) -> PyResult<()> {
        self.count_said()?;
        let depth = self.cause.map_or(0, |c| c.depth) + 1;
        let mut payload = Vec::with_capacity(PAYLOAD_ROOM);
        rmp_serde::encode::write(&mut payload, &value).map_err(|e| PyValueError::new_err(e.to_string()))?;
        self.pending.push_back(Pending { kind, input: wrap(value), payload, instance, depth });
        Ok(())
    }
}

/// Journal, kernel and hooks of one engine; owned by one thread.
#[pyclass(frozen, immutable_type, module = "velox_core")]
pub(super) struct Core {
    pub(super) inner: Mutex<Inner>,
    pub(super) watchdog: Watchdog,
    pub(super) recovered: Option<Recovered>,
}

impl Core {
    pub(super) fn lock(&self) -> PyResult<Held<'_>> {
        self.inner.lock().map_err(|_| PyRuntimeError::new_err("the core panicked before: the process must end"))
    }

    /// As [`Core::lock`] for what is the engine's alone: a hook may read and raise intents, nothing else.
    #[inline]
    pub(super) fn lock_outside_hooks(&self) -> PyResult<Held<'_>> {
        let inner = self.lock()?;
        if inner.cause.is_some() {
            return Err(PyRuntimeError::new_err("a hook cannot do what is the engine's: it reads and raises intents"));
        }
        Ok(inner)
    }

    pub(super) fn read<T>(&self, with: impl FnOnce(&Kernel) -> T) -> PyResult<T> {
        Ok(with(&self.lock()?.engine.kernel))
    }

    /// A node's newest value, noted for the intent of the hook that reads it.
    pub(super) fn read_node(&self, node: u32, output: u8) -> PyResult<f64> {
        let mut inner = self.lock()?;
        // What a hook has just asked for is not there before that hook is over.
        let Some(node_read) = inner.engine.kernel.nodes.get(node as usize) else { return Ok(f64::NAN) };
        let value = node_read.values[output as usize];
        if inner.cause.is_some() && inner.reads.len() < READS_MAX {
            inner.reads.push((node, output, value));
        }
        Ok(value)
    }

    fn wrap(engine: Engine, recovered: Option<Recovered>) -> Self {
        let inner = Inner {
            engine,
            hooks: Vec::new(),
            pending: VecDeque::new(),
            cause: None,
            spare: Vec::new(),
            spare_tick: None,
            on_fault: None,
            hook_serial: 0,
            conduct: Conduct::default(),
            on_memory: None,
            said: 0,
            unheard: Vec::new(),
            reads: Vec::new(),
            legs: None,
            counters: Vec::new(),
            watched: Vec::new(),
            counted_on: 0,
        };
        Self { inner: Mutex::new(inner), watchdog: Watchdog::default(), recovered }
    }
}

fn price_spec(kind: u8, value: f64) -> PyResult<PriceSpec> {
    if value.is_nan() {
        return Ok(PriceSpec::default());
    }
    let kind = PriceKind::try_from(kind.saturating_add(1)).map_err(PyValueError::new_err)?;
    Ok(PriceSpec { kind, value })
}

/// A part as Python gives it: its share, then target and trail.
fn exit_part((share, target_kind, target, trail_kind, trail): (f64, u8, f64, u8, f64)) -> PyResult<ExitPart> {
    Ok(ExitPart { share, target: price_spec(target_kind, target)?, trail: price_spec(trail_kind, trail)? })
}

fn digest(bytes: Option<[u8; 32]>) -> [u8; 32] {
    bytes.unwrap_or_default()
}

#[pymethods]
impl Core {
    /// A core on a journal folder, or in memory without one.
    ///
    /// With `recover` the journal must exist and the core goes on where it ends; `skip` names sequences that killed
    /// the engine twice, `panic_at` one from which on the first input panics: the planted fault of the recovery
    /// tests. `pace` is (ms, bytes) that may stay unsynced and (ns, records) between two Snapshots.
    #[new]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (journal=None, *, recover=false, skip=Vec::new(), panic_at=0, config_digest=None, facts_digest=None, created_ns=0, pace=None))]
    fn new(
        journal: Option<PathBuf>,
        recover: bool,
        skip: Vec<u64>,
        panic_at: u64,
        config_digest: Option<[u8; 32]>,
        facts_digest: Option<[u8; 32]>,
        created_ns: i64,
        pace: Option<(u64, usize, i64, u64)>,
    ) -> PyResult<Self> {
        let (config_digest, facts_digest) = (digest(config_digest), digest(facts_digest));
        let pace = pace.map_or_else(Pace::default, |(sync_ms, dirty_len_max, snapshot_ns, snapshot_records)| Pace {
            sync: Duration::from_millis(sync_ms),
            dirty_len_max,
            snapshot_ns,
            snapshot_records,
        });
        let identity = Identity { config_digest, facts_digest, created_ns, pace };
        let (mut engine, recovered) = match journal {
            None => (Engine::in_memory(), None),
            Some(dir) if recover => {
                let (engine, recovered) =
                    Engine::recover(&dir, &identity, &Measures { skip: &skip, panic_at }).map_err(raise)?;
                (engine, Some(recovered))
            }
            Some(dir) => (Engine::create(&dir, &identity).map_err(raise)?, None),
        };
        if recovered.is_none() {
            engine.plant_panic(panic_at);
        }
        Ok(Self::wrap(engine, recovered))
    }

    /// Journals and applies an input given as the msgpack of its struct; returns its sequence.
    fn input(&self, py: Python<'_>, kind: u8, payload: &[u8]) -> PyResult<u64> {
        let kind =
            Kind::from_u8(kind).ok_or_else(|| PyValueError::new_err(format!("there is no record kind {kind}")))?;
        let mut inner = self.lock_outside_hooks()?;
        let now = inner.engine.kernel.now;
        let seq = inner.engine.put(now, kind, payload).map_err(raise)?;
        drop(self.settle(py, inner)?);
        Ok(seq)
    }

    /// The number of an instrument; `KeyError` for an unknown name.
    fn instrument(&self, name: &str) -> PyResult<u32> {
        let inner = self.lock()?;
        let at = inner.engine.kernel.markets.iter().position(|m| m.def.name == name);
        at.map(|i| i as u32).ok_or_else(|| PyKeyError::new_err(name.to_owned()))
    }

    /// The series of an instrument at a length; the same one when asked again.
    ///
    /// With `kept` its candles are kept for what hooks will ask for. One `without_preopen` is a series of its own.
    #[pyo3(signature = (instrument, timeframe_s, *, kept=false, without_preopen=false))]
    fn watch(&self, instrument: u32, timeframe_s: u32, kept: bool, without_preopen: bool) -> PyResult<u32> {
        let mut inner = self.lock_outside_hooks()?;
        let kernel = &inner.engine.kernel;
        let known = find_series(kernel, instrument, timeframe_s, without_preopen);
        if let Some(at) = known.filter(|at| !kept || kernel.series[*at as usize].kept.is_some()) {
            return Ok(at);
        }
        let series = known.unwrap_or(kernel.series.len() as u32);
        let watch = Watch { series, instrument, seconds: timeframe_s, kept, without_preopen };
        put(&mut inner.engine, Kind::Watch, &watch)?;
        Ok(watch.series)
    }

    /// Open time of the newest candle that a series and every node on it went through; 0 where one has not begun.
    fn fed_until_ns(&self, series: u32) -> PyResult<i64> {
        self.read(|kernel| kernel.fed_until(series))
    }

    /// The indicator on a series; the same one when asked again.
    ///
    /// A source is a field of the candles (`close`), `series:4:close`, `node:3:0` or `number:2.5`; what joins two values
    /// has a second one.
    #[pyo3(signature = (series, source, kind, params, second=""))]
    fn node(&self, series: u32, source: &str, kind: &str, params: Vec<f64>, second: &str) -> PyResult<u32> {
        let mut inner = self.lock_outside_hooks()?;
        let nodes = &inner.engine.kernel.nodes;
        let id = nodes.len() as u32;
        let (source, kind, second) = (source.to_owned(), kind.to_owned(), second.to_owned());
        let node = NodeAdded { id, series, source, kind, params, second, instance: -1 };
        if let Some(at) = nodes.iter().position(|known| is_same(&known.asked, &node)) {
            return Ok(at as u32);
        }
        put(&mut inner.engine, Kind::NodeAdded, &node)?;
        Ok(id)
    }

    /// Takes the table of hooks of an instance; `None` where it has none.
    fn attach(&self, instance: usize, hooks: Vec<Option<Py<PyAny>>>) -> PyResult<()> {
        let mut inner = self.lock_outside_hooks()?;
        if inner.hooks.len() <= instance {
            inner.hooks.resize_with(instance + 1, Vec::new);
        }
        inner.hooks[instance] = hooks;
        Ok(())
    }

    /// Called with (instance, exception) when a hook raises; what it returns is journalled as the reason.
    fn on_fault(&self, callback: Py<PyAny>) -> PyResult<()> {
        self.lock_outside_hooks()?.on_fault = Some(callback);
        Ok(())
    }

    /// Raises an intent from within a hook; returns its counter, or that of the refused one that stands for it.
    #[allow(clippy::too_many_arguments)] // one flat call: no object is built on the hot path
    #[pyo3(signature = (
        instance, action, instrument, side, size_kind, size, limit=f64::NAN, trigger_kind=0, trigger=f64::NAN,
        stop_kind=0, stop=f64::NAN, target_kind=0, target=f64::NAN, trail_kind=0, trail=f64::NAN, exits=Vec::new(),
        valid_kind=0, valid=0, trade=0, reason=String::new(),
    ))]
    fn intent(
        &self,
        instance: u32,
        action: u8,
        instrument: u32,
        side: i8,
        size_kind: u8,
        size: f64,
        limit: f64,
        trigger_kind: u8,
        trigger: f64,
        stop_kind: u8,
        stop: f64,
        target_kind: u8,
        target: f64,
        trail_kind: u8,
        trail: f64,
        exits: Vec<(f64, u8, f64, u8, f64)>,
        valid_kind: u8,
        valid: i64,
        trade: u32,
        reason: String,
    ) -> PyResult<u32> {
        let mut inner = self.lock()?;
        let action = Action::try_from(action).map_err(PyValueError::new_err)?;
        let cause = inner.cause.filter(|c| inner.may_wish(c, instance, action));
        let cause =
            cause.ok_or_else(|| PyRuntimeError::new_err("intents are raised inside the strategy's own hooks"))?;
        let size_kind = SizeKind::try_from(size_kind).map_err(PyValueError::new_err)?;
        let trigger_kind = TriggerKind::try_from(trigger_kind).map_err(PyValueError::new_err)?;
        let valid_kind = ValidKind::try_from(valid_kind).map_err(PyValueError::new_err)?;
        let stop = price_spec(stop_kind, stop)?;
        let target = price_spec(target_kind, target)?;
        let trail = price_spec(trail_kind, trail)?;
        let exits = exits.into_iter().map(exit_part).collect::<PyResult<Vec<_>>>()?;
        let (counter, is_heard) = inner.admit(instance, action, side)?;
        if !is_heard {
            return Ok(counter);
        }
        let intent = Intent {
            id: IntentId { instance, date: inner.session_date(), counter },
            cause_seq: cause.seq,
            action,
            instrument,
            side,
            size_kind,
            size,
            limit,
            trigger: TriggerSpec { kind: trigger_kind, price: trigger },
            stop,
            target,
            trail,
            exits,
            valid_kind,
            valid,
            trade,
            bar_open: cause.bar_open,
            bar_seconds: cause.bar_seconds,
            reason: cut(reason),
            reads: inner.reads.clone(),
        };
        match &mut inner.legs {
            Some(legs) => legs.push(intent),
            None => inner.queue(Kind::Intent, instance, intent, Input::Intent)?,
        }
        Ok(counter)
    }

    /// Closes the journal; everything is durable on return.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        drop(self.lock_outside_hooks()?);
        self.watchdog.stop();
        let closed = py.detach(|| self.inner.lock().ok().map(|mut inner| inner.engine.close()));
        closed.ok_or_else(|| PyRuntimeError::new_err("the core panicked before"))?.map_err(raise)
    }
}

/// Journals and applies a cold input that runs no hook.
pub(super) fn put<T: serde::Serialize>(engine: &mut Engine, kind: Kind, value: &T) -> PyResult<u64> {
    let payload = rmp_serde::to_vec(value).map_err(|e| PyValueError::new_err(e.to_string()))?;
    let now = engine.kernel.now;
    engine.put(now, kind, &payload).map_err(raise)
}

/// Money in rupees as people read it.
pub(super) fn money(value: i128) -> f64 {
    value as f64 / ONE as f64
}
