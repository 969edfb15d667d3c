//! Whatever happened to a journal's files: no panic, no endless reading, and nothing is taken for written that was not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use velox_core::engine::{Engine, Identity};
use velox_core::journal::{
    Follower, RECORD_HEADER_LEN, Recovery, Start, Step, TornTail, Watermark, recover, recover_tail, segment_path,
};
use velox_core::replay::{Follow, Measures, Placed, ReplayError, recover_state, skipped};
use velox_core_fuzz::bytes::Bytes;
use velox_core_fuzz::folder::{Written, folder, original, read};
use velox_core_fuzz::spoil::Spoilt;

/// Numbers that files may have.
const NUMBERS: u32 = 4;

fuzz_target!(|bytes: &[u8]| {
    let mut from = Bytes::new(bytes);
    let spoilt = Spoilt::new(original(), &mut from);
    let dir = folder();
    lay_out(&dir, &spoilt, &mut from);
    let whole = recover(&dir).ok();
    if let Some(recovery) = &whole {
        assert_eq!(recover_tail(&dir).ok().as_ref().map(|r| r.last_seq), Some(recovery.last_seq));
        if spoilt.honest {
            assert_kept(&spoilt, recovery, &read(&dir).expect("what recovers can be read"));
        }
    }
    follow_along(&dir, &spoilt);
    replay(&dir, &spoilt, whole.is_some());
    if let Some(before) = whole.filter(|_| from.below(8) == 7) {
        go_on(&dir, &before);
    }
});

fn lay_out(dir: &Path, spoilt: &Spoilt, from: &mut Bytes<'_>) {
    fs::create_dir_all(dir).expect("a folder");
    for number in 1..=NUMBERS {
        let path = segment_path(dir, number);
        match spoilt.files.get(&number) {
            Some(file) => fs::write(path, file).expect("a file"),
            None => drop(fs::remove_file(path)),
        }
    }
    fs::write(dir.join("watermark"), from.take(28)).expect("a file");
    let _any = Watermark::read(dir);
}

/// What recovery keeps is a prefix of what was written, and nothing before its end is changed.
fn assert_kept(spoilt: &Spoilt, recovery: &Recovery, kept: &[Written]) {
    let first = kept.first().expect("a journal begins with its Snapshot");
    let begin = first.seq as usize - 1;
    let written = &original().records[begin..begin + kept.len()];
    assert!(kept == written, "what is kept was written");
    assert_eq!(kept.last().map(|r| r.seq), Some(recovery.last_seq));
    if let Some(torn) = &recovery.torn {
        assert_torn(spoilt, torn, &recovery.dir);
    }
    let last = recovery.header.segment;
    for (number, file) in spoilt.files.range(first.segment..=last) {
        let whole = &original().files[*number as usize - 1];
        let torn = recovery.torn.as_ref().filter(|_| *number == last);
        let end = torn.map_or(file.len(), |torn| if torn.offset == 0 { file.len() } else { torn.offset as usize });
        assert!(file[..end] == whole[..end], "segment {number} is what was written up to {end}");
    }
}

/// A tail is torn only where no whole record stands behind it.
fn assert_torn(spoilt: &Spoilt, torn: &TornTail, dir: &Path) {
    let is_it = |number: &u32| segment_path(dir, *number) == torn.file;
    let number = (1..=NUMBERS).find(is_it).expect("a torn tail is in one of the files");
    let (Some(file), Some(whole)) = (spoilt.files.get(&number), original().files.get(number as usize - 1)) else {
        return;
    };
    let behind = |record: &&Written| record.segment == number && record.offset as u64 > torn.offset;
    for record in original().records.iter().filter(behind) {
        let place = record.offset..record.offset + RECORD_HEADER_LEN + record.payload.len();
        assert!(file.get(place.clone()) != whole.get(place), "record {} stands behind a torn tail", record.seq);
    }
}

fn follow_along(dir: &Path, spoilt: &Spoilt) {
    let Ok(mut follower) = Follower::open(dir, Start::First) else { return };
    let most = spoilt.files.values().map(Vec::len).sum::<usize>() / RECORD_HEADER_LEN + 2 * NUMBERS as usize;
    for _ in 0..most {
        match follower.poll() {
            Ok(Step::Record(record)) if spoilt.honest => {
                let written = &original().records[record.seq as usize - 1];
                assert_eq!((record.kind, record.payload), (written.kind, &written.payload[..]));
            }
            Ok(Step::Record(_) | Step::Reload { .. }) => {}
            Ok(Step::Waiting) | Err(_) => return,
        }
    }
    panic!("the follower reads more records than the files can hold");
}

fn replay(dir: &Path, spoilt: &Spoilt, recovers: bool) {
    let skip = skipped(dir).unwrap_or_default();
    let state = recover_state(dir, &Measures::default(), None);
    if recovers && spoilt.honest {
        assert!(state.is_ok(), "what recovers replays to the same decisions: {}", state.unwrap_err());
    }
    let _verified = verify(dir, skip);
}

fn verify(dir: &Path, skip: BTreeSet<u64>) -> Result<(), ReplayError> {
    let mut follow = Follow::new(true, skip);
    for r in read(dir)? {
        follow.take(Placed { run: 1, seq: r.seq, ts: r.ts, kind: r.kind, payload: &r.payload }, None)?;
    }
    Ok(())
}

/// The next engine cuts the torn tail, and everything that was kept is still there.
fn go_on(dir: &Path, before: &Recovery) {
    let kept = read(dir).expect("what recovers can be read");
    let Ok((mut engine, _)) = Engine::recover(dir, &Identity::default(), &Measures::default()) else { return };
    engine.close().expect("a run ends");
    let after = read(dir).expect("a journal that goes on is whole");
    assert!(after.starts_with(&kept) && after.len() > kept.len());
    let recovery = recover(dir).expect("a journal that goes on is whole");
    assert!(recovery.torn.is_none() && recovery.run() == before.run() + 1);
    for number in NUMBERS + 1..=recovery.header.segment {
        fs::remove_file(segment_path(dir, number)).expect("a file");
    }
}
