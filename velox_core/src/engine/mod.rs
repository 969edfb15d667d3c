//! The engine around the kernel: every input is journalled, then applied, then its decisions are journalled.
//!
//! It reads no clock of its own but for the sampled stage histograms; callers hand it times.

mod error;
mod kept;
pub mod latency;
pub mod mark;
mod play;
#[cfg(test)]
mod tests;
mod wire;

pub use error::EngineError;
pub use kept::{Kept, Marks};

use crate::decode::smartapi::{TokenKey, decode};
use crate::decode::{DecodeError, kite};
use crate::journal::{FirstRecord, Lock, Options, SegmentMeta, Writer};
use crate::kernel::{ApplyError, Guarded, KERNEL_VERSION, Kernel};
use crate::record::{Input, Kind, Skip, TICK_BYTES_MAX, Tick, Timer, UNKNOWN_INSTRUMENT, Verdict};
use crate::replay::{Measures, NEVER, Recovered};
use latency::Stages;
use mark::Mark;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::BuildHasherDefault;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::Duration;
use wire::{TokenHasher, exchange_type, kite_instrument, kite_tick, tick_of};

/// How often the journal is synced and snapshotted.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Time that records may stay unsynced.
    pub sync: Duration,
    /// Bytes that may stay unsynced.
    pub dirty_len_max: usize,
    /// Kernel time between two Snapshots.
    pub snapshot_ns: i64,
    /// Records between two Snapshots.
    pub snapshot_records: u64,
}

impl Default for Pace {
    fn default() -> Self {
        let journal = Options::default();
        Self {
            sync: journal.sync_pace,
            dirty_len_max: journal.dirty_len_max,
            snapshot_ns: 300_000_000_000,
            snapshot_records: 2_000_000,
        }
    }
}

impl Pace {
    fn options(self) -> Options {
        Options { sync_pace: self.sync, dirty_len_max: self.dirty_len_max, ..Options::default() }
    }
}

/// How long a dying engine waits for its last record to be durable.
const LAST_SYNC: Duration = Duration::from_secs(2);
/// Notes that wait for a reader.
const NOTES_MAX: usize = 256;
/// Kernel time, instance, code and sentence of something that an owner should read.
pub type Note = (i64, u32, &'static str, String);
/// Flag of a decision that a crash cut off and recovery wrote again.
pub const FLAG_CARRIED: u8 = 1;

/// Journal, kernel and the map from tokens to instruments.
pub struct Engine {
    /// The state.
    pub kernel: Kernel,
    /// Where time goes, sampled.
    pub stages: Stages,
    /// Frames and packets that could not be decoded, and those that carry no price or no time.
    pub undecodable: u64,
    /// What owners should read and nobody has taken yet, the newest few.
    pub notes: VecDeque<Note>,
    /// Decisions for a reader in this process.
    pub kept: Kept,
    journal: Option<Writer>,
    mark: Option<Mark>,
    tokens: HashMap<TokenKey, u32, BuildHasherDefault<TokenHasher>>,
    kite_tokens: HashMap<u32, u32, BuildHasherDefault<TokenHasher>>,
    seq: u64,
    run: u64,
    last_snapshot: (u64, i64),
    pace: Pace,
    poisoned: bool,
    panic_from: u64,
    /// Whether a panic ends the process at once, as it must where others would catch it.
    pub exit_on_panic: bool,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Engine(run {}, seq {})", self.run, self.seq)
    }
}

/// What a new journal says of its engine.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// SHA-256 of the configuration.
    pub config_digest: [u8; 32],
    /// SHA-256 of the market facts.
    pub facts_digest: [u8; 32],
    /// Wall time, a side field.
    pub created_ns: i64,
    /// How often it is synced and snapshotted.
    pub pace: Pace,
}

impl Identity {
    fn meta(&self, run: u64) -> SegmentMeta {
        SegmentMeta {
            run,
            kernel_version: KERNEL_VERSION.to_owned(),
            config_digest: self.config_digest,
            facts_digest: self.facts_digest,
            created_ns: self.created_ns,
        }
    }
}

