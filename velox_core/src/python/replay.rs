//! Journals for Python: replay in steps, records one by one, ticks as columns.

use std::path::{Path, PathBuf};

use numpy::PyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::carried::Carried;
use super::errors::raise_replay;
use super::report::{dict, hex, summary};
use crate::journal::{RECORD_HEADER_LEN, Reader, Start, TornTail, Watermark};
use crate::kernel::KERNEL_VERSION;
use crate::record::{Kind, Tick};
use crate::replay::{Follow, Placed, ReplayError, skipped};

fn open(dir: &Path, start: Start) -> PyResult<Reader> {
    Reader::open(dir, start).map_err(|e| raise_replay(e.into()))
}

/// A torn tail in words.
pub(super) fn describe_torn(torn: &TornTail) -> String {
    format!("{}: {} bytes from offset {} on are unfinished", torn.file.display(), torn.bytes, torn.offset)
}

/// The error with its run and the kernel that wrote the record; what another version cannot read is a difference.
fn placed_error(error: ReplayError, reader: &Reader) -> ReplayError {
    let meta = &reader.header().meta;
    match error.in_run(meta.run) {
        ReplayError::Difference { run, seq, reason, written_by: _ } => {
            ReplayError::Difference { run, seq, reason, written_by: meta.kernel_version.clone() }
        }
        ReplayError::Record { run, seq, reason } if meta.kernel_version != KERNEL_VERSION => {
            ReplayError::Difference { run, seq, reason, written_by: meta.kernel_version.clone() }
        }
        error @ (ReplayError::Record { .. } | ReplayError::Journal(_)) => error,
    }
}

/// The kernel over a journal folder, from its first Snapshot to its end or to a position.
#[pyclass(module = "velox_core", unsendable)]
pub(super) struct Replayer {
    reader: Reader,
    follow: Follow,
    carried: Carried,
    records: u64,
    bytes: u64,
    last: (u64, u64),
    /// Run and sequence up to which the writer knew its records to be durable.
    synced: Option<(u64, u64)>,
}

#[pymethods]
impl Replayer {
    #[new]
    #[pyo3(signature = (journal, *, verify=true, until=None))]
    fn new(journal: PathBuf, verify: bool, until: Option<(u64, u64)>) -> PyResult<Self> {
        // Before the files are: of a journal that is being written they then reach as far as it says.
        let synced = Watermark::read(&journal).map(|mark| (mark.run, mark.synced));
        let mut reader = open(&journal, Start::First)?;
        if let Some((run, seq)) = until {
            reader = reader.until(run, seq);
        }
        let skip = skipped(&journal).map_err(raise_replay)?;
        let (follow, carried) = (Follow::new(verify, skip), Carried::default());
        Ok(Self { reader, follow, carried, records: 0, bytes: 0, last: (0, 0), synced })
    }

    /// Takes up to `records` records; false at the end.
    fn step(&mut self, records: u64) -> PyResult<bool> {
        for _ in 0..records {
            let Some(record) = self.reader.next_record().map_err(|e| raise_replay(e.into()))? else { return Ok(false) };
            let (seq, ts, kind) = (record.seq, record.ts, record.kind);
            self.bytes += (RECORD_HEADER_LEN + record.payload.len()) as u64;
            // The record borrows the reader, which alone knows the run: an error is placed in it afterwards.
            let placed = Placed { run: 0, seq, ts, kind, payload: record.payload };
            let before = Carried::before(kind, &self.follow.kernel);
            let taken = self.follow.take(placed, None);
            taken.map_err(|e| raise_replay(placed_error(e, &self.reader)))?;
            if let Some(before) = before {
                self.carried.keep(&before, &self.follow.kernel);
            }
            self.records += 1;
            self.last = (self.reader.run(), seq);
        }
        Ok(true)
    }

    /// Bytes of the records taken so far, for a progress bar.
    fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// What was replayed and the state that it led to; counts are those of all days.
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let out = summary(py, &self.follow.kernel)?;
        self.carried.complete(&self.follow.kernel, &out)?;
        let torn = self.reader.torn().map(describe_torn);
        out.set_item("records", self.records)?;
        out.set_item("inputs", self.follow.inputs)?;
        out.set_item("decisions_equal", self.follow.equal)?;
        out.set_item("segments", self.reader.headers().len())?;
        out.set_item("first_segment", self.reader.headers().first().map_or(0, |h| h.segment))?;
        out.set_item("synced", self.synced)?;
        out.set_item("runs", self.reader.headers().last().map_or(0, |h| h.meta.run))?;
        out.set_item("kernel_version", &self.reader.header().meta.kernel_version)?;
        out.set_item("as_of", self.last)?;
        out.set_item("torn", torn)?;
        Ok(out)
    }

    /// The state as bytes, to hold against another replay's.
    fn state<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.follow.kernel.snapshot())
    }
}

/// Columns of a tick and its verdict.
const TICK_COLUMNS: [&str; 15] = [
    "run",
    "seq",
    "ts",
    "instrument",
    "exch_ts",
    "price",
    "volume",
    "last_qty",
    "bid",
    "bid_qty",
    "ask",
    "ask_qty",
    "open_interest",
    "recv_ns",
    "verdict",
];
type TickRow = [i64; TICK_COLUMNS.len()];
/// Place of the verdict, which is known only after the tick.
const VERDICT: usize = TICK_COLUMNS.len() - 1;
/// Where a verdict's number stands in its payload, behind the instrument.
const VERDICT_BYTE: usize = 4;

