//! Functions on numbers. Exact where Terraform is exact; `log` and `pow` are 64-bit floats as they are there.

use super::call::{Answer, Call, Fault, Function, MANY};
use crate::value::{Kind, Number, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abs", 1, 1, abs),
    Function::new("ceil", 1, 1, ceil),
    Function::new("floor", 1, 1, floor),
    Function::new("log", 2, 2, log),
    Function::new("max", 1, MANY, max),
    Function::new("min", 1, MANY, min),
    Function::new("parseint", 2, 2, parseint),
    Function::new("pow", 2, 2, pow),
    Function::new("signum", 1, 1, signum),
    Function::new("sum", 1, 1, sum),
];

fn too_big(call: &Call<'_>) -> Fault {
    call.unknown("limit-number", format!("a result of `{}` that is too big", call.function.name))
}

fn abs(call: &Call<'_>) -> Answer {
    let number = call.number(0)?;
    let magnitude = if number.mantissa() < 0 { number.negate() } else { Some(number) };
    magnitude.map(|number| call.made_number(number)).ok_or_else(|| too_big(call))
}

fn ceil(call: &Call<'_>) -> Answer {
    let number = call.number(0)?;
    let (whole, has_rest) = whole_part(number);
    let up = i128::from(has_rest && number.mantissa() > 0);
    Ok(call.made_number(Number::new(whole + up, 0)))
}

fn floor(call: &Call<'_>) -> Answer {
    let number = call.number(0)?;
    let (whole, has_rest) = whole_part(number);
    let down = i128::from(has_rest && number.mantissa() < 0);
    Ok(call.made_number(Number::new(whole - down, 0)))
}

/// The number cut towards nought, and whether anything was cut off.
fn whole_part(number: Number) -> (i128, bool) {
    match 10i128.checked_pow(number.scale()) {
        Some(factor) => (number.mantissa() / factor, number.mantissa() % factor != 0),
        None => (0, number.mantissa() != 0),
    }
}

fn log(call: &Call<'_>) -> Answer {
    let (number, base) = (call.number(0)?.as_f64(), call.number(1)?.as_f64());
    from_float(call, number.ln() / base.ln())
}

fn pow(call: &Call<'_>) -> Answer {
    let (number, power) = (call.number(0)?.as_f64(), call.number(1)?.as_f64());
    from_float(call, number.powf(power))
}

fn from_float(call: &Call<'_>, float: f64) -> Answer {
    Number::from_f64(float).map(|number| call.made_number(number)).ok_or_else(|| too_big(call))
}

fn max(call: &Call<'_>) -> Answer {
    extreme(call, |candidate, best| candidate > best)
}

fn min(call: &Call<'_>) -> Answer {
    extreme(call, |candidate, best| candidate < best)
}

fn extreme(call: &Call<'_>, is_better: fn(Number, Number) -> bool) -> Answer {
    let mut best = (call.number(0), 0);
    for index in 1..call.arguments.len() {
        match (call.number(index), &best.0) {
            (Ok(number), Ok(so_far)) if is_better(number, *so_far) => best = (Ok(number), index),
            (Ok(_), _) => {}
            (Err(Fault::Derived), _) => best.0 = Err(Fault::Derived),
            (Err(fault), _) => return Err(fault),
        }
    }
    Ok(Value::new(Kind::Number(best.0?), call.arguments[best.1].origin.clone()))
}

fn parseint(call: &Call<'_>) -> Answer {
    if !matches!(call.arguments[0].kind, Kind::Text(_) | Kind::Reference(_) | Kind::Unknown(_)) {
        return Err(call.wrong_kind(0, "a text"));
    }
    let base = call.integer(1)?;
    if !(2..=62).contains(&base) {
        return Err(call.wrong(format!("the base must be from 2 to 62, not {base}")));
    }
    let text = call.known(0)?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let values: Option<Vec<i128>> = digits.chars().map(|c| digit(c, base)).collect();
    let Some(values) = values.filter(|values| !values.is_empty()) else {
        return Err(call.wrong(format!("\"{text}\" is no whole number of base {base}")));
    };
    let base = i128::from(base);
    let number = values.into_iter().try_fold(0i128, |sum, digit| sum.checked_mul(base)?.checked_add(digit));
    let sign = if text.starts_with('-') { -1 } else { 1 };
    number.map(|number| call.made_number(Number::new(sign * number, 0))).ok_or_else(|| too_big(call))
}

/// Small letters are 10 to 35; great ones the same up to base 36, and 36 to 61 beyond.
fn digit(c: char, base: i64) -> Option<i128> {
    let value = match c {
        '0'..='9' => i64::from(u32::from(c) - u32::from('0')),
        'a'..='z' => i64::from(u32::from(c) - u32::from('a')) + 10,
        'A'..='Z' => i64::from(u32::from(c) - u32::from('A')) + if base <= 36 { 10 } else { 36 },
        _ => return None,
    };
    (value < base).then_some(i128::from(value))
}

fn signum(call: &Call<'_>) -> Answer {
    let number = call.number(0)?;
    if !number.is_whole() {
        return Err(call.wrong(format!("a whole number is required, not {number}")));
    }
    Ok(call.made_number(number.mantissa().signum() as i64))
}

fn sum(call: &Call<'_>) -> Answer {
    let list = call.list(0)?;
    if list.items.is_empty() && list.open.is_none() {
        return Err(call.wrong("there is nothing to add up"));
    }
    let mut total = Ok(Number::from(0));
    for item in &list.items {
        match (call.number_of(item, 0), total) {
            (Ok(number), Ok(so_far)) => total = Number::add(so_far, number).ok_or_else(|| too_big(call)),
            (Err(Fault::Derived), _) => total = Err(Fault::Derived),
            (Err(_), _) => return Err(call.wrong(format!("only numbers can be added up, not {}", item.kind_name()))),
            (Ok(_), fault) => total = fault,
        }
    }
    let total = total?;
    if list.open.is_some() { Err(Fault::Derived) } else { Ok(call.made_number(total)) }
}
