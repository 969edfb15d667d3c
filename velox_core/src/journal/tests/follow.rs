//! A follower sees what is written, in order, whatever the writer does meanwhile.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::build::{Owned, PATIENCE, append, create, first, meta, options, read_all, seqs};
use crate::journal::{Follower, Lock, Start, Step, Writer, recover, segment_path};

/// Poll until `last` has been seen.
fn follow_to(follower: &mut Follower, last: u64) -> Vec<Owned> {
    let since = Instant::now();
    let mut records: Vec<Owned> = Vec::new();
    while records.last().is_none_or(|record| record.seq < last) {
        match follower.poll().unwrap() {
            Step::Record(record) => records.push(record.into()),
            Step::Waiting => std::thread::yield_now(),
            Step::Reload { segment } => panic!("asked to reload segment {segment}"),
        }
        assert!(since.elapsed() < PATIENCE, "stuck behind {:?}", records.last());
    }
    records
}

fn next_seq_of(follower: &mut Follower) -> Option<u64> {
    match follower.poll().unwrap() {
        Step::Record(record) => Some(record.seq),
        Step::Waiting => None,
        Step::Reload { segment } => panic!("asked to reload segment {segment}"),
    }
}

#[test]
fn a_follower_sees_every_record_while_the_writer_writes() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    let followed = std::thread::scope(|scope| {
        let following = scope.spawn(|| follow_to(&mut Follower::open(dir.path(), Start::First).unwrap(), 40_002));
        for seq in (2..=40_000).step_by(1_000) {
            append(&mut writer, seq, seq + 998);
            writer.rotate(seq + 999, 0, 0, || vec![5; 3_000]).unwrap();
        }
        writer.append(40_002, 0, 7, 0, b"the end").unwrap();
        following.join().unwrap()
    });
    writer.close().unwrap();
    assert_eq!(followed, read_all(dir.path()));
}

#[test]
fn a_partial_record_is_waited_for_at_every_byte() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    append(&mut writer, 2, 12);
    writer.close().unwrap();
    let whole = fs::read(segment_path(dir.path(), 1)).unwrap();

    let copy = tempfile::tempdir().unwrap();
    let path = segment_path(copy.path(), 1);
    let begin = 128 + 26 + first(1).snapshot.len();
    fs::write(&path, &whole[..begin]).unwrap();
    let mut follower = Follower::open(copy.path(), Start::First).unwrap();
    let mut seen = Vec::new();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    for byte in &whole[begin..] {
        seen.extend(next_seq_of(&mut follower));
        file.write_all(&[*byte]).unwrap();
    }
    seen.extend(next_seq_of(&mut follower));
    assert_eq!(seen, (1..=12).collect::<Vec<_>>());
    assert_eq!(next_seq_of(&mut follower), None);
}

#[test]
fn a_half_made_segment_is_not_entered() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    writer.rotate(2, 0, 0, || vec![9; 100]).unwrap();
    writer.close().unwrap();
    let (path, hidden) = (segment_path(dir.path(), 2), dir.path().join("hidden"));
    fs::rename(&path, &hidden).unwrap();
    let whole = fs::read(&hidden).unwrap();

    let mut follower = Follower::open(dir.path(), Start::First).unwrap();
    assert_eq!(next_seq_of(&mut follower), Some(1));
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        assert_eq!(next_seq_of(&mut follower), None, "with {len} bytes");
        fs::remove_file(&path).unwrap(); // as a recovery would, and make it anew
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(next_seq_of(&mut follower), Some(2));
}

/// Resume after a cut that takes away records which the follower has seen.
fn lose_records_and_resume(dir: &Path, run: u64) -> u64 {
    let path = segment_path(dir, 1);
    let len = fs::metadata(&path).unwrap().len();
    OpenOptions::new().write(true).open(&path).unwrap().set_len(len - 60).unwrap();
    let recovery = recover(dir).unwrap();
    assert!(recovery.torn.is_some() && recovery.synced_but_lost() > 0);
    let seq = recovery.last_seq + 1;
    Writer::resume(Lock::acquire(dir).unwrap(), options(), &recovery, meta(run), &first(seq)).unwrap().close().unwrap();
    seq
}

