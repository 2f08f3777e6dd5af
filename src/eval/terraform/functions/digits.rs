//! The decimal digits of a number, printed the ways that `format` knows. Ties are rounded to even.

use crate::value::Number;

/// `0.d1d2d3… × 10^point`, without trailing noughts; no digits for nought.
pub(super) struct Digits {
    digits: Vec<u8>,
    point: i64,
    is_negative: bool,
}

impl Digits {
    pub(super) fn of(number: Number) -> Digits {
        let text = number.mantissa().unsigned_abs().to_string();
        let mut digits: Vec<u8> =
            if number.mantissa() == 0 { Vec::new() } else { text.bytes().map(|byte| byte - b'0').collect() };
        let point = digits.len() as i64 - i64::from(number.scale());
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Digits { point: if digits.is_empty() { 0 } else { point }, digits, is_negative: number.mantissa() < 0 }
    }

    /// Keeps this many digits.
    fn rounded(mut self, n_kept: i64) -> Digits {
        if n_kept >= self.digits.len() as i64 {
            return self;
        }
        if n_kept < 0 {
            return Digits { digits: Vec::new(), point: 0, ..self };
        }
        let n_kept = n_kept as usize;
        let next = self.digits[n_kept];
        let is_tie = next == 5 && self.digits.len() == n_kept + 1;
        let is_odd = n_kept > 0 && self.digits[n_kept - 1] % 2 == 1;
        let goes_up = if is_tie { is_odd } else { next >= 5 };
        self.digits.truncate(n_kept);
        if goes_up {
            while self.digits.last() == Some(&9) {
                self.digits.pop();
            }
            match self.digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    self.digits.push(1);
                    self.point += 1;
                }
            }
        }
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() { Digits { point: 0, ..self } } else { self }
    }

    fn sign(&self) -> &'static str {
        if self.is_negative { "-" } else { "" }
    }

    fn digit(&self, at: i64) -> char {
        let digit = usize::try_from(at).ok().and_then(|at| self.digits.get(at)).copied().unwrap_or(0);
        char::from(b'0' + digit)
    }

    /// `%.Nf`
    pub(super) fn fixed(self, precision: usize) -> String {
        let it = {
            let n_kept = self.point + precision as i64;
            self.rounded(n_kept)
        };
        let mut out = it.sign().to_owned();
        if it.point <= 0 {
            out.push('0');
        }
        out.extend((0..it.point).map(|at| it.digit(at)));
        if precision > 0 {
            out.push('.');
            out.extend((0..precision as i64).map(|at| it.digit(it.point + at)));
        }
        out
    }

    /// `%.Ne`
    pub(super) fn scientific(self, precision: usize, is_great: bool) -> String {
        let it = self.rounded(precision as i64 + 1);
        let mut out = format!("{}{}", it.sign(), it.digit(0));
        if precision > 0 {
            out.push('.');
            out.extend((1..=precision as i64).map(|at| it.digit(at)));
        }
        let exponent = if it.digits.is_empty() { 0 } else { it.point - 1 };
        let letter = if is_great { 'E' } else { 'e' };
        let sign = if exponent < 0 { '-' } else { '+' };
        out.push_str(&format!("{letter}{sign}{:02}", exponent.abs()));
        out
    }

    /// `%g` with all digits: with an exponent from 21 on, or below -4.
    pub(super) fn shortest(self, is_great: bool) -> String {
        let n_digits = self.digits.len();
        self.in_general(n_digits, SHORTEST_LIMIT, is_great)
    }

    /// `%.Ng`
    pub(super) fn general(self, precision: usize, is_great: bool) -> String {
        let it = self.rounded(precision.max(1) as i64);
        let n_digits = it.digits.len();
        let limit = if precision > n_digits && n_digits as i64 >= it.point { n_digits } else { precision.max(1) };
        it.in_general(n_digits, limit as i64, is_great)
    }

    fn in_general(self, n_digits: usize, limit: i64, is_great: bool) -> String {
        let exponent = self.point - 1;
        if !self.digits.is_empty() && (exponent < -4 || exponent >= limit) {
            return self.scientific(n_digits.saturating_sub(1), is_great);
        }
        let n_fraction = (n_digits as i64 - self.point).max(0);
        self.fixed(n_fraction as usize)
    }
}

/// From this exponent on, `%v` and `%g` print one.
const SHORTEST_LIMIT: i64 = 6;