impl Engine {
    /// An engine without a journal, for back-tests and benches.
    pub fn in_memory() -> Self {
        Self {
            kernel: Kernel::default(),
            stages: Stages::default(),
            undecodable: 0,
            notes: VecDeque::new(),
            kept: Kept::default(),
            journal: None,
            mark: None,
            tokens: HashMap::default(),
            kite_tokens: HashMap::default(),
            seq: 0,
            run: 0,
            last_snapshot: (0, 0),
            pace: Pace::default(),
            poisoned: false,
            panic_from: NEVER,
            exit_on_panic: false,
        }
    }

    /// Begins a journal in a folder that holds none.
    pub fn create(dir: &Path, identity: &Identity) -> Result<Self, EngineError> {
        let lock = Lock::acquire(dir)?;
        let mut engine = Self::in_memory();
        let first = FirstRecord { seq: 1, ts: 0, snapshot: engine.kernel.snapshot() };
        engine.journal = Some(Writer::create(lock, identity.pace.options(), identity.meta(1), &first)?);
        engine.mark = Mark::open(dir);
        engine.pace = identity.pace;
        (engine.seq, engine.run) = (1, 1);
        Ok(engine)
    }

    /// Goes on where a journal ends: last Snapshot, its tail without hooks, a new run.
    ///
    /// `measures` name records that killed the engine twice and must not be applied.
    pub fn recover(dir: &Path, identity: &Identity, measures: &Measures<'_>) -> Result<(Self, Recovered), EngineError> {
        let lock = Lock::acquire(dir)?;
        let mut engine = Self::in_memory();
        engine.mark = Mark::open(dir);
        engine.pace = identity.pace;
        engine.panic_from = measures.panic_from();
        let (kernel, mut recovered) = crate::replay::recover_state(dir, measures, engine.mark.as_mut())?;
        if engine.mark.as_ref().is_some_and(Mark::ended_before) {
            recovered.lost_hooks.clear();
        }
        engine.kernel = kernel;
        engine.run = recovered.journal.run() + 1;
        engine.seq = recovered.journal.last_seq + 1;
        let first = FirstRecord { seq: engine.seq, ts: engine.kernel.now, snapshot: engine.kernel.snapshot() };
        let meta = identity.meta(engine.run);
        engine.journal = Some(Writer::resume(lock, identity.pace.options(), &recovered.journal, meta, &first)?);
        engine.last_snapshot = (engine.seq, engine.kernel.now);
        for (kind, ts, payload) in &recovered.cut_off {
            engine.append(*ts, *kind, FLAG_CARRIED, payload)?;
        }
        for id in 0..engine.kernel.markets.len() {
            engine.learn_token(id);
        }
        for (seq, tick) in &recovered.skipped {
            let record = Skip { seq: *seq, tick: *tick, reason: "the engine died twice at this record".to_owned() };
            let payload = rmp_serde::to_vec(&record).unwrap_or_default();
            engine.put(engine.kernel.now, Kind::Skip, &payload)?;
        }
        Ok((engine, recovered))
    }

    /// Position of the newest record.
    pub fn position(&self) -> (u64, u64) {
        (self.run, self.seq)
    }

    /// The journal's writer, where there is one.
    pub fn journal(&self) -> Option<&Writer> {
        self.journal.as_ref()
    }

    /// The file that says what is being done, for the one who finds this process dead.
    pub fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    /// Makes the engine panic at the first input from a sequence on: the planted fault of the recovery tests.
    pub fn plant_panic(&mut self, seq: u64) {
        self.panic_from = Measures { skip: &[], panic_at: seq }.panic_from();
    }

    /// Closes the journal; what was appended is durable on return.
    pub fn close(&mut self) -> Result<(), EngineError> {
        let Some(journal) = self.journal.take() else { return Ok(()) };
        journal.close()?;
        if let Some(mark) = self.mark.as_mut().filter(|_| !self.poisoned && self.kernel.out.hooks.is_empty()) {
            mark.ended();
        }
        Ok(())
    }

