//! What can happen on a random day, and the worlds in which it does.

use super::day::{S, at, paise, strategy};
use super::wished::{Raw, Wished, odd_number, raw, wished};
use crate::record::*;
use proptest::prelude::*;

/// One thing that happens; numbers are turned into times, prices and units when it does.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Tick {
        share: u32,
        step_ms: i64,
        move_ticks: i64,
        volume: i64,
        book: bool,
    },
    Odd {
        share: u32,
        field: u8,
        value: i64,
    },
    Wish(Wished),
    Raw(Raw),
    /// Many wish at one time, and the clock goes on: into a halt or over its end.
    Crowd {
        wishes: Vec<Wished>,
        ahead_ms: i64,
    },
    /// The exchange changes the day's halts.
    Halts {
        halts: u8,
    },
    /// The instances long and short, or the other way round, of so many rupees.
    Structure {
        turned: bool,
        rupees: i64,
        guarded: bool,
        unwind: bool,
        together: bool,
    },
    Mark {
        ahead_ms: i64,
    },
    Command {
        kind: u8,
        key: u8,
        scope: (i64, i64),
    },
    Feed {
        kind: u8,
    },
    Foreign {
        account: u32,
        share: u32,
        buys: bool,
        units: i64,
        id: u8,
    },
    /// Anything that a broker might say of an order.
    Reply {
        kind: u8,
        instance: u32,
        order: (u32, u32),
        ask: u32,
        buys: bool,
        filled: (i64, i64),
    },
    Stop {
        instance: u32,
        fault: bool,
    },
    Start {
        instance: u32,
    },
    Night {
        share: u32,
        new: i64,
        old: i64,
        dividend: i64,
    },
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        60 => (0..2u32, 0..1_500i64, -8..=8i64, 0..50i64, any::<bool>())
            .prop_map(|(share, step_ms, move_ticks, volume, book)| Act::Tick { share, step_ms, move_ticks, volume, book }),
        4 => (0..3u32, 0..12u8, odd_number()).prop_map(|(share, field, value)| Act::Odd { share, field, value }),
        24 => wished().prop_map(Act::Wish),
        3 => raw().prop_map(Act::Raw),
        4 => (prop::collection::vec(wished(), 2..7), 0..12_000i64)
            .prop_map(|(wishes, ahead_ms)| Act::Crowd { wishes, ahead_ms }),
        1 => (0..HALTS.len() as u8).prop_map(|halts| Act::Halts { halts }),
        6 => (any::<[bool; 4]>(), 50..6_000i64)
            .prop_map(|([turned, guarded, unwind, together], rupees)| Act::Structure { turned, rupees, guarded, unwind, together }),
        4 => (0..30_000i64).prop_map(|ahead_ms| Act::Mark { ahead_ms }),
        2 => (prop_oneof![1 => Just(0u8), 4 => Just(1u8), 1 => Just(2u8)], any::<u8>(), prop_oneof![Just((-1, -1)), (0..2i64).prop_map(|s| (s, -1)), (0..2i64).prop_map(|i| (-1, i))]).prop_map(|(kind, key, scope)| Act::Command { kind, key, scope }),
        1 => (0..5u8).prop_map(|kind| Act::Feed { kind }),
        3 => (0..2u32, 0..2u32, any::<bool>(), 1..40i64, any::<u8>())
            .prop_map(|(account, share, buys, units, id)| Act::Foreign { account, share, buys, units, id }),
        2 => (1..8u8, 0..2u32, (0..12u32, 0..5u32), 0..4u32, any::<bool>(), (0..50i64, 1..50_000i64)).prop_map(
            |(kind, instance, order, ask, buys, filled)| Act::Reply { kind, instance, order, ask, buys, filled }),
        1 => (0..2u32, any::<bool>()).prop_map(|(instance, fault)| Act::Stop { instance, fault }),
        3 => (0..2u32).prop_map(|instance| Act::Start { instance }),
        2 => (0..2u32, 1..6i64, 1..6i64, prop_oneof![Just(0), 1..40i64])
            .prop_map(|(share, new, old, dividend)| Act::Night { share, new, old, dividend }),
    ]
}

