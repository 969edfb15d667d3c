//! The hot path: a `SnapQuote` packet to decode, journal, guard and three candles with four indicators each.

use super::Blocks;
use super::day::{Market, OPEN_NS, Packet, define, tokens};
use crate::decode::smartapi::SNAP_QUOTE_LEN;
use crate::engine::{Engine, EngineError, Identity};
use crate::record::Verdict;
use std::path::Path;

/// Packets that lie ready at once, as after one read of a socket: they fit into the cache beside the state.
const BLOCK: usize = 256;

/// What a run was asked to do.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Instruments, in random order.
    pub instruments: u32,
    /// Exchange time between two ticks, ms.
    pub gap_ms: i64,
    /// Ticks before the measured ones.
    pub warm_up: u64,
    /// Measured ticks.
    pub ticks: u64,
}

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    /// Times of the measured ticks.
    pub blocks: Blocks,
    /// The decisions' hash at the end: candles and indicator values.
    pub hash: [u8; 32],
    /// Ticks applied, warm-up included.
    pub applied: u64,
    /// Candles closed.
    pub candles: u64,
    /// One more segment at the end: the owner thread copies the state for its Snapshot.
    pub rotation: Blocks,
    /// The engine's own sampled histograms.
    pub stages: Vec<(&'static str, [u64; 6])>,
}

/// Runs the hot path with a journal in an empty folder, or without one.
pub fn run(dir: Option<&Path>, plan: Plan) -> Result<Run, EngineError> {
    let mut engine = match dir {
        Some(dir) => Engine::create(dir, &Identity::default())?,
        None => Engine::in_memory(),
    };
    define(&mut engine, plan.instruments, true)?;
    let mut market = Market::new(&tokens(plan.instruments), OPEN_NS, plan.gap_ms);
    let mut packets = vec![[0; SNAP_QUOTE_LEN]; BLOCK];
    let mut warm = Blocks::new(BLOCK as u64);
    let mut blocks = Blocks::new(BLOCK as u64);
    while blocks.count() < plan.ticks {
        market.fill(&mut packets);
        let into = if warm.count() < plan.warm_up { &mut warm } else { &mut blocks };
        into.time(|| take_all(&mut engine, &packets))?;
        wait_for_disk(&engine);
    }
    let mut rotation = Blocks::new(1);
    rotation.time(|| engine.rotate(0))?;
    let run = Run {
        blocks,
        rotation,
        hash: engine.kernel.hash.value(),
        applied: engine.kernel.verdicts[Verdict::Applied as usize],
        candles: engine.kernel.candles_closed,
        stages: engine.stages.summary(),
    };
    engine.close()?;
    Ok(run)
}

fn take_all(engine: &mut Engine, packets: &[Packet]) -> Result<(), EngineError> {
    for packet in packets {
        take(engine, packet)?;
    }
    Ok(())
}

/// One packet as the Python face takes it, without hooks.
#[inline]
pub fn take(engine: &mut Engine, packet: &[u8]) -> Result<(), EngineError> {
    let Ok(Some(tick)) = engine.decode(packet, OPEN_NS) else { return Ok(()) };
    let (ts, judged) = engine.kernel.judge_next(&tick, OPEN_NS);
    let quiet = ts < engine.kernel.next_due();
    while let Some(timer) = engine.due_timer(ts) {
        engine.put_timer(timer)?;
    }
    engine.put_tick(ts, &tick, quiet.then_some(judged))?;
    Ok(())
}

/// The owner's time counts. At 50,000 ticks/s the writer thread is at rest most of the time, and the buffer is short: so
/// the next block begins when the one before is written.
fn wait_for_disk(engine: &Engine) {
    let Some(journal) = engine.journal() else { return };
    journal.request_write();
    // Not asleep: a core that slept comes back with cold caches, and that would be counted.
    while engine.position().1 > journal.written_seq() && journal.failure().is_none() {
        std::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::smartapi::{Body, decode};

    const PLAN: Plan = Plan { instruments: 20, gap_ms: 50, warm_up: 256, ticks: 8_192 };

    #[test]
    fn the_same_plan_gives_the_same_hash_with_and_without_a_journal() {
        let dir = tempfile::tempdir().unwrap();
        let (kept, memory) = (run(Some(dir.path()), PLAN).unwrap(), run(None, PLAN).unwrap());
        assert_eq!(kept.hash, memory.hash);
        assert_eq!((kept.applied, kept.blocks.count()), (8_192 + 256, 8_192));
        // 422 s of market time: seven minutes and one candle of five minutes in each instrument.
        assert_eq!((kept.candles, memory.candles), (20 * 8, 20 * 8));
    }

    #[test]
    fn packets_are_whole_and_no_price_repeats() {
        let mut market = Market::new(&tokens(1), OPEN_NS, 1);
        let mut packets = vec![[0; SNAP_QUOTE_LEN]; 1_000];
        market.fill(&mut packets);
        let mut before = 0;
        for packet in &packets {
            let packet = decode(packet).unwrap();
            let Body::SnapQuote(snap) = &packet.body else { panic!("a SnapQuote") };
            let (last, top) = (snap.quote().last_price(), snap.top());
            assert!(last != before && top.bid < last && last < top.ask, "{last} after {before}, {top:?}");
            before = last;
        }
    }
}
