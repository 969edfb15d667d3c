//! Makes an indicator of a name and numbers, or says in one sentence what is wrong with them.

use super::{
    Adx, Arithmetic, Atr, Bbands, Cci, Cloud, Donchian, Ema, Hma, Indicator, Keltner, Lines, Macd, Obv, OpeningRange,
    PERIOD_MAX, ParamError, PreviousDay, Rsi, Sma, Stoch, Supertrend, Tema, Vwap, VwapBands, Willr, ZScore,
};

/// The largest multiple of a deviation or a range.
const MULTIPLE_MAX: f64 = 100.0;

impl Indicator {
    /// The kinds that [`Indicator::new`] knows.
    pub const KINDS: &'static [&'static str] = &[
        "ema",
        "sma",
        "rsi",
        "macd",
        "atr",
        "vwap",
        "bbands",
        "stoch",
        "adx",
        "cci",
        "willr",
        "obv",
        "tema",
        "donchian",
        "keltner",
        "supertrend",
        "hma",
        "vwap_bands",
        "opening_range",
        "previous_day",
        "cpr",
        "pivot_highs",
        "pivot_lows",
        "ichimoku",
        "ichimoku_cloud",
        "zscore",
        "plus",
        "minus",
        "times",
        "over",
        "log",
        "abs",
    ];

    /// An indicator by name and parameters, e.g. `("macd", [12, 26, 9])`.
    pub fn new(kind: &str, params: &[f64]) -> Result<Self, ParamError> {
        match kind {
            "ema" => Ok(Self::Ema(Ema::new(period(kind, params, 1)?))),
            "sma" => Ok(Self::Sma(Sma::new(period(kind, params, 1)?))),
            "rsi" => Ok(Self::Rsi(Rsi::new(period(kind, params, 2)?))),
            "atr" => Ok(Self::Atr(Atr::new(period(kind, params, 1)?))),
            "macd" => new_macd(params).map(Self::Macd),
            "vwap" => none(kind, params).map(|()| Self::Vwap(Vwap::default())),
            "bbands" => {
                let [length, deviations] = named(kind, params, ["period", "deviations"])?;
                Ok(Self::Bbands(Bbands::new(whole(kind, length, 2)?, multiple(kind, "deviations", deviations)?)))
            }
            "stoch" => {
                let [length, k, d] = named(kind, params, ["period", "k", "d"])?;
                Ok(Self::Stoch(Stoch::new(whole(kind, length, 1)?, whole(kind, k, 1)?, whole(kind, d, 1)?)))
            }
            "adx" => Ok(Self::Adx(Adx::new(period(kind, params, 2)?))),
            "cci" => Ok(Self::Cci(Cci::new(period(kind, params, 2)?))),
            "willr" => Ok(Self::Willr(Willr::new(period(kind, params, 2)?))),
            "obv" => none(kind, params).map(|()| Self::Obv(Obv::new())),
            "tema" => Ok(Self::Tema(Tema::new(period(kind, params, 2)?))),
            "donchian" => Ok(Self::Donchian(Donchian::new(period(kind, params, 1)?))),
            "keltner" => {
                let [length, range, multiplier] = named(kind, params, ["period", "range", "multiplier"])?;
                let (length, range) = (whole(kind, length, 1)?, whole(kind, range, 1)?);
                Ok(Self::Keltner(Keltner::new(length, range, multiple(kind, "multiplier", multiplier)?)))
            }
            "supertrend" => {
                let [length, multiplier] = named(kind, params, ["period", "multiplier"])?;
                let multiplier = multiple(kind, "multiplier", multiplier)?;
                Ok(Self::Supertrend(Supertrend::new(whole(kind, length, 1)?, multiplier)))
            }
            "hma" => Ok(Self::Hma(Hma::new(period(kind, params, 2)?))),
            "vwap_bands" => {
                let [deviations] = named(kind, params, ["deviations"])?;
                Ok(Self::VwapBands(VwapBands::new(multiple(kind, "deviations", deviations)?)))
            }
            "opening_range" => {
                let [minutes] = named(kind, params, ["minutes"])?;
                Ok(Self::OpeningRange(OpeningRange::new(whole(kind, minutes, 1)?)))
            }
            "previous_day" | "cpr" | "pivot_highs" | "pivot_lows" => {
                none(kind, params).map(|()| Self::PreviousDay(PreviousDay::new(kind)))
            }
            "ichimoku" | "ichimoku_cloud" => {
                let [conversion, base, span] = named(kind, params, ["conversion", "base", "span"])?;
                let (conversion, base) = (whole(kind, conversion, 1)?, whole(kind, base, 1)?);
                let span = whole(kind, span, 1)?;
                Ok(match kind {
                    "ichimoku" => Self::IchimokuLines(Box::new(Lines::new(conversion, base))),
                    _ => Self::IchimokuCloud(Box::new(Cloud::new(conversion, base, span))),
                })
            }
            "zscore" => Ok(Self::ZScore(Box::new(ZScore::new(period(kind, params, 2)?)))),
            "plus" | "minus" | "times" | "over" | "log" | "abs" => {
                none(kind, params).map(|()| Self::Arithmetic(Arithmetic::new(kind)))
            }
            _ => Err(ParamError(format!("there is no indicator {kind:?}; there are {}", Self::KINDS.join(", ")))),
        }
    }
}

fn new_macd(params: &[f64]) -> Result<Macd, ParamError> {
    let [fast, slow, signal] = params else {
        let given = params.len();
        return Err(ParamError(format!("macd takes three periods (fast, slow, signal), not {given}")));
    };
    let (fast, slow, signal) = (whole("macd", *fast, 1)?, whole("macd", *slow, 2)?, whole("macd", *signal, 1)?);
    if fast >= slow {
        return Err(ParamError(format!("macd's fast period {fast} must be shorter than its slow period {slow}")));
    }
    Ok(Macd::new(fast, slow, signal))
}

fn none(kind: &str, params: &[f64]) -> Result<(), ParamError> {
    if params.is_empty() { Ok(()) } else { Err(ParamError(format!("{kind} takes no parameters, not {params:?}"))) }
}

/// As many parameters as have a name.
fn named<const N: usize>(kind: &str, params: &[f64], names: [&str; N]) -> Result<[f64; N], ParamError> {
    params.try_into().map_err(|_| {
        let (wanted, given) = (names.join(", "), params.len());
        ParamError(format!("{kind} takes {N} parameters ({wanted}), not {given}"))
    })
}

/// The single parameter of an indicator that has one period.
fn period(kind: &str, params: &[f64], least: u32) -> Result<u32, ParamError> {
    match params {
        [value] => whole(kind, *value, least),
        _ => Err(ParamError(format!("{kind} takes one period, not {}", params.len()))),
    }
}

fn whole(kind: &str, value: f64, least: u32) -> Result<u32, ParamError> {
    let in_range = value >= f64::from(least) && value <= f64::from(PERIOD_MAX);
    if in_range && value.fract() == 0.0 {
        Ok(value as u32)
    } else {
        Err(ParamError(format!("{kind}'s period must be a whole number from {least} to {PERIOD_MAX}, not {value}")))
    }
}

/// How many deviations or ranges a band lies away.
fn multiple(kind: &str, word: &str, value: f64) -> Result<f64, ParamError> {
    if value > 0.0 && value <= MULTIPLE_MAX {
        Ok(value)
    } else {
        Err(ParamError(format!("{kind}'s {word} must be a number above 0 and up to {MULTIPLE_MAX}, not {value}")))
    }
}
