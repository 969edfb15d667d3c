//! What a made-up day is made of: facts, accounts, shares, strategies, each bent a little by the bytes.

use crate::bytes::Bytes;
use velox_core::fixed::ONE;
use velox_core::record::{
    AccountDef, ChargeRates, ClockMode, Command, CommandKind, FactsLoaded, InstrumentDef, LimitsSet, MoneyRules,
    NodeAdded, PhaseGroup, SameInstrument, Schedule, Settings, StrategyRules, StrategyStarted, Watch,
};

/// One second.
pub const S: i64 = 1_000_000_000;
/// Price step of every share.
pub const TICK: i64 = 5_000_000;
/// 15 July 2026, midnight in India.
const MIDNIGHT: i64 = 1_784_053_800_000_000_000;

/// A time of the first day.
pub const fn at(hours: i64, minutes: i64, seconds: i64) -> i64 {
    MIDNIGHT + (hours * 3600 + minutes * 60 + seconds) * S
}

/// Begins and ends of halts, s after the open: none, one, short ones that end and begin again, a long one soon.
const HALTS: [&[(i64, i64)]; 4] = [&[], &[(180, 240)], &[(4, 7), (9, 12), (15, 16), (20, 40)], &[(5, 35)]];

/// The facts of the day that is `later` days after the first, with the halts that the bytes want.
pub fn facts(later: i64, from: &mut Bytes<'_>) -> FactsLoaded {
    let midnight = later * 86_400 * S;
    let mut phases = vec![(at(9, 0, 0), 1), (at(9, 15, 0), 2)];
    for (begin, end) in HALTS[usize::from(from.below(4))] {
        phases.extend([(at(9, 15, *begin), 6), (at(9, 15, *end), 2)]);
    }
    phases.extend([(at(15, 30, 0), 3), (at(15, 40, 0), 4), (at(15, 50, 0), 5), (at(16, 0, 0), 0)]);
    let rate = i64::from(from.byte()) * 100_000;
    let rates = ChargeRates {
        name: "cash".into(),
        stt_sell: rate,
        transaction: rate / 3,
        sebi: rate / 7,
        stamp_buy: rate / 5,
        gst: 1_800_000_000,
        brokerage_rate: 3_000_000,
        brokerage_cap: 20 * ONE,
        ..ChargeRates::default()
    };
    FactsLoaded {
        session_date: 20_260_715 + later as i32,
        digest: String::new(),
        day_start_ns: MIDNIGHT + midnight,
        open_ns: at(9, 15, 0) + midnight,
        end_ns: at(16, 0, 0) + midnight,
        groups: vec![PhaseGroup {
            name: "cash".into(),
            phases: phases.into_iter().map(|(start, phase)| (start + midnight, phase)).collect(),
            mis_cutoff_ns: at(15, 20, 0) + midnight,
            flat_auto_ns: at(15, 15, 0) + midnight,
        }],
        charges: vec![rates],
        notes: Vec::new(),
        previous_day_ns: 0,
    }
}

/// A share of about 100 rupees.
pub fn share(id: u32, from: &mut Bytes<'_>) -> InstrumentDef {
    let shape = from.byte();
    let (lower, upper) = if shape & 0x41 == 0x41 { (1_980 * TICK, 2_020 * TICK) } else { (0, 0) };
    InstrumentDef {
        id,
        name: format!("NSE:S{id}"),
        exchange: "NSE".into(),
        token: (1_000 + id).to_string(),
        kind: u8::from(shape & 0xF8 != 0xF8),
        group: u16::from(shape & 0xFE == 0x7E),
        tick: TICK,
        lot: if shape & 2 == 2 { 5 } else { 1 },
        freeze: [0, 0, 30, 8][usize::from(shape >> 2 & 3)],
        lower,
        upper,
        prev_close: 2_000 * TICK,
        charges: u16::from(shape & 0xFC == 0x3C),
        shortable: shape & 0x30 != 0x30,
    }
}

/// An account of a million rupees, or a poor one; some are at a broker.
pub fn paper(id: u32, from: &mut Bytes<'_>) -> AccountDef {
    let shape = from.byte();
    AccountDef {
        id,
        name: format!("paper{id}"),
        owner: String::new(),
        venue: if shape & 0xC == 0xC { "broker" } else { "paper" }.into(),
        capital: if shape & 0x30 == 0x30 { 20_000 * ONE } else { 1_000_000 * ONE },
        mis_margin: 2_000_000_000,
        slippage_ticks: i64::from(shape >> 6),
        latency_ns: if shape & 1 == 1 { S / 3 } else { 0 },
        partial: shape & 2 == 2,
        fno_margin: 1_500_000_000,
        same_instrument: match shape & 12 {
            4 => SameInstrument::Wait,
            12 => SameInstrument::Net,
            _ => SameInstrument::Refuse,
        },
    }
}