#[test]
fn a_follower_that_has_seen_lost_records_is_told_to_reload() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    append(&mut writer, 2, 30);
    writer.close().unwrap();
    let mut follower = Follower::open(dir.path(), Start::First).unwrap();
    assert_eq!(seqs(&follow_to(&mut follower, 30)).len(), 30);

    let seq = lose_records_and_resume(dir.path(), 2);
    assert_eq!(follower.poll().unwrap(), Step::Reload { segment: 2 });
    assert_eq!(next_seq_of(&mut follower), Some(seq));
    assert_eq!(follower.header().meta.run, 2);
}

#[test]
fn a_damaged_record_is_named_once_more_follows_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = create(dir.path());
    append(&mut writer, 2, 20);
    writer.close().unwrap();
    let path = segment_path(dir.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    let begin = 128 + 26 + first(1).snapshot.len();
    bytes[begin + 26] ^= 1; // the payload of record 2
    let second_len = 26 + 2;
    fs::write(&path, &bytes[..begin + second_len]).unwrap();
    let mut follower = Follower::open(dir.path(), Start::First).unwrap();
    assert_eq!(next_seq_of(&mut follower), Some(1));
    assert_eq!(next_seq_of(&mut follower), None);
    fs::write(&path, &bytes).unwrap();
    let error = follower.poll().unwrap_err();
    assert_eq!(error.damage_at(), Some((path.as_path(), begin as u64)), "{error}");
}

#[test]
fn a_journal_that_is_being_written_is_never_called_damaged() {
    let whole = tempfile::tempdir().unwrap();
    let mut writer = create(whole.path());
    // Of long records much is there while the last bytes are not.
    (2..=60_000u64).for_each(|seq| writer.append(seq, seq as i64, 7, 0, &[seq as u8; 90]).unwrap());
    writer.close().unwrap();
    let bytes = fs::read(segment_path(whole.path(), 1)).unwrap();
    let beginning = read_all(whole.path()).len();

    let growing = tempfile::tempdir().unwrap();
    let path = segment_path(growing.path(), 1);
    fs::write(&path, &bytes[..1_000]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            bytes[1_000..].chunks(9_999).for_each(|chunk| file.write_all(chunk).unwrap());
            done.store(true, Ordering::Release);
        });
        loop {
            let last = done.load(Ordering::Acquire);
            let seen = read_all(growing.path()).len();
            if last {
                assert_eq!(seen, beginning);
                break;
            }
        }
    });
}

#[test]
fn a_segment_that_is_begun_while_it_is_read_is_never_called_damaged() {
    let whole = tempfile::tempdir().unwrap();
    let mut writer = create(whole.path());
    writer.rotate(2, 0, 0, || vec![9; 3_000]).unwrap();
    append(&mut writer, 3, 40);
    writer.close().unwrap();
    let bytes = fs::read(segment_path(whole.path(), 2)).unwrap();
    for round in 0..400 {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(segment_path(whole.path(), 1), segment_path(dir.path(), 1)).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let path = segment_path(dir.path(), 2);
                let mut file = OpenOptions::new().create_new(true).append(true).open(path).unwrap();
                let (header, rest) = bytes.split_at(154); // a segment's and its Snapshot's
                let (snapshot, records) = rest.split_at(3_000);
                for part in [header, snapshot, records] {
                    file.write_all(part).unwrap();
                }
                done.store(true, Ordering::Release);
            });
            loop {
                let last = done.load(Ordering::Acquire);
                let seen = seqs(&read_all(dir.path()));
                assert_eq!(seen, (1..=seen.len() as u64).collect::<Vec<_>>(), "in round {round}");
                if last {
                    assert_eq!(seen.len(), 40);
                    break;
                }
            }
        });
    }
}