    /// Decodes a frame into a tick; `None` for a frame without a price.
    #[inline(always)]
    #[allow(clippy::inline_always)] // a tick of 176 bytes is made where it is used, not copied there
    pub fn decode(&mut self, frame: &[u8], recv_ns: i64) -> Result<Option<Tick>, DecodeError> {
        let packet = decode(frame).inspect_err(|_| self.undecodable += 1)?;
        let instrument = self.tokens.get(&packet.key).copied().unwrap_or(UNKNOWN_INSTRUMENT);
        let tick = tick_of(&packet, instrument, recv_ns);
        self.undecodable += u64::from(tick.is_none());
        Ok(tick)
    }

    /// Makes a tick of one packet of a Kite message; `None` for what is no packet and for one without a time.
    #[inline]
    pub fn take_kite(&mut self, packet: Result<kite::Packet<'_>, DecodeError>, recv_ns: i64) -> Option<Tick> {
        let tick = packet.ok().and_then(|packet| {
            let instrument = self.kite_tokens.get(&packet.instrument).copied().unwrap_or(UNKNOWN_INSTRUMENT);
            kite_tick(&packet, instrument, recv_ns)
        });
        self.undecodable += u64::from(tick.is_none());
        tick
    }

    /// The timer that must go before a record of this time.
    pub fn due_timer(&self, ts: i64) -> Option<Timer> {
        self.kernel.due_timer(ts)
    }

    /// Journals and applies a timer.
    pub fn put_timer(&mut self, timer: Timer) -> Result<u64, EngineError> {
        let input = Input::Timer(timer);
        self.admit(timer.due, &input)?;
        self.append(timer.due, Kind::Timer, 0, &timer.to_bytes())?;
        self.apply(timer.due, &input)
    }

    /// Journals and applies a tick; `judged` is its verdict where nothing was applied since [`Kernel::judge_next`] gave it.
    #[inline]
    pub fn put_tick(&mut self, ts: i64, tick: &Tick, judged: Option<Guarded>) -> Result<(u64, Verdict), EngineError> {
        if self.poisoned {
            return Err(EngineError::Poisoned);
        }
        self.kernel.check_time(ts)?;
        let sampled = self.stages.begin();
        if let Some(journal) = &mut self.journal {
            self.seq += 1;
            journal.append(self.seq, ts, Kind::Tick as u8, 0, tick.payload(&mut [0; TICK_BYTES_MAX]))?;
        } else {
            self.seq += 1;
        }
        let sampled = self.stages.appended(sampled);
        let (seq, verdict) = self.apply_with(|kernel| kernel.apply_tick(ts, tick, judged))?;
        self.stages.applied(sampled);
        Ok((seq, verdict))
    }

    /// Journals and applies any other input from its payload.
    pub fn put(&mut self, ts: i64, kind: Kind, payload: &[u8]) -> Result<u64, EngineError> {
        let input = Input::parse(kind as u8, payload)?;
        self.put_read(ts, kind, payload, &input)
    }

    /// As [`Engine::put`] for an input whose payload need not be read: `payload` is what `input` is written as.
    pub fn put_read(&mut self, ts: i64, kind: Kind, payload: &[u8], input: &Input) -> Result<u64, EngineError> {
        self.admit(ts, input)?;
        self.append(ts, kind, 0, payload)?;
        let seq = self.apply(ts, input)?;
        if let Input::InstrumentDef(def) = input {
            self.learn_token(def.id as usize);
        }
        Ok(seq)
    }

    /// Has everything so far made durable; only a broker's bytes wait for that.
    pub fn request_sync(&self) -> Result<(), EngineError> {
        if let Some(journal) = &self.journal {
            journal.request_sync(self.seq)?;
        }
        Ok(())
    }

    /// Refuses what must not reach the journal: an input that cannot follow the state would stop every replay.
    fn admit(&self, ts: i64, input: &Input) -> Result<(), EngineError> {
        if self.poisoned {
            return Err(EngineError::Poisoned);
        }
        Ok(self.kernel.check(ts, input)?)
    }

    fn append(&mut self, ts: i64, kind: Kind, flags: u8, payload: &[u8]) -> Result<(), EngineError> {
        self.seq += 1;
        if let Some(journal) = &mut self.journal {
            journal.append(self.seq, ts, kind as u8, flags, payload)?;
        }
        Ok(())
    }

