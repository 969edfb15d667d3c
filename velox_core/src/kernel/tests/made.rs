//! What a made-up day is made of: times, facts, a share, an account, a strategy.

use crate::fixed::ONE;
use crate::record::*;

/// 15 July 2026, midnight in India.
pub(super) const MIDNIGHT: i64 = 1_784_053_800_000_000_000;
pub(super) const S: i64 = 1_000_000_000;

/// `09:15:30.5` of the made-up day.
pub(super) fn at(clock: &str) -> i64 {
    let mut parts = clock.split(':');
    let hours: i64 = parts.next().unwrap().parse().unwrap();
    let minutes: i64 = parts.next().unwrap().parse().unwrap();
    let seconds: f64 = parts.next().map_or(0.0, |s| s.parse().unwrap());
    MIDNIGHT + (hours * 3600 + minutes * 60) * S + (seconds * 1e6).round() as i64 * 1_000
}

pub(super) fn paise(rupees: f64) -> i64 {
    crate::fixed::from_float(rupees).unwrap()
}

/// Cash shares: pre-open, 09:15–15:30, a closing auction, closed at 16:00.
pub(super) fn facts() -> FactsLoaded {
    let phases = [("09:00", 1), ("09:15", 2), ("15:30", 3), ("15:40", 4), ("15:50", 5), ("16:00", 0)];
    let group = PhaseGroup {
        name: "cash".into(),
        phases: phases.iter().map(|(clock, phase)| (at(clock), *phase)).collect(),
        mis_cutoff_ns: at("15:20"),
        flat_auto_ns: at("15:15"),
    };
    FactsLoaded {
        session_date: 20_260_715,
        digest: String::new(),
        day_start_ns: MIDNIGHT,
        open_ns: at("09:15"),
        end_ns: at("16:00"),
        groups: vec![group],
        charges: vec![ChargeRates { name: "free".into(), ..ChargeRates::default() }],
        notes: Vec::new(),
        previous_day_ns: 0,
    }
}

pub(super) fn share(id: u32) -> InstrumentDef {
    InstrumentDef {
        id,
        name: format!("NSE:S{id}"),
        exchange: "NSE".into(),
        token: (1_000 + id).to_string(),
        kind: 1,
        group: 0,
        tick: 5_000_000,
        lot: 1,
        freeze: 0,
        lower: 0,
        upper: 0,
        prev_close: 0,
        charges: 0,
        shortable: true,
    }
}

pub(super) fn paper() -> AccountDef {
    AccountDef {
        id: 0,
        name: "paper".into(),
        owner: String::new(),
        venue: "paper".into(),
        capital: 1_000_000 * ONE,
        mis_margin: 2_000_000_000,
        slippage_ticks: 1,
        latency_ns: 0,
        partial: false,
        fno_margin: 1_500_000_000,
        same_instrument: SameInstrument::Refuse,
    }
}

pub(super) fn strategy(id: u32, instrument: u32) -> StrategyStarted {
    StrategyStarted {
        id,
        name: format!("s{id}"),
        class: "demo:Demo".into(),
        code_hash: String::new(),
        params: Vec::new(),
        account: 0,
        instrument,
        capital: 1_000_000 * ONE,
        series: Vec::new(),
        nodes: Vec::new(),
        on_tick: false,
        schedules: Vec::new(),
        entry_from: at("09:15"),
        entry_until: at("15:00"),
        flat_at: 0,
        windows: Vec::new(),
        together: Vec::new(),
        group: id,
        rules: StrategyRules::default(),
    }
}
