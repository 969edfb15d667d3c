//! Deaths, cuts, forgeries and Snapshots: what a journal leads to is always what the kernel decided.

use super::{Engine, EngineError, Identity, Pace};
use crate::journal::{self, FirstRecord, Lock, Options, Reader, Start, Writer};
use crate::kernel::tests::recorded;
use crate::record::{Command, CommandKind, InstrumentDef, Kind, Tick, Timer};
use crate::replay::{Follow, Measures, Placed, ReplayError, skipped};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

type Inputs = [(i64, Kind, Vec<u8>)];

fn put(engine: &mut Engine, input: &(i64, Kind, Vec<u8>)) -> Result<u64, EngineError> {
    let (ts, kind, payload) = input;
    match kind {
        Kind::Tick => engine.put_tick(*ts, &Tick::parse(payload).unwrap(), None).map(|(seq, _)| seq),
        Kind::Timer => engine.put_timer(Timer::parse(payload).unwrap()),
        _ => engine.put(*ts, *kind, payload),
    }
}

fn identity(snapshot_records: u64) -> Identity {
    Identity { pace: Pace { snapshot_ns: i64::MAX, snapshot_records, ..Pace::default() }, ..Identity::default() }
}

/// A journal of these inputs, closed.
fn written(inputs: &Inputs, snapshot_records: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::create(dir.path(), &identity(snapshot_records)).unwrap();
    for input in inputs {
        put(&mut engine, input).unwrap();
    }
    engine.close().unwrap();
    dir
}

/// State and hash after the first inputs, without a journal.
fn in_memory(inputs: &Inputs) -> (Vec<u8>, [u8; 32]) {
    let mut engine = Engine::in_memory();
    for input in inputs {
        put(&mut engine, input).unwrap();
    }
    (engine.kernel.snapshot(), engine.kernel.hash.value())
}

fn recover(dir: &Path) -> Result<(Engine, u64), EngineError> {
    let (engine, recovered) = Engine::recover(dir, &identity(u64::MAX), &Measures::default())?;
    Ok((engine, recovered.inputs))
}

/// Replays the whole folder and holds every decision against it; gives the inputs and the state.
fn verify(dir: &Path) -> Result<(u64, Vec<u8>), ReplayError> {
    let mut follow = Follow::new(true, skipped(dir)?);
    let mut reader = Reader::open(dir, Start::First)?;
    while let Some(record) = reader.next_record()? {
        let placed = Placed { run: 0, seq: record.seq, ts: record.ts, kind: record.kind, payload: record.payload };
        follow.take(placed, None)?;
    }
    let inputs = follow.inputs;
    let (kernel, missing) = follow.outstanding();
    assert!(missing.is_empty(), "recovery carried every decision over");
    Ok((inputs, kernel.snapshot()))
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = all.filter(|path| path.extension().is_some_and(|e| e == "vj")).collect();
    all.sort();
    all
}

/// A copy of a journal whose last file ends after `len` bytes.
fn cut(dir: &Path, len: usize) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    let files = segments(dir);
    for (at, file) in files.iter().enumerate() {
        let bytes = fs::read(file).unwrap();
        let kept = if at + 1 == files.len() { &bytes[..len] } else { &bytes[..] };
        fs::write(copy.path().join(file.file_name().unwrap()), kept).unwrap();
    }
    copy
}

/// Where records end in the last file: their kinds beside the offsets.
fn ends(dir: &Path) -> Vec<(usize, u8)> {
    let mut reader = Reader::open(dir, Start::LastSnapshot).unwrap();
    let mut sizes = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        sizes.push((journal::RECORD_HEADER_LEN + record.payload.len(), record.kind));
    }
    let len = fs::read(segments(dir).last().unwrap()).unwrap().len();
    let mut at = len - sizes.iter().map(|(size, _)| size).sum::<usize>();
    let place = |(size, kind): (usize, u8)| {
        at += size;
        (at, kind)
    };
    sizes.into_iter().map(place).collect()
}

/// Recovers a cut copy, holds it against the undisturbed run and lets it go on to the same end.
fn goes_on(copy: &Path, inputs: &Inputs) {
    let (mut engine, _) = recover(copy).unwrap();
    let (applied, state) = verify_open(&mut engine, copy);
    assert_eq!(state, in_memory(&inputs[..applied]).0, "the state is that of the inputs that survived");
    for input in &inputs[applied..] {
        put(&mut engine, input).unwrap();
    }
    assert_eq!(engine.kernel.hash.value(), in_memory(inputs).1, "no decision was lost, none made twice");
    engine.close().unwrap();
    verify(copy).unwrap();
}