fn tick_row(run: u64, seq: u64, ts: i64, t: &Tick) -> TickRow {
    [
        run as i64,
        seq as i64,
        ts,
        i64::from(t.instrument),
        t.exch_ts,
        t.price,
        t.volume,
        t.last_qty,
        t.bid.price,
        t.bid.quantity,
        t.ask.price,
        t.ask.quantity,
        t.open_interest,
        t.recv_ns,
        0, // applied, unless a verdict follows
    ]
}

/// Records of a journal one by one: (run, seq, ts, kind, flags, payload).
#[pyclass(module = "velox_core", unsendable)]
pub(super) struct JournalReader {
    reader: Reader,
    wanted: [bool; 256],
    /// The newest tick, until its verdict is known.
    held: Option<TickRow>,
}

type Row<'py> = (u64, u64, i64, u8, u8, Bound<'py, PyBytes>);

impl JournalReader {
    /// Notes the next record among the ticks: the row that it completes; None at the journal's end.
    fn next_tick(&mut self) -> PyResult<Option<TickRow>> {
        loop {
            // The record borrows the reader, which alone knows the run.
            let seen = match self.reader.next_record().map_err(|e| raise_replay(e.into()))? {
                None => return Ok(self.held.take()),
                Some(r) if r.kind == Kind::Tick as u8 => {
                    let tick = Tick::parse(r.payload);
                    let tick = tick.ok_or_else(|| PyValueError::new_err("a tick of a wrong length"))?;
                    tick_row(0, r.seq, r.ts, &tick)
                }
                Some(r) => {
                    let verdict = r.payload.get(VERDICT_BYTE).filter(|_| r.kind == Kind::TickVerdict as u8);
                    if let (Some(held), Some(verdict)) = (&mut self.held, verdict) {
                        held[VERDICT] = i64::from(*verdict);
                    }
                    continue;
                }
            };
            let mut row = seen;
            row[0] = self.reader.run() as i64;
            if let Some(before) = self.held.replace(row) {
                return Ok(Some(before));
            }
        }
    }
}

#[pymethods]
impl JournalReader {
    #[new]
    #[pyo3(signature = (journal, *, last_snapshot=false, kinds=None, until=None))]
    fn new(journal: PathBuf, last_snapshot: bool, kinds: Option<Vec<u8>>, until: Option<(u64, u64)>) -> PyResult<Self> {
        let start = if last_snapshot { Start::LastSnapshot } else { Start::First };
        let mut reader = open(&journal, start)?;
        if let Some((run, seq)) = until {
            reader = reader.until(run, seq);
        }
        let mut wanted = [kinds.is_none(); 256];
        for kind in kinds.unwrap_or_default() {
            wanted[usize::from(kind)] = true;
        }
        Ok(Self { reader, wanted, held: None })
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Row<'py>>> {
        let row = loop {
            match self.reader.next_record().map_err(|e| raise_replay(e.into()))? {
                None => return Ok(None),
                Some(r) if !self.wanted[usize::from(r.kind)] => {}
                Some(r) => break (r.seq, r.ts, r.kind, r.flags, PyBytes::new(py, r.payload)),
            }
        };
        Ok(Some((self.reader.run(), row.0, row.1, row.2, row.3, row.4)))
    }

    /// The next ticks as columns, each with its verdict, at most `count`; an empty dict at the end.
    fn ticks<'py>(&mut self, py: Python<'py>, count: usize) -> PyResult<Bound<'py, PyDict>> {
        let mut columns: [Vec<i64>; TICK_COLUMNS.len()] = std::array::from_fn(|_| Vec::new());
        while columns[0].len() < count {
            let Some(row) = self.next_tick()? else { break };
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(value);
            }
        }
        let out = PyDict::new(py);
        if !columns[0].is_empty() {
            for (name, column) in TICK_COLUMNS.iter().zip(columns) {
                out.set_item(name, PyArray1::from_vec(py, column))?;
            }
        }
        Ok(out)
    }

    /// What a crash left unfinished at the end, once the end was reached.
    fn torn(&self) -> Option<String> {
        self.reader.torn().map(describe_torn)
    }
}

/// Kinds of records by number: (name, whether it is a decision).
#[pyfunction]
pub(super) fn record_kinds() -> Vec<(u8, &'static str, bool)> {
    Kind::ALL.iter().map(|k| (*k as u8, k.name(), k.is_decision())).collect()
}

/// What the engine of a journal folder was doing when it was last seen; None where no engine ever ran.
#[pyfunction]
pub(super) fn last_doing(py: Python<'_>, journal: PathBuf) -> PyResult<Option<Bound<'_, PyDict>>> {
    let Some(doing) = crate::mark::read(&journal) else { return Ok(None) };
    let phase = ["idle", "applying", "hook", "ended"].get(doing.phase as usize).copied().unwrap_or("unknown");
    Ok(Some(dict!(py, "seq": doing.seq, "phase": phase, "instance": doing.instance, "pid": doing.pid)))
}

/// SHA-256 of a journal's decisions in order, as the records alone say it.
#[pyfunction]
pub(super) fn decisions_hash(journal: PathBuf) -> PyResult<String> {
    let mut reader = open(&journal, Start::First)?;
    let mut hash = crate::kernel::DecisionsHash::default();
    while let Some(record) = reader.next_record().map_err(|e| raise_replay(e.into()))? {
        if let Some(kind) = Kind::from_u8(record.kind).filter(|k| k.is_decision() && *k != Kind::OutputHash) {
            hash.add(kind, record.ts, record.payload);
        }
    }
    Ok(hex(&hash.value()))
}
