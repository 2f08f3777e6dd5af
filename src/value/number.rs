//! Exact decimal numbers: a mantissa of 127 bits and a decimal scale. What does not fit is nothing, never rounded.

use std::cmp::Ordering;

/// `mantissa / 10^scale`, kept in lowest terms. The mantissa stands in two halves, since values are many and an `i128` would
/// make each of them larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    high: i64,
    low: u64,
    scale: u32,
}

/// Smaller fractions are not kept: printing one takes as many noughts.
const LARGEST_SCALE: u32 = 4096;

impl Number {
    pub fn new(mut mantissa: i128, mut scale: u32) -> Number {
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Number { high: (mantissa >> 64) as i64, low: mantissa as u64, scale }
    }

    /// The nearest decimal of a float that is not infinite.
    pub fn from_f64(value: f64) -> Option<Number> {
        if !value.is_finite() {
            return None;
        }
        Number::parse(&format!("{value:?}"))
    }

    /// Decimal digits with an optional sign, fraction and exponent; no blanks.
    pub fn parse(text: &str) -> Option<Number> {
        let (body, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match body.as_bytes().first()? {
            b'-' => (true, &body[1..]),
            b'+' => (false, &body[1..]),
            _ => (false, body),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let mut mantissa: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
        }
        if negative {
            mantissa = -mantissa;
        }
        let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
        if scale < 0 {
            let factor = 10i128.checked_pow(u32::try_from(-scale).ok()?)?;
            return Some(Number::new(mantissa.checked_mul(factor)?, 0));
        }
        if scale > i64::from(LARGEST_SCALE) {
            return None;
        }
        Some(Number::new(mantissa, scale as u32))
    }

    pub fn is_whole(&self) -> bool {
        self.scale == 0
    }

    pub fn as_i64(&self) -> Option<i64> {
        if self.scale == 0 { i64::try_from(self.mantissa()).ok() } else { None }
    }

    pub fn as_i128(&self) -> Option<i128> {
        if self.scale == 0 { Some(self.mantissa()) } else { None }
    }

    pub fn as_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    pub fn mantissa(&self) -> i128 {
        (i128::from(self.high) << 64) | i128::from(self.low)
    }

    pub fn scale(&self) -> u32 {
        self.scale
    }

    pub fn negate(self) -> Option<Number> {
        Some(Number::new(self.mantissa().checked_neg()?, self.scale))
    }

    pub fn add(self, other: Number) -> Option<Number> {
        let (a, b, scale) = aligned(self, other)?;
        Some(Number::new(a.checked_add(b)?, scale))
    }

    pub fn sub(self, other: Number) -> Option<Number> {
        self.add(other.negate()?)
    }

    pub fn mul(self, other: Number) -> Option<Number> {
        let scale = self.scale.checked_add(other.scale).filter(|scale| *scale <= LARGEST_SCALE)?;
        Some(Number::new(self.mantissa().checked_mul(other.mantissa())?, scale))
    }

    /// Up to 34 digits; nothing for a division by zero.
    pub fn div(self, other: Number) -> Option<Number> {
        let (mut a, b, _) = aligned(self, other)?;
        if b == 0 {
            return None;
        }
        let mut scale = 0;
        while a.checked_rem(b)? != 0 && scale < 34 {
            match a.checked_mul(10) {
                Some(next) => a = next,
                None => break,
            }
            scale += 1;
        }
        Some(Number::new(a.checked_div(b)?, scale))
    }

    /// The remainder with the sign of the left side.
    pub fn rem(self, other: Number) -> Option<Number> {
        let (a, b, scale) = aligned(self, other)?;
        Some(Number::new(a.checked_rem(b)?, scale))
    }
}

/// Both mantissas at one scale.
fn aligned(a: Number, b: Number) -> Option<(i128, i128, u32)> {
    let scale = a.scale.max(b.scale);
    let grow = |number: Number| number.mantissa().checked_mul(10i128.checked_pow(scale - number.scale)?);
    Some((grow(a)?, grow(b)?, scale))
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number::new(i128::from(value), 0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match aligned(*self, *other) {
            Some((a, b, _)) => a.cmp(&b),
            None => self.as_f64().total_cmp(&other.as_f64()),
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.mantissa());
        }
        let digits = format!("{:0width$}", self.mantissa().unsigned_abs(), width = self.scale as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.scale as usize);
        let sign = if self.mantissa() < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn prints_without_exponent_and_trailing_noughts() {
        for (text, printed) in [("1.50", "1.5"), ("1e21", "1000000000000000000000"), ("-0.05", "-0.05"), ("0", "0")] {
            assert_eq!(Number::parse(text).map(|number| number.to_string()).as_deref(), Some(printed));
        }
        assert_eq!(Number::parse("1x"), None);
        assert_eq!(Number::parse(""), None);
    }

    #[test]
    fn divides() {
        let number = |text| Number::parse(text).expect("a number");
        assert_eq!(number("1").div(number("4")), Some(number("0.25")));
        assert_eq!(number("1").div(number("0")), None);
        assert_eq!(number("-7").rem(number("3")), Some(number("-1")));
    }

    #[test]
    fn what_does_not_fit_is_nothing() {
        let number = |text| Number::parse(text).expect("a number");
        let greatest = number("170141183460469231731687303715884105727");
        let least = greatest.negate().and_then(|it| it.sub(number("1"))).expect("it fits");
        assert_eq!(greatest.add(number("1")), None);
        assert_eq!(least.div(number("-1")), None);
        assert_eq!(least.negate(), None);
        assert_eq!(number("1e-4000").mul(number("1e-4000")), None);
    }
}
