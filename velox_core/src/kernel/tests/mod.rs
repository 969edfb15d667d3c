//! The kernel's rulings, each as a small day.

mod acts;
mod adjusting;
mod aligned;
mod between;
mod broker;
mod brokered;
mod by_candles;
mod candle_prices;
mod candle_triggers;
mod candles;
mod clock;
mod commands;
mod corporate;
mod crossing;
mod day;
mod delivery;
mod derivatives;
mod entries;
mod exits;
mod fills;
mod flips;
mod foreign;
mod giving_way;
mod guard;
mod guarded;
mod late;
mod levels;
mod limits;
mod lines;
mod made;
mod meeting;
mod netting;
mod new_day;
mod own_rules;
mod parked;
mod parted;
mod preopen;
mod random;
mod rules;
mod scopes;
mod sequences;
mod shorts;
mod sizes;
mod sliced;
mod structures;
mod table;
mod together;
mod waiting;
mod wish;
mod wished;

use crate::record::{Action, CommandKind, Kind, NodeAdded};

/// A short day that trades, closes candles, refuses and obeys: its inputs as (time, kind, payload).
pub(crate) fn recorded() -> Vec<(i64, Kind, Vec<u8>)> {
    let mut day = day::Day::bare();
    day.begin();
    day.share(|_| {});
    day.share(|_| {});
    let series = [day.watch(0, 60), day.watch(1, 300)];
    for (id, series) in (0..).zip(series) {
        let (source, kind) = ("close".to_owned(), "ema".to_owned());
        day.put(
            Kind::NodeAdded,
            &NodeAdded { id, series, source, kind, params: vec![2.0], second: String::new(), instance: -1 },
        );
        day.start(|s| (s.series, s.nodes) = (vec![(series, 16)], vec![id]));
    }
    day.feed_up("09:00");
    for step in 0..30 {
        let clock = format!("09:{}:{:02}.5", 15 + step / 6, step % 6 * 10);
        let price = 100.0 + f64::from(step % 7) / 10.0;
        day.tick_of(step % 2, &clock, price);
        match step {
            3 | 12 | 21 => day.wish(Action::Go, 1 - (step % 2) as i8 * 2).quantity(10).stop(price - 0.4).send(),
            7 => day.trade(1, 5_000_000),
            9 | 26 => day.go(0, 0),
            16 => day.wish_of(1, Action::Go, -1).quantity(7).trail(0.5).send(),
            24 => day.command(CommandKind::Halt, "halt"),
            _ => {}
        }
        day.tick_of(step % 2, &clock, -1.0);
    }
    day.command(CommandKind::Flatten, "flatten");
    for second in 40..44 {
        day.tick_of(second % 2, &format!("09:20:{second}"), 100.0);
    }
    day.records
}