/// Limits that let much through, or little.
pub fn limits(account: u32, from: &mut Bytes<'_>) -> LimitsSet {
    let tight = from.byte() >= 192;
    let share = |plain: i64, from: &mut Bytes<'_>| if tight { i64::from(from.byte()) * 1_000_000 } else { plain };
    let count = |most: u8, from: &mut Bytes<'_>| u32::from(from.below(most));
    // Of the account itself, of one of its strategies, or of one of its instruments.
    let scope = if tight { i64::from(from.below(6)) - 1 } else { -1 };
    LimitsSet {
        account,
        instance: if scope < 3 { scope } else { -1 },
        instrument: if scope < 3 { -1 } else { scope - 3 },
        order_value: if tight { 5_000 * ONE } else { 0 },
        position_value: if tight { 8_000 * ONE } else { 0 },
        order_quantity: if tight { 60 } else { 0 },
        position_quantity: if tight { 90 } else { 0 },
        trade_risk: if tight { 10_000_000 } else { 0 },
        instance_open_orders: if tight { count(5, from) } else { 10 },
        account_open_orders: if tight { count(7, from) } else { 50 },
        intents: 5 + count(20, from),
        refusals: if tight { 3 } else { 200 },
        sends: count(6, from),
        trades: if tight { count(9, from) } else { 0 },
        account_trades: if tight { count(9, from) } else { 0 },
        daily_loss: share(300_000_000, from),
        drawdown: share(500_000_000, from),
        fat_finger: share(300_000_000, from),
        duplicate_ns: if tight { S } else { 0 },
    }
}

/// A candle series of a share.
pub fn watch(series: u32, instrument: u32, from: &mut Bytes<'_>) -> Watch {
    let shape = from.below(32);
    let (seconds, kept, without_preopen) = ([60, 300, 900, 7][usize::from(shape % 4)], shape & 4 != 0, shape >= 24);
    Watch { series, instrument, seconds, kept, without_preopen }
}

/// An indicator on a series.
pub fn node(id: u32, series: u32, from: &mut Bytes<'_>) -> NodeAdded {
    let (kind, params): (&str, &[f64]) = match from.below(10) {
        0 => ("ema", &[2.0]),
        1 => ("sma", &[3.0]),
        2 => ("rsi", &[2.0]),
        3 => ("macd", &[2.0, 3.0, 2.0]),
        4 => ("atr", &[2.0]),
        5 => ("bbands", &[3.0, 2.0]),
        6 => ("stoch", &[3.0, 2.0, 1.0]),
        7 => ("cci", &[3.0]),
        8 => ("supertrend", &[2.0, 1.5]),
        _ => ("vwap", &[]),
    };
    let instance = i64::from(from.below(4)) - 1;
    let (source, params, second) = ("close".into(), params.to_vec(), String::new());
    NodeAdded { id, series, source, kind: kind.into(), params, second, instance }
}

/// What a strategy limits of itself: often nothing, sometimes little money and few trades. How many positions a class may
/// have is its own: it does not change with a start.
fn rules(id: u32, from: &mut Bytes<'_>) -> StrategyRules {
    let shape = from.byte();
    let of_two = id % 2;
    let money = |bit: u8| {
        let on = i64::from(shape >> bit & 1) * ONE;
        MoneyRules { max_loss: 9 * on, lock_at: 6 * on, lock_keep: 4 * on }
    };
    StrategyRules {
        group: format!("class {of_two}"),
        max_trades: u32::from(shape & 1) * 3,
        cooldown: i64::from(shape >> 1 & 1) * 3 * S,
        max_positions: of_two,
        shared: money(3),
        own: money(4),
    }
}

/// A strategy with a candle hook, a scheduled hook and a square-off, on an account and a share.
pub fn strategy(id: u32, (account, instrument): (u32, u32), midnight: i64, from: &mut Bytes<'_>) -> StrategyStarted {
    let shape = from.byte();
    let time = |hours, minutes| at(hours, minutes, 0) + midnight;
    let first = time(9, 15 + i64::from(shape >> 5));
    let once = Schedule { hook: 21, first, every: 0, run_late: shape & 1 == 1 };
    let often = Schedule { hook: 20, first: time(9, 16), every: 60 * S, run_late: false };
    StrategyStarted {
        id,
        name: format!("s{id}"),
        class: "demo:Demo".into(),
        code_hash: String::new(),
        params: Vec::new(),
        account,
        instrument,
        capital: 1_000_000 * ONE,
        series: if shape & 2 == 2 { vec![(instrument, 16)] } else { Vec::new() },
        nodes: if shape & 4 == 4 { vec![instrument] } else { Vec::new() },
        on_tick: true,
        schedules: if shape & 8 == 8 { vec![once, often] } else { Vec::new() },
        entry_from: time(9, 15),
        entry_until: time(15, 0),
        flat_at: if shape & 16 == 16 { time(9, 21) } else { 0 },
        windows: if shape & 32 == 32 { vec![(time(9, 16), time(9, 20))] } else { Vec::new() },
        together: if shape & 2 == 2 { vec![(instrument, 22)] } else { Vec::new() },
        group: if shape & 64 == 64 { 0 } else { id },
        rules: rules(id, from),
    }
}

/// Thresholds: the usual, those of the wall clock, or any numbers.
pub fn settings(from: &mut Bytes<'_>) -> Settings {
    let plain = Settings::default();
    match from.below(4) {
        0 => Settings { clock: ClockMode::Wall, ..plain },
        1 => Settings { grace_ns: from.odd(), late_ns: from.odd(), ..plain },
        2 => Settings { stale_ns: from.odd(), gap_ns: from.odd(), ahead_ns: from.odd(), ..plain },
        _ => plain,
    }
}

/// An operator's order for an account, all of them or one that is not there.
pub fn command(id: u8, from: &mut Bytes<'_>) -> Command {
    Command {
        kind: [CommandKind::Halt, CommandKind::Resume, CommandKind::Flatten][usize::from(from.below(3))],
        actor: "me".into(),
        key: format!("k{id}"),
        trace: String::new(),
        address: String::new(),
        account: i32::from(from.below(4)) - 1,
        reason: String::new(),
        strategy: (i64::from(from.below(6)) - 4).max(-1),
        instrument: (i64::from(from.below(6)) - 4).max(-1),
    }
}