fn verify_open(engine: &mut Engine, dir: &Path) -> (usize, Vec<u8>) {
    engine.request_sync().unwrap();
    let seq = engine.position().1;
    assert!(engine.journal().unwrap().wait_synced(seq, std::time::Duration::from_secs(60)).unwrap());
    let (inputs, state) = verify(dir).unwrap();
    assert_eq!(state, engine.kernel.snapshot());
    (inputs as usize, state)
}

#[test]
fn a_journalled_run_decides_as_one_in_memory_and_rotation_changes_nothing() {
    let inputs = recorded();
    let whole = in_memory(&inputs);
    for snapshot_records in [u64::MAX, 40, 7] {
        let dir = written(&inputs, snapshot_records);
        assert_eq!(segments(dir.path()).len() > 1, snapshot_records < u64::MAX);
        assert_eq!(verify(dir.path()).unwrap(), (inputs.len() as u64, whole.0.clone()));
        let (engine, _) = recover(dir.path()).unwrap();
        assert_eq!((engine.kernel.snapshot(), engine.kernel.hash.value()), whole);
    }
}

#[test]
fn a_death_at_every_record_boundary_is_recovered() {
    let inputs = recorded();
    for snapshot_records in [u64::MAX, 90] {
        let dir = written(&inputs, snapshot_records);
        for (at, _) in ends(dir.path()) {
            goes_on(cut(dir.path(), at).path(), &inputs);
        }
    }
}

#[test]
fn a_death_at_every_byte_of_an_input_and_its_decisions_is_recovered() {
    let inputs = recorded();
    let dir = written(&inputs, u64::MAX);
    let ends = ends(dir.path());
    // The longest run of decisions after an input, with that input.
    let inputs_at: Vec<usize> = (0..ends.len()).filter(|at| ends[*at].1 < 128).collect();
    let longest = inputs_at.windows(2).max_by_key(|pair| pair[1] - pair[0]).unwrap();
    for len in ends[longest[0] - 1].0..=ends[longest[1] - 1].0 {
        if len % 3 == 0 {
            goes_on(cut(dir.path(), len).path(), &inputs);
        }
    }
    // And the very end.
    let last = ends.len() - 1;
    for len in ends[last - 2].0..=ends[last].0 {
        goes_on(cut(dir.path(), len).path(), &inputs);
    }
}

#[test]
fn recovery_that_dies_is_recovered_five_deep() {
    let inputs = recorded();
    let dir = written(&inputs, u64::MAX);
    let all = ends(dir.path());
    let inputs_at: Vec<usize> = (0..all.len()).filter(|at| all[*at].1 < 128).collect();
    let longest = inputs_at.windows(2).max_by_key(|pair| pair[1] - pair[0]).unwrap();
    for kept in 0..3 {
        let mut folder = cut(dir.path(), all[longest[0] + kept].0);
        for depth in 0..5 {
            let (mut engine, _) = recover(folder.path()).unwrap();
            engine.close().unwrap();
            // It dies while it carries decisions over: behind the Snapshot, or behind the first few of them.
            let places = ends(folder.path());
            folder = cut(folder.path(), places[(depth % 3).min(places.len() - 1)].0);
        }
        goes_on(folder.path(), &inputs);
    }
}

