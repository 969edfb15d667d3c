//! Inputs as a journal holds them: kind and payload.

use serde::Serialize;
use velox_core::record::{Input, Kind};

fn cold<T: Serialize>(kind: Kind, value: &T) -> (Kind, Vec<u8>) {
    (kind, rmp_serde::to_vec(value).expect("a record serialises"))
}

/// An input as it is written.
pub fn encode(input: &Input) -> (Kind, Vec<u8>) {
    match input {
        Input::Tick(tick) => {
            let mut payload = vec![0; tick.bytes()];
            tick.write(&mut payload);
            (Kind::Tick, payload)
        }
        Input::Timer(timer) => (Kind::Timer, timer.to_bytes().to_vec()),
        Input::TimeMark(mark) => (Kind::TimeMark, mark.to_bytes().to_vec()),
        Input::Intent(value) => cold(Kind::Intent, value),
        Input::Command(value) => cold(Kind::Command, value),
        Input::HistoryBar(value) => cold(Kind::HistoryBar, value),
        Input::InstrumentDef(value) => cold(Kind::InstrumentDef, value),
        Input::FactsLoaded(value) => cold(Kind::FactsLoaded, value),
        Input::AccountDef(value) => cold(Kind::AccountDef, value),
        Input::LimitsSet(value) => cold(Kind::LimitsSet, value),
        Input::StrategyStarted(value) => cold(Kind::StrategyStarted, value),
        Input::StrategyStopped(value) => cold(Kind::StrategyStopped, value),
        Input::NodeAdded(value) => cold(Kind::NodeAdded, value),
        Input::Watch(value) => cold(Kind::Watch, value),
        Input::StateSet(value) => cold(Kind::StateSet, value),
        Input::UserValue(value) => cold(Kind::UserValue, value),
        Input::SessionMark(value) => cold(Kind::SessionMark, value),
        Input::Skip(value) => cold(Kind::Skip, value),
        Input::Settings(value) => cold(Kind::Settings, value),
        Input::BrokerReply(value) => cold(Kind::BrokerReply, value),
        Input::Structure(value) => cold(Kind::Structure, value),
        Input::CorporateAction(value) => cold(Kind::CorporateAction, value),
        Input::CandleOpen(open) => (Kind::CandleOpen, open.to_bytes().to_vec()),
        Input::CandleRange(range) => (Kind::CandleRange, range.to_bytes().to_vec()),
        Input::Kept(kind) => (*kind, Vec::new()),
    }
}
