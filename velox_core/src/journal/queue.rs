//! What the owner thread has appended and the writer thread has not taken yet: a bounded buffer, swapped whole.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::error::{Error, Failure};
use super::format::{Head, RECORD_HEADER_LEN, RECORD_LEN_MAX};
use super::writer::Options;

/// Segments that may be asked for before the writer thread has begun the first of them.
const ROTATIONS_MAX: usize = 4;

/// Serialises the state; runs on the writer thread.
pub(super) type MakeSnapshot = Box<dyn FnOnce() -> Vec<u8> + Send>;

/// A new segment, asked for between two records.
pub(super) struct Rotation {
    /// Bytes of the batch that still belong to the segment before.
    pub(super) at: usize,
    pub(super) seq: u64,
    pub(super) ts: i64,
    pub(super) created_ns: i64,
    pub(super) snapshot: MakeSnapshot,
}

/// Everything that the writer thread takes at once.
#[derive(Default)]
pub(super) struct Batch {
    /// Records that want their checksum: see [`super::format::seal_all`].
    pub(super) bytes: Vec<u8>,
    pub(super) rotations: Vec<Rotation>,
    pub(super) last_seq: u64,
    pub(super) sync: bool,
    pub(super) closing: bool,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    rotations: Vec<Rotation>,
    last_seq: u64,
    sync_wanted: u64,
    write_wanted: bool,
    closing: bool,
    /// The writer thread sleeps without a time-out and must be woken.
    parked: bool,
    failure: Option<Failure>,
}

/// The meeting place of the owner and the writer thread.
pub(super) struct Queue {
    state: Mutex<State>,
    work: Condvar,
    progress: Condvar,
    written: AtomicU64,
    synced: AtomicU64,
    stalls: AtomicU64,
    stall_ns: AtomicU64,
    options: Options,
}

impl Queue {
    pub(super) fn new(options: Options, last_seq: u64) -> Self {
        let bytes = Vec::with_capacity(options.buffer_len);
        let state = State { bytes, last_seq, ..State::default() };
        Self {
            state: Mutex::new(state),
            work: Condvar::new(),
            progress: Condvar::new(),
            written: AtomicU64::new(last_seq),
            synced: AtomicU64::new(last_seq),
            stalls: AtomicU64::new(0),
            stall_ns: AtomicU64::new(0),
            options,
        }
    }

    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    pub(super) fn synced(&self) -> u64 {
        self.synced.load(Ordering::Acquire)
    }

    pub(super) fn stalls(&self) -> (u64, u64) {
        (self.stalls.load(Ordering::Relaxed), self.stall_ns.load(Ordering::Relaxed))
    }

    pub(super) fn last_seq(&self) -> u64 {
        self.lock().last_seq
    }

    pub(super) fn failure(&self) -> Option<Error> {
        self.lock().failure.clone().map(Error::failed)
    }

    /// Nobody panics with half a record appended, so a poisoned lock is a good lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record_len_max(&self) -> usize {
        self.options.buffer_len.min(RECORD_LEN_MAX)
    }
}

/// What the owner thread calls.
impl Queue {
    /// Append one record.
    #[inline]
    pub(super) fn append(&self, head: Head, payload: &[u8]) -> Result<(), Error> {
        let len = head.len as usize;
        let mut state = self.lock();
        if state.failure.is_some() || head.seq != state.last_seq.wrapping_add(1) || len > self.record_len_max() {
            return Err(self.refusal(&state, head));
        }
        if state.bytes.len() + len > self.options.buffer_len {
            state = self.wait_for(state, |state| state.bytes.len() + len <= self.options.buffer_len)?;
        }
        let start = state.bytes.len();
        state.bytes.extend_from_slice(&head.unsealed());
        state.bytes.extend_from_slice(payload);
        state.last_seq = head.seq;
        // Bounds the dirty bytes: the writer need not wait for its time when enough has gathered.
        let gathered = start < self.options.dirty_len_max && state.bytes.len() >= self.options.dirty_len_max;
        if state.parked || gathered {
            self.wake(state);
        }
        Ok(())
    }

    pub(super) fn rotate(&self, mut rotation: Rotation) -> Result<(), Error> {
        let mut state = self.lock();
        let head =
            Head { len: RECORD_HEADER_LEN as u32, crc: 0, seq: rotation.seq, ts: rotation.ts, kind: 0, flags: 0 };
        if state.failure.is_some() || head.seq != state.last_seq.wrapping_add(1) {
            return Err(self.refusal(&state, head));
        }
        if state.rotations.len() >= ROTATIONS_MAX {
            state = self.wait_for(state, |state| state.rotations.len() < ROTATIONS_MAX)?;
        }
        rotation.at = state.bytes.len();
        state.last_seq = rotation.seq;
        state.rotations.push(rotation);
        state.write_wanted = true;
        self.wake(state);
        Ok(())
    }