    fn apply(&mut self, ts: i64, input: &Input) -> Result<u64, EngineError> {
        self.apply_with(|kernel| kernel.apply(ts, input)).map(|(seq, ())| seq)
    }

    #[inline]
    fn apply_with<T>(
        &mut self,
        work: impl FnOnce(&mut Kernel) -> Result<T, ApplyError>,
    ) -> Result<(u64, T), EngineError> {
        let seq = self.seq;
        self.poisoned = true; // until the apply has come back: a panic leaves it so
        if let Some(mark) = &mut self.mark {
            mark.applying(seq);
        }
        let (kernel, planted) = (&mut self.kernel, seq >= self.panic_from);
        let applied = catch_unwind(AssertUnwindSafe(|| {
            assert!(!planted, "a planted panic at sequence {seq}");
            work(kernel)
        }));
        let result = match applied {
            Ok(result) => result,
            Err(panic) => self.die(seq, panic),
        };
        self.poisoned = false;
        if let Some(mark) = &mut self.mark {
            mark.applied();
        }
        let result = result?;
        self.hand_out()?;
        self.rotate_when_due()?;
        Ok((seq, result))
    }

    /// What the kernel has left of a record goes to the journal and to who waits for it.
    #[inline]
    fn hand_out(&mut self) -> Result<(), EngineError> {
        if !self.kernel.out.notes.is_empty() {
            self.keep_notes();
        }
        if !self.kernel.out.decisions.is_empty() {
            self.write_decisions()?;
        }
        Ok(())
    }

    fn keep_notes(&mut self) {
        let now = self.kernel.now;
        for (instance, code, sentence) in self.kernel.out.notes.drain(..) {
            if self.notes.len() == NOTES_MAX {
                self.notes.pop_front();
            }
            self.notes.push_back((now, instance, code, sentence));
        }
    }

    /// The kernel panicked: the record that did it is made durable, then the process ends or the panic goes on.
    fn die(&mut self, seq: u64, panic: Box<dyn std::any::Any + Send>) -> ! {
        if let Some(journal) = &self.journal
            && journal.request_sync(seq).is_ok()
        {
            let _ = journal.wait_synced(seq, LAST_SYNC); // a disk that fails now changes nothing any more
        }
        if self.exit_on_panic {
            std::process::abort();
        }
        resume_unwind(panic)
    }

    fn write_decisions(&mut self) -> Result<(), EngineError> {
        self.kept.note(&self.kernel.out.decisions, || self.kernel.ticks());
        let Some(journal) = &mut self.journal else {
            self.seq += self.kernel.out.decisions.len() as u64;
            return Ok(());
        };
        for (kind, ts, payload) in self.kernel.out.decisions.iter() {
            self.seq += 1;
            journal.append(self.seq, ts, kind as u8, 0, payload)?;
        }
        Ok(())
    }

    fn rotate_when_due(&mut self) -> Result<(), EngineError> {
        let (seq, ts) = self.last_snapshot;
        let now = self.kernel.now;
        if self.journal.is_none() || (self.seq - seq < self.pace.snapshot_records && now - ts < self.pace.snapshot_ns) {
            return Ok(());
        }
        self.rotate(0)
    }

    /// Opens the next segment with a Snapshot, serialised off this thread.
    pub fn rotate(&mut self, created_ns: i64) -> Result<(), EngineError> {
        if let Some(journal) = &mut self.journal {
            self.seq += 1;
            let state = self.kernel.copy();
            journal.rotate(self.seq, self.kernel.now, created_ns, move || state.snapshot())?;
        }
        self.last_snapshot = (self.seq, self.kernel.now);
        Ok(())
    }

    fn learn_token(&mut self, id: usize) {
        let def = &self.kernel.markets[id].def;
        let segment = exchange_type(&def.exchange);
        if let Some(key) = TokenKey::new(segment, def.token.as_bytes()) {
            self.tokens.insert(key, id as u32);
        }
        if let Some(number) = kite_instrument(&def.exchange, def.kind == 0, &def.token) {
            self.kite_tokens.insert(number, id as u32);
        }
    }
}