/// The engine dies at the input of this number, again while it recovers, and is then told to skip it.
fn poisoned_at(number: usize) {
    let inputs = recorded();
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::create(dir.path(), &identity(u64::MAX)).unwrap();
    for input in &inputs[..number] {
        put(&mut engine, input).unwrap();
    }
    let poison = engine.position().1 + 1;
    engine.plant_panic(poison);
    assert!(catch_unwind(AssertUnwindSafe(|| put(&mut engine, &inputs[number]))).is_err());
    assert!(matches!(put(&mut engine, &inputs[number]), Err(EngineError::Poisoned)));
    assert_eq!(engine.position().1, poison, "a poisoned core journals nothing more");
    drop(engine);
    let again = Measures { skip: &[], panic_at: poison };
    assert!(catch_unwind(|| Engine::recover(dir.path(), &identity(u64::MAX), &again)).is_err());
    assert_eq!(super::mark::read(dir.path()).map(|doing| (doing.seq, doing.phase)), Some((poison, 1)));
    let skip = Measures { skip: &[poison], panic_at: 0 };
    let (mut engine, recovered) = Engine::recover(dir.path(), &identity(u64::MAX), &skip).unwrap();
    assert_eq!(recovered.skipped, [(poison, inputs[number].1 == Kind::Tick)]);
    assert!(engine.kernel.accounts.iter().all(|account| account.skipped));
    let command = Command {
        kind: CommandKind::Flatten,
        actor: "me".into(),
        key: "out".into(),
        trace: String::new(),
        address: String::new(),
        account: -1,
        reason: String::new(),
        strategy: -1,
        instrument: -1,
    };
    engine.put(engine.kernel.now, Kind::Command, &rmp_serde::to_vec(&command).unwrap()).unwrap();
    for input in inputs[number + 1..].iter().filter(|(_, kind, _)| *kind == Kind::Tick) {
        while let Some(timer) = engine.due_timer(input.0) {
            engine.put_timer(timer).unwrap();
        }
        put(&mut engine, input).unwrap();
    }
    assert_eq!(engine.kernel.command_state("out"), Some("flat"));
    engine.close().unwrap();
    verify(dir.path()).unwrap();
    let (engine, _) = recover(dir.path()).unwrap();
    assert!(engine.kernel.instances.iter().all(|i| i.book.quantity() == 0));
}

#[test]
fn a_record_that_kills_twice_is_skipped_and_flatten_succeeds() {
    let inputs = recorded();
    let nth = |kind: Kind, n: usize| (0..inputs.len()).filter(|at| inputs[*at].1 == kind).nth(n).unwrap();
    poisoned_at(nth(Kind::Tick, 20));
    poisoned_at(nth(Kind::Timer, 3));
    poisoned_at(nth(Kind::Intent, 2));
}

#[test]
fn a_panic_planted_at_a_decision_meets_the_input_after_it_and_is_spent_with_it() {
    let inputs = recorded();
    let whole = written(&inputs, u64::MAX);
    let mut reader = Reader::open(whole.path(), Start::First).unwrap();
    let (mut decision, mut poison) = (0, 0);
    while let Some(record) = reader.next_record().unwrap() {
        match Kind::from_u8(record.kind).unwrap() {
            Kind::Snapshot => {}
            kind if kind.is_decision() && decision == 0 => decision = record.seq,
            kind if !kind.is_decision() && decision > 0 => {
                poison = record.seq;
                break;
            }
            _ => {}
        }
    }
    assert!(0 < decision && decision < poison);
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::create(dir.path(), &identity(u64::MAX)).unwrap();
    engine.plant_panic(decision);
    let dies = |input| catch_unwind(AssertUnwindSafe(|| put(&mut engine, input))).is_err();
    let at = inputs.iter().position(dies).unwrap();
    assert_eq!(engine.position().1, poison);
    drop(engine);
    let skip = Measures { skip: &[poison], panic_at: decision };
    let (mut engine, recovered) = Engine::recover(dir.path(), &identity(u64::MAX), &skip).unwrap();
    assert_eq!(recovered.skipped, [(poison, inputs[at].1 == Kind::Tick)]);
    put(&mut engine, inputs[at..].iter().find(|(_, kind, _)| *kind == Kind::Tick).unwrap()).unwrap();
}

#[test]
fn a_damaged_file_is_an_error_that_names_file_and_offset() {
    let dir = written(&recorded(), 60);
    let file = segments(dir.path()).last().unwrap().clone();
    let mut bytes = fs::read(&file).unwrap();
    let (begin, end) = (ends(dir.path())[2].0, ends(dir.path())[3].0);
    bytes[usize::midpoint(begin, end)] ^= 0x40;
    fs::write(&file, bytes).unwrap();
    let Err(EngineError::Replay(ReplayError::Journal(error))) = recover(dir.path()) else {
        panic!("damage was accepted");
    };
    assert_eq!(error.damage_at(), Some((file.as_path(), begin as u64)));
}

