//! The same kernel over a journal: to verify it, to show it, to recover from it.

use crate::journal::{self, Reader, Recovery, Start, recover_tail};
use crate::kernel::{KERNEL_VERSION, Kernel};
use crate::mark::Mark;
use crate::record::{Input, Kind, Skip};
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::path::Path;

/// What a replay found wrong.
#[derive(Debug)]
pub enum ReplayError {
    /// The files are damaged, missing or no journal.
    Journal(journal::Error),
    /// A record is whole but not what its kind promises, or cannot follow the state.
    Record {
        /// Its run.
        run: u64,
        /// Its sequence.
        seq: u64,
        /// What is wrong.
        reason: String,
    },
    /// The kernel decides otherwise than the journal says.
    Difference {
        /// Run of the first record that differs.
        run: u64,
        /// Its sequence.
        seq: u64,
        /// What was expected and what stands there.
        reason: String,
        /// Version of the kernel that wrote it.
        written_by: String,
    },
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(e) => e.fmt(f),
            Self::Record { run, seq, reason } => write!(f, "record {run}:{seq}: {reason}"),
            Self::Difference { run, seq, reason, written_by } => write!(
                f,
                "first difference at {run}:{seq}: {reason} (written by kernel {written_by}, this is {KERNEL_VERSION})"
            ),
        }
    }
}

impl std::error::Error for ReplayError {}

impl ReplayError {
    /// The same error, placed in a run.
    #[must_use]
    pub fn in_run(mut self, place: u64) -> Self {
        match &mut self {
            Self::Record { run, .. } | Self::Difference { run, .. } => *run = place,
            Self::Journal(_) => {}
        }
        self
    }
}

impl From<journal::Error> for ReplayError {
    fn from(e: journal::Error) -> Self {
        Self::Journal(e)
    }
}

/// A decision as bytes: kind, kernel time, payload.
pub type Decision = (Kind, i64, Vec<u8>);

/// A kernel that follows records and holds its decisions against theirs.
#[derive(Debug)]
pub struct Follow {
    /// The state.
    pub kernel: Kernel,
    /// Inputs applied.
    pub inputs: u64,
    /// Decisions that were equal.
    pub equal: u64,
    /// Inputs that were left out: sequence, and whether each was a tick.
    pub skipped: Vec<(u64, bool)>,
    skip: BTreeSet<u64>,
    panic_from: u64,
    verify: bool,
    begun: bool,
    expected: VecDeque<Decision>,
}

/// One whole record with its place.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// Its run.
    pub run: u64,
    /// Its sequence.
    pub seq: u64,
    /// Its time.
    pub ts: i64,
    /// Its kind's number.
    pub kind: u8,
    /// Its payload.
    pub payload: &'a [u8],
}

impl Follow {
    /// A follower that verifies decisions, or only keeps the state.
    pub fn new(verify: bool, skip: BTreeSet<u64>) -> Self {
        Self {
            kernel: Kernel::default(),
            inputs: 0,
            equal: 0,
            skipped: Vec::new(),
            skip,
            panic_from: NEVER,
            verify,
            begun: false,
            expected: VecDeque::new(),
        }
    }

    /// Takes the next record; true when it was an input that was applied.
    pub fn take(&mut self, record: Placed<'_>, mark: Option<&mut Mark>) -> Result<bool, ReplayError> {
        let fault = |reason: String| ReplayError::Record { run: record.run, seq: record.seq, reason };
        let kind = Kind::from_u8(record.kind).ok_or_else(|| fault(format!("no such kind {}", record.kind)))?;
        if kind == Kind::Snapshot {
            return self.take_snapshot(record).map(|()| false);
        }
        if kind.is_decision() {
            return self.compare(record, kind).map(|()| false);
        }
        if let Some((missing, ts, _)) = self.expected.front() {
            let reason = format!("a {} decision of time {ts} is missing before it", missing.name());
            return Err(difference(record, reason));
        }
        let input = Input::parse(record.kind, record.payload).map_err(|e| fault(e.to_string()))?;
        if self.skip.contains(&record.seq) {
            self.skipped.push((record.seq, kind == Kind::Tick));
            self.kernel.pass_over(&input);
            return Ok(false);
        }
        match mark {
            Some(mark) => {
                mark.applying(record.seq);
                assert!(record.seq < self.panic_from, "a planted panic at sequence {}", record.seq);
                self.kernel.apply(record.ts, &input).map_err(|e| fault(e.to_string()))?;
                mark.applied();
            }
            None => self.kernel.apply(record.ts, &input).map_err(|e| fault(e.to_string()))?,
        }
        self.inputs += 1;
        if self.verify {
            let made = self.kernel.out.decisions.iter().map(|(kind, ts, payload)| (kind, ts, payload.to_vec()));
            self.expected.extend(made);
        }
        Ok(true)
    }

    fn take_snapshot(&mut self, record: Placed<'_>) -> Result<(), ReplayError> {
        let first = !std::mem::replace(&mut self.begun, true);
        if self.verify && !first && self.kernel.snapshot() != record.payload {
            return Err(difference(record, "the Snapshot holds another state".to_owned()));
        }
        if first {
            let fault = |reason| ReplayError::Record { run: record.run, seq: record.seq, reason };
            self.kernel = Kernel::restore(record.payload).map_err(fault)?;
        }
        Ok(())
    }

