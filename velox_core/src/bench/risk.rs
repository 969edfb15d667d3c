//! Pre-trade risk: gathering what the rules look at and holding one order against all of them.

use super::Blocks;
use super::day::{CLOSE_NS, DATE, Market, OPEN_NS, define, input, tokens};
use super::tick::take;
use crate::decode::smartapi::SNAP_QUOTE_LEN;
use crate::engine::{Engine, EngineError};
use crate::fixed::{ONE, PAISA, floor_tick};
use crate::kernel::Kernel;
use crate::record::{
    AccountDef, Action, Intent, IntentId, Kind, LimitsSet, PriceSpec, SameInstrument, SizeKind, StrategyRules,
    StrategyStarted, TriggerSpec, ValidKind,
};

/// Strategies on the account, each with one working order: what open orders and margin are counted over.
const INSTANCES: u32 = 10;
const BLOCK: u64 = 100;
const LAKH: i64 = 100_000 * ONE;

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    /// Times of the checks.
    pub blocks: Blocks,
    /// Orders that every rule let pass.
    pub approved: u64,
    /// Orders that one refused.
    pub refused: u64,
}

/// Checks orders of which one in four is refused by one of the last rules.
pub fn run(checks: u64) -> Result<Run, EngineError> {
    let engine = desk()?;
    let (mut warm, mut blocks) = (Blocks::new(BLOCK), Blocks::new(BLOCK));
    let mut seen = [0; 2];
    while blocks.count() < checks {
        let into = if warm.count() < checks / 10 { &mut warm } else { &mut blocks };
        let approved = into.time(|| (0..BLOCK).map(|i| u64::from(check(&engine.kernel, i))).sum::<u64>());
        seen[0] += approved;
        seen[1] += BLOCK - approved;
    }
    Ok(Run { blocks, approved: seen[0], refused: seen[1] })
}

fn check(kernel: &Kernel, number: u64) -> bool {
    let id = (number % u64::from(INSTANCES)) as u32;
    let market = &kernel.markets[id as usize];
    let limit = floor_tick(market.last, market.def.tick);
    let quantity = if number.is_multiple_of(4) { 1_000_000 } else { 10 };
    kernel.check_entry(id, 1, limit, quantity).is_ok()
}

/// An account with the paper limits whose strategies each have one order working below the market.
fn desk() -> Result<Engine, EngineError> {
    let mut engine = Engine::in_memory();
    define(&mut engine, INSTANCES, true)?;
    let account = AccountDef {
        id: 0,
        name: "paper".to_owned(),
        owner: String::new(),
        venue: "paper".to_owned(),
        capital: 10 * LAKH,
        mis_margin: 2_000_000_000,
        slippage_ticks: 1,
        latency_ns: 0,
        partial: false,
        fno_margin: 0,
        same_instrument: SameInstrument::Refuse,
    };
    input(&mut engine, Kind::AccountDef, &account)?;
    input(&mut engine, Kind::LimitsSet, &limits())?;
    for id in 0..INSTANCES {
        input(&mut engine, Kind::StrategyStarted, &started(id))?;
    }
    let mut market = Market::new(&tokens(INSTANCES), OPEN_NS, 100);
    let mut packets = vec![[0; SNAP_QUOTE_LEN]; 1_000];
    market.fill(&mut packets);
    for packet in &packets {
        take(&mut engine, packet)?;
    }
    for id in 0..INSTANCES {
        let market = &engine.kernel.markets[id as usize];
        let limit = floor_tick(market.last / 100 * 98, market.def.tick);
        input(&mut engine, Kind::Intent, &intent(id, limit))?;
    }
    Ok(engine)
}

fn limits() -> LimitsSet {
    LimitsSet {
        account: 0,
        instance: -1,
        instrument: -1,
        order_value: 50 * LAKH,
        position_value: 50 * LAKH,
        order_quantity: 100_000_000,
        position_quantity: 0,
        trade_risk: 0,
        instance_open_orders: 10,
        account_open_orders: 50,
        intents: 2,
        refusals: 20,
        sends: 0,
        trades: 50,
        account_trades: 0,
        daily_loss: 300_000_000,
        drawdown: 500_000_000,
        fat_finger: 300_000_000,
        duplicate_ns: 1_000_000_000,
    }
}

fn started(id: u32) -> StrategyStarted {
    StrategyStarted {
        id,
        name: format!("bench-{id}"),
        class: "bench".to_owned(),
        code_hash: String::new(),
        params: Vec::new(),
        account: 0,
        instrument: id,
        capital: LAKH,
        series: Vec::new(),
        nodes: Vec::new(),
        on_tick: false,
        schedules: Vec::new(),
        entry_from: OPEN_NS,
        entry_until: CLOSE_NS,
        flat_at: 0,
        windows: Vec::new(),
        together: Vec::new(),
        group: id,
        rules: StrategyRules::default(),
    }
}

fn intent(id: u32, limit: i64) -> Intent {
    Intent {
        id: IntentId { instance: id, date: DATE, counter: 1 },
        cause_seq: 0,
        action: Action::Trade,
        instrument: id,
        side: 1,
        size_kind: SizeKind::Quantity,
        size: 1.0,
        limit: (limit / PAISA) as f64 / 100.0,
        trigger: TriggerSpec::default(),
        stop: PriceSpec::default(),
        target: PriceSpec::default(),
        trail: PriceSpec::default(),
        exits: Vec::new(),
        valid_kind: ValidKind::Until,
        valid: CLOSE_NS,
        trade: 0,
        bar_open: 0,
        bar_seconds: 0,
        reason: String::new(),
        reads: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strategy_has_its_order_and_one_check_in_four_is_refused() {
        assert_eq!(desk().unwrap().kernel.orders.iter().count(), INSTANCES as usize);
        let made = run(1_000).unwrap();
        assert_eq!((made.approved, made.refused), (3 * 1_100 / 4, 1_100 / 4));
    }
}