#[test]
fn a_decision_that_the_kernel_does_not_make_stops_recovery() {
    let dir = written(&recorded(), u64::MAX);
    let forged = tempfile::tempdir().unwrap();
    let mut reader = Reader::open(dir.path(), Start::First).unwrap();
    let meta = reader.header().meta.clone();
    let first = reader.next_record().unwrap().unwrap();
    let first = FirstRecord { seq: first.seq, ts: first.ts, snapshot: first.payload.to_vec() };
    let lock = Lock::acquire(forged.path()).unwrap();
    let mut writer = Writer::create(lock, Options::default(), meta, &first).unwrap();
    let mut victim = None;
    while let Some(record) = reader.next_record().unwrap() {
        let mut payload = record.payload.to_vec();
        if record.kind == Kind::CandleClosed as u8 && victim.is_none() {
            payload[20] ^= 1;
            victim = Some(record.seq);
        }
        writer.append(record.seq, record.ts, record.kind, record.flags, &payload).unwrap();
    }
    writer.close().unwrap();
    let Err(EngineError::Replay(ReplayError::Difference { seq, .. })) = recover(forged.path()) else {
        panic!("a forged decision was accepted");
    };
    assert_eq!(Some(seq), victim);
}

#[test]
fn a_refused_input_never_reaches_the_journal() {
    let inputs = recorded();
    let dir = tempfile::tempdir().unwrap();
    let mut engine = Engine::create(dir.path(), &identity(u64::MAX)).unwrap();
    for input in &inputs[..10] {
        put(&mut engine, input).unwrap();
    }
    let before = engine.position();
    let (_, _, definition) = inputs.iter().find(|(_, kind, _)| *kind == Kind::InstrumentDef).unwrap();
    let definition: InstrumentDef = rmp_serde::from_slice(definition).unwrap();
    let wrong = InstrumentDef { id: 77, ..definition };
    let wrong = rmp_serde::to_vec(&wrong).unwrap();
    assert!(matches!(engine.put(0, Kind::InstrumentDef, &wrong), Err(EngineError::Apply(_))));
    assert!(matches!(engine.put(0, Kind::InstrumentDef, &wrong[1..]), Err(EngineError::Payload(_))));
    assert!(matches!(engine.put_tick(i64::MAX, &Tick::default(), None), Err(EngineError::Apply(_))));
    assert_eq!(engine.position(), before);
    engine.close().unwrap();
    recover(dir.path()).unwrap();
}

#[test]
fn hooks_are_lost_with_a_death_and_not_with_an_end_in_order() {
    let inputs = recorded();
    let mut memory = Engine::in_memory();
    let runs_hooks = inputs.iter().position(|input| {
        put(&mut memory, input).unwrap();
        !memory.kernel.out.hooks.is_empty()
    });
    let inputs = &inputs[..=runs_hooks.unwrap()];
    for in_order in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut engine = Engine::create(dir.path(), &identity(u64::MAX)).unwrap();
        for input in inputs {
            put(&mut engine, input).unwrap();
        }
        if in_order {
            engine.kernel.out.hooks.clear(); // they have all run
        }
        engine.close().unwrap();
        drop(engine);
        let (_, recovered) = Engine::recover(dir.path(), &identity(u64::MAX), &Measures::default()).unwrap();
        assert_eq!(recovered.lost_hooks.is_empty(), in_order);
    }
}

/// What a reader in this process is told of a day: kind, time, ticks by then, payload.
fn told(engine: &mut Engine) -> Vec<(u8, i64, u64, Vec<u8>)> {
    engine.kept.take().into_iter().map(|one| (one.kind as u8, one.ts, one.ticks, one.payload)).collect()
}

#[test]
fn stretches_of_ticks_are_single_records_and_tell_each_decision_once() {
    let inputs = recorded();
    let kinds = || vec![Kind::Fill, Kind::TickVerdict, Kind::PositionChanged];
    let (mut single, mut stretched) = (Engine::in_memory(), Engine::in_memory());
    single.kept.want(kinds());
    stretched.kept.want(kinds());
    for input in &inputs {
        put(&mut single, input).unwrap();
    }
    for run in inputs.chunk_by(|one, next| one.1 == Kind::Tick && next.1 == Kind::Tick) {
        let mut at = 0;
        while at < run.len() {
            let ticks = |row: usize| Tick::parse(&run[row].2).unwrap();
            let (next, _) =
                if run[0].1 == Kind::Tick { stretched.play(at..run.len(), ticks).unwrap() } else { (at, 0) };
            if next == at {
                put(&mut stretched, &run[at]).unwrap();
            }
            at = next.max(at + 1);
        }
    }
    assert_eq!(stretched.kernel.hash.value(), single.kernel.hash.value());
    assert_eq!(stretched.kernel.snapshot(), single.kernel.snapshot());
    assert_eq!(stretched.seq, single.seq);
    assert_eq!(told(&mut stretched), told(&mut single));
}