    /// Ask for everything up to `seq` to be made durable now.
    pub(super) fn request_sync(&self, seq: u64) -> Result<(), Error> {
        let mut state = self.lock();
        if let Some(failure) = &state.failure {
            return Err(Error::failed(failure.clone()));
        }
        let seq = seq.min(state.last_seq); // what is not appended yet cannot be waited for by the writer
        if seq > self.synced() && seq > state.sync_wanted {
            state.sync_wanted = seq;
            self.wake(state);
        }
        Ok(())
    }

    /// Ask for what is buffered to be written now, without a sync.
    pub(super) fn request_write(&self) {
        let mut state = self.lock();
        if !state.bytes.is_empty() {
            state.write_wanted = true;
            self.wake(state);
        }
    }

    pub(super) fn wait_synced(&self, seq: u64, timeout: Duration) -> Result<bool, Error> {
        self.request_sync(seq)?;
        let state = self.lock();
        let waits = |state: &mut State| self.synced() < seq && state.failure.is_none();
        let waited = self.progress.wait_timeout_while(state, timeout, waits);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if self.synced() >= seq {
            return Ok(true);
        }
        state.failure.clone().map_or(Ok(false), |failure| Err(Error::failed(failure)))
    }

    /// Let the writer thread write and sync everything and end.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closing = true;
        self.wake(state);
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        state.parked = false;
        drop(state); // the woken thread wants the lock at once
        self.work.notify_one();
    }

    #[cold]
    fn refusal(&self, state: &State, head: Head) -> Error {
        if let Some(failure) = &state.failure {
            return Error::failed(failure.clone());
        }
        if head.len as usize > self.record_len_max() {
            let (len, len_max) = (head.len, self.record_len_max());
            return Error::refused(format!("a record of {len} bytes is longer than the {len_max} that are allowed"));
        }
        let expected = state.last_seq.wrapping_add(1);
        Error::refused(format!("record seq {} was appended where {expected} belongs", head.seq))
    }

    /// Back-pressure: the owner waits until the writer has taken what is there.
    #[cold]
    fn wait_for<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        enough: impl Fn(&State) -> bool,
    ) -> Result<MutexGuard<'a, State>, Error> {
        let since = Instant::now();
        self.stalls.fetch_add(1, Ordering::Relaxed);
        state.write_wanted = true;
        state.parked = false;
        self.work.notify_one();
        let waits = |state: &mut State| !enough(state) && state.failure.is_none();
        let state = self.progress.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        self.stall_ns.fetch_add(since.elapsed().as_nanos() as u64, Ordering::Relaxed);
        match &state.failure {
            Some(failure) => Err(Error::failed(failure.clone())),
            None => Ok(state),
        }
    }
}

/// What the writer thread calls.
impl Queue {
    /// Take all there is, once it is time: at once when somebody waits, else when records have gathered for a while.
    ///
    /// Without records and without `sync_due` it sleeps until it is woken.
    pub(super) fn take(&self, batch: &mut Batch, sync_due: Option<Instant>) {
        batch.bytes.clear();
        batch.rotations.clear();
        let mut state = self.lock();
        let mut write_due = Instant::now() + self.options.write_pace;
        while !self.is_urgent(&state) {
            if state.bytes.is_empty() && sync_due.is_none() {
                state.parked = true;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                write_due = Instant::now() + self.options.write_pace;
                continue;
            }
            let due = sync_due.map_or(write_due, |sync_due| sync_due.min(write_due));
            let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else { break };
            state = self.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(&mut state.bytes, &mut batch.bytes);
        std::mem::swap(&mut state.rotations, &mut batch.rotations);
        state.write_wanted = false;
        batch.last_seq = state.last_seq;
        batch.sync = state.sync_wanted > self.synced();
        batch.closing = state.closing;
        drop(state);
        self.progress.notify_all();
    }

    fn is_urgent(&self, state: &State) -> bool {
        state.closing
            || state.write_wanted
            || state.bytes.len() >= self.options.dirty_len_max
            || state.sync_wanted > self.synced()
    }

    /// Publish progress and tell those who wait for it.
    pub(super) fn publish(&self, written: u64, synced: u64) {
        self.written.store(written, Ordering::Release);
        if self.synced.swap(synced, Ordering::AcqRel) != synced {
            drop(self.lock()); // a waiter between its look and its sleep holds the lock; notify only after that
            self.progress.notify_all();
        }
    }

    /// Stop for good. The first failure stays.
    pub(super) fn fail(&self, failure: Failure) {
        self.lock().failure.get_or_insert(failure);
        self.progress.notify_all();
    }
}