    fn compare(&mut self, record: Placed<'_>, kind: Kind) -> Result<(), ReplayError> {
        if !self.verify {
            return Ok(());
        }
        match self.expected.pop_front() {
            Some((k, ts, payload)) if k == kind && ts == record.ts && payload == record.payload => {
                self.equal += 1;
                Ok(())
            }
            Some((k, ts, _)) => Err(difference(
                record,
                format!(
                    "the kernel decides {} of time {ts}, the journal says {} of time {}",
                    k.name(),
                    kind.name(),
                    record.ts
                ),
            )),
            None if self.inputs == 0 => Ok(()), // carried over from before the Snapshot that was read first
            None => Err(difference(record, format!("the kernel decides nothing, the journal says {}", kind.name()))),
        }
    }

    /// Decisions made and not yet seen in the journal.
    pub fn outstanding(self) -> (Kernel, Vec<Decision>) {
        (self.kernel, self.expected.into())
    }
}

fn difference(record: Placed<'_>, reason: String) -> ReplayError {
    ReplayError::Difference { run: record.run, seq: record.seq, reason, written_by: String::new() }
}

/// Sequences that a journal says were skipped.
pub fn skipped(dir: &Path) -> Result<BTreeSet<u64>, ReplayError> {
    let mut reader = Reader::open(dir, Start::First)?;
    let mut out = BTreeSet::new();
    if reader.headers().len() < 2 {
        return Ok(out); // a Skip is written by a later run
    }
    while let Some(record) = reader.next_record()? {
        if record.kind == Kind::Skip as u8
            && let Ok(skip) = rmp_serde::from_slice::<Skip>(record.payload)
        {
            out.insert(skip.seq);
        }
    }
    Ok(out)
}

/// What recovery brought back besides the state.
#[derive(Debug)]
pub struct Recovered {
    /// Where the files end.
    pub journal: Recovery,
    /// Decisions of the last input that the crash cut off.
    pub cut_off: Vec<Decision>,
    /// Inputs applied after the Snapshot.
    pub inputs: u64,
    /// Hooks of the last input that had not all run, by instance.
    pub lost_hooks: Vec<(u32, u16)>,
    /// Inputs that were left out: sequence, and whether each was a tick.
    pub skipped: Vec<(u64, bool)>,
}

/// What a recovery does differently from the run before it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measures<'a> {
    /// Records that killed the engine twice and must not be applied.
    pub skip: &'a [u64],
    /// The planted fault of the recovery tests: a panic at the first input from this sequence on, 0 for none.
    pub panic_at: u64,
}

/// A sequence that no record reaches.
pub(crate) const NEVER: u64 = u64::MAX;

impl Measures<'_> {
    /// From which sequence on an input panics; a planted panic whose input is skipped is spent.
    ///
    /// What a sequence holds differs from run to run where the clock is marked by wall time, and a decision never
    /// panics: the input after it does in its place.
    pub(crate) fn panic_from(&self) -> u64 {
        let spent = self.skip.iter().any(|seq| *seq >= self.panic_at);
        if self.panic_at == 0 || spent { NEVER } else { self.panic_at }
    }
}

/// Rebuilds the state from the last Snapshot and its tail; decisions are verified on the way, hooks do not run.
///
/// A segment without inputs is not begun with: what the run before it had decided may not have reached the files.
pub fn recover_state(
    dir: &Path,
    measures: &Measures<'_>,
    mut mark: Option<&mut Mark>,
) -> Result<(Kernel, Recovered), ReplayError> {
    let journal = recover_tail(dir)?;
    let reader = Reader::open(dir, Start::LastSnapshot)?;
    let mut earlier: Vec<u32> = reader.headers().iter().map(|h| h.segment).collect();
    earlier.retain(|segment| *segment < reader.header().segment);
    let (mut follow, mut last_hooks) = follow_to_end(reader, measures, mark.as_deref_mut())?;
    while let Some(segment) = earlier.pop().filter(|_| follow.inputs == 0) {
        let reader = Reader::open(dir, Start::Segment(segment))?;
        (follow, last_hooks) = follow_to_end(reader, measures, mark.as_deref_mut())?;
    }
    let (inputs, skipped) = (follow.inputs, std::mem::take(&mut follow.skipped));
    let (kernel, cut_off) = follow.outstanding();
    Ok((kernel, Recovered { journal, cut_off, inputs, lost_hooks: last_hooks, skipped }))
}

/// Follows a journal to its end; also gives the hooks of its last record and of those that led to it.
fn follow_to_end(
    mut reader: Reader,
    measures: &Measures<'_>,
    mut mark: Option<&mut Mark>,
) -> Result<(Follow, Vec<(u32, u16)>), ReplayError> {
    let mut follow = Follow::new(true, measures.skip.iter().copied().collect());
    follow.panic_from = measures.panic_from();
    let mut last_hooks = Vec::new();
    while let Some(record) = reader.next_record()? {
        let placed = Placed { run: 0, seq: record.seq, ts: record.ts, kind: record.kind, payload: record.payload };
        // What a hook raised does not end the turn of the record that the hook belongs to.
        let raised = [Kind::Intent, Kind::Structure, Kind::StateSet, Kind::UserValue]
            .contains(&Kind::from_u8(record.kind).unwrap_or(Kind::Snapshot));
        let taken = follow.take(placed, mark.as_deref_mut());
        let run = reader.run();
        if taken.map_err(|e| e.in_run(run))? {
            if !raised {
                last_hooks.clear();
            }
            last_hooks.extend(follow.kernel.out.hooks.iter().map(|h| (h.instance, h.hook)));
        }
    }
    Ok((follow, last_hooks))
}
