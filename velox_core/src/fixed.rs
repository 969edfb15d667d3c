//! Fixed-point numbers: prices and money are integers at 1e-8 rupees.

/// One rupee in price units: prices are `i64` at 1e-8.
pub const ONE: i64 = 100_000_000;

/// One paisa in price units.
pub const PAISA: i64 = ONE / 100;

/// The largest price that is believed, one crore rupees: sums and differences of believed prices cannot overflow.
pub const PRICE_MAX: i64 = 10_000_000 * ONE;

/// The largest count of units that is believed, a day's volume included.
pub const VOLUME_MAX: i64 = 1_000_000_000_000_000;

/// The most units that one order may ask for.
pub const UNITS_MAX: i64 = 1_000_000_000;

/// The largest sum of money that an account may be given, 1,000 crore rupees.
pub const MONEY_MAX: i64 = 10_000_000_000 * ONE;

/// The latest time that is believed, ns: late in the century, with room for what is added to it.
pub const TIME_MAX: i64 = 4_000_000_000_000_000_000;

/// A price as the float that indicators and Python see.
pub fn to_float(price: i64) -> f64 {
    price as f64 / ONE as f64
}

/// The price nearest to a float, or `None` when it is not finite or out of range.
pub fn from_float(value: f64) -> Option<i64> {
    let scaled = (value * ONE as f64).round();
    // 2^63 as a float: the first value that no longer fits.
    (scaled.is_finite() && scaled.abs() < 9_223_372_036_854_775_808.0).then_some(scaled as i64)
}

/// `value × rate ÷ scale`, rounded half to even; the product is taken in 128 bits, the scale is above 0.
///
/// Returns `None` on overflow.
pub fn mul_div(value: i128, rate: i128, scale: i128) -> Option<i128> {
    let product = value.checked_mul(rate)?;
    if product == 0 {
        return Some(0); // limits that do not apply, kinds of instruments of which nothing is held
    }
    // One division: in 128 bits each is a call, and an order asks for some thirty of them.
    let toward_zero = product / scale;
    let rest = product.wrapping_sub(toward_zero.wrapping_mul(scale)); // smaller than the scale
    let (quotient, rest) = if rest < 0 { (toward_zero - 1, rest + scale) } else { (toward_zero, rest) };
    let twice = rest.checked_mul(2)?;
    let up = twice > scale || (twice == scale && quotient % 2 != 0);
    Some(quotient + i128::from(up))
}

/// Whether `share` reaches `value × rate ÷ scale` as [`mul_div`] rounds it, without a division; a part beyond 128 bits is
/// reached by nothing.
pub fn reaches(share: i128, value: i128, rate: i128, scale: i128) -> bool {
    let twice = |number: i128| number.checked_mul(2);
    // Rounded half to even, a part is not above `share` where it is not above share + 1/2, and only even ones reach that.
    let sides =
        value.checked_mul(rate).and_then(twice).zip(twice(share).and_then(|s| s.checked_add(1)?.checked_mul(scale)));
    sides.map_or_else(
        || mul_div(value, rate, scale).is_some_and(|part| share >= part),
        |(part, limit)| part < limit || (part == limit && share % 2 == 0),
    )
}

/// Round a price down to a multiple of the tick.
pub fn floor_tick(price: i64, tick: i64) -> i64 {
    price.div_euclid(tick).saturating_mul(tick)
}

/// Round a price up to a multiple of the tick.
pub fn ceil_tick(price: i64, tick: i64) -> i64 {
    let down = floor_tick(price, tick);
    if down == price { price } else { down.saturating_add(tick) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_rounds_to_even() {
        assert_eq!(mul_div(5, 1, 2), Some(2));
        assert_eq!(mul_div(7, 1, 2), Some(4));
        assert_eq!(mul_div(-5, 1, 2), Some(-2));
    }

    #[test]
    fn not_finite_is_no_price() {
        assert_eq!(from_float(f64::NAN), None);
        assert_eq!(from_float(1e300), None);
        assert_eq!(from_float(100.05), Some(10_005_000_000));
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn a_part_is_reached_as_it_is_rounded(
            share in prop_oneof![-30i128..30, any::<i64>().prop_map(i128::from), any::<i128>()],
            value in prop_oneof![-30i128..30, any::<i64>().prop_map(i128::from), any::<i128>()],
            rate in prop_oneof![0i128..30, (0..i64::MAX).prop_map(i128::from)],
            scale in prop_oneof![1i128..30, Just(10_000_000_000)],
        ) {
            let part = mul_div(value, rate, scale);
            prop_assert_eq!(reaches(share, value, rate, scale), part.is_some_and(|part| share >= part));
            if let Some(part) = part {
                prop_assert!(reaches(part, value, rate, scale));
                prop_assert!(!reaches(part - 1, value, rate, scale));
            }
        }

        #[test]
        fn a_share_is_the_nearest_whole_and_of_two_the_even_one(
            value in (-1_000_000_000_000_000_000_000i128..1_000_000_000_000_000_000_000).prop_union(-20..20),
            rate in (0i128..20_000_000_000).prop_union(0..20),
            scale in (1i128..10_000_000_000_000_000_000).prop_union(1..20),
        ) {
            let (product, share) = (value * rate, mul_div(value, rate, scale).unwrap());
            let off = (product - share * scale) * 2;
            prop_assert!(off.abs() < scale || (off.abs() == scale && share % 2 == 0), "{share}, off by {off} / {scale}");
        }

        #[test]
        fn ticks_bracket_the_price(price in -1_000_000_000_000i64..1_000_000_000_000, tick in 1i64..1_000_000_000) {
            let (down, up) = (floor_tick(price, tick), ceil_tick(price, tick));
            prop_assert!(down <= price && price <= up && up - down <= tick);
            prop_assert_eq!(down % tick, 0);
            prop_assert_eq!(up % tick, 0);
        }
    }
}