/// Begins and ends of halts, s after the open: none, one that few days of some acts reach, short ones, a long one soon.
const HALTS: [&[(i64, i64)]; 4] = [&[], &[(30, 60)], &[(4, 7), (9, 12), (15, 16), (20, 40)], &[(5, 35)]];
/// Days of candles pass by the minute.
const HALTS_SLOWER: i64 = 20;

/// What the account and the clock are like.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // independent switches
pub(super) struct World {
    /// Prices come as candles of a minute.
    pub(super) candles: bool,
    pub(super) partial: bool,
    pub(super) latency: bool,
    pub(super) wall: bool,
    pub(super) freeze: i64,
    pub(super) circuits: bool,
    pub(super) rules: bool,
    pub(super) accounts: bool,
    /// Three strategies of one account trade the first share.
    pub(super) crowd: bool,
    /// Their orders are netted.
    pub(super) nets: bool,
    /// When trading stands still, one of `HALTS`.
    pub(super) halts: u8,
    /// Orders go to a broker.
    pub(super) broker: bool,
}

impl World {
    /// The same with a broker; what is data of the past stays on paper.
    pub(super) fn at_broker(self) -> Self {
        Self { candles: false, crowd: false, nets: false, broker: true, ..self }
    }
}

/// Rules that random days break often: a few rupees, a few trades, one position of the two.
pub(super) fn own_rules() -> StrategyRules {
    StrategyRules {
        group: "both".into(),
        max_trades: 4,
        cooldown: 2 * S,
        max_positions: 1,
        shared: MoneyRules { max_loss: paise(40.0), lock_at: paise(30.0), lock_keep: paise(25.0) },
        own: MoneyRules { max_loss: paise(20.0), lock_at: paise(12.0), lock_keep: paise(8.0) },
    }
}

pub(super) fn world() -> impl Strategy<Value = World> {
    let freezes = prop_oneof![Just(0), Just(30i64), Just(8i64)];
    (prop::bool::weighted(0.3), any::<[bool; 8]>(), 0..HALTS.len() as u8, freezes).prop_map(
        |(candles, [partial, latency, wall, circuits, rules, accounts, crowd, nets], halts, freeze)| World {
            candles,
            partial,
            latency,
            wall: wall && !candles,
            freeze,
            circuits,
            rules,
            accounts: accounts && !crowd,
            crowd,
            nets: crowd && nets,
            halts,
            broker: false,
        },
    )
}

pub(super) fn started(instance: u32, world: World, night_ns: i64) -> StrategyStarted {
    let account = if world.accounts { instance } else { 0 };
    let rules = if world.rules { own_rules() } else { StrategyRules::default() };
    let schedules = vec![Schedule { hook: 20, first: at("09:16") + night_ns, every: 60 * S, run_late: false }];
    let first = 2 * (instance % 2);
    let series = vec![(first, 16), (first + 1, 17)];
    let flat_at = at("09:40") + night_ns;
    let (entry_from, entry_until) = (at("09:15") + night_ns, at("15:00") + night_ns);
    let share = if world.crowd { 0 } else { instance };
    StrategyStarted {
        entry_from,
        entry_until,
        series,
        schedules,
        on_tick: true,
        flat_at,
        rules,
        account,
        ..strategy(instance, share)
    }
}

/// The facts of a day so many days after the first.
pub(super) fn facts_of(world: World, nights: i64) -> FactsLoaded {
    let mut facts = super::new_day::days_later(nights);
    let slower = if world.candles { HALTS_SLOWER } else { 1 };
    let phase = |after_s: i64, phase: Phase| (facts.open_ns + after_s * slower * S, phase as u8);
    let halts = HALTS[usize::from(world.halts)].iter();
    let halts: Vec<_> =
        halts.flat_map(|(from, to)| [phase(*from, Phase::Halt), phase(*to, Phase::Continuous)]).collect();
    facts.groups[0].phases.splice(2..2, halts);
    facts
}
