//! Dates and durations. There is no clock: only dates that are written down.

use super::call::{Answer, Call, Fault, Function};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("formatdate", 2, 2, formatdate),
    Function::new("timeadd", 2, 2, timeadd),
    Function::new("timecmp", 2, 2, timecmp),
];

const NANOS: i128 = 1_000_000_000;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// An instant with the offset that it was written with.
#[derive(Clone, Copy, Debug)]
struct Moment {
    /// Nanoseconds since 1970 in UTC.
    nanos: i128,
    offset_minutes: i64,
}

/// The fields of a moment on the wall.
struct Fields {
    year: i64,
    month: i64,
    day: i64,
    weekday: usize,
    hour: i64,
    minute: i64,
    second: i64,
}

/// RFC 3339, as Terraform takes it.
fn parse(text: &str) -> Option<Moment> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let is_at = |at: usize, expected: u8| bytes.get(at) == Some(&expected);
    if !(is_at(4, b'-') && is_at(7, b'-') && is_at(10, b'T') && is_at(13, b':') && is_at(16, b':')) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_valid = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !is_valid {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut fraction = 0;
    if let Some(digits) = rest.strip_prefix('.') {
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return None;
        }
        let nine: String = digits[..length].chars().chain("000000000".chars()).take(9).collect();
        fraction = nine.parse().ok()?;
        rest = &digits[length..];
    }
    let offset_minutes = parse_offset(rest)?;
    let seconds = i128::from(days_from(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second);
    Some(Moment { nanos: (seconds - i128::from(offset_minutes) * 60) * NANOS + fraction, offset_minutes })
}

fn parse_offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let is_shaped = text.len() == 6 && text.is_ascii() && text.as_bytes()[3] == b':';
    let digits = |from: usize| text[from..from + 2].bytes().all(|byte| byte.is_ascii_digit());
    if !is_shaped || !digits(1) || !digits(4) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (text[1..3].parse().ok()?, text[4..6].parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, with years that begin in March.
fn days_from(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn fields(moment: Moment) -> Fields {
    let seconds = moment.nanos.div_euclid(NANOS) as i64 + moment.offset_minutes * 60;
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    Fields {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
        weekday: (days + 4).rem_euclid(7) as usize,
        hour: of_day / 3600,
        minute: of_day / 60 % 60,
        second: of_day % 60,
    }
}

fn moment(call: &Call<'_>, index: usize) -> Result<Moment, Fault> {
    let text = call.known(index)?;
    parse(&text).ok_or_else(|| call.wrong(format!("\"{text}\" is no RFC 3339 timestamp")))
}

fn offset(moment: Moment, separator: &str) -> String {
    let sign = if moment.offset_minutes < 0 { '-' } else { '+' };
    let minutes = moment.offset_minutes.abs();
    format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
}

fn offset_or_z(moment: Moment) -> String {
    if moment.offset_minutes == 0 { "Z".to_owned() } else { offset(moment, ":") }
}

fn print_rfc3339(moment: Moment) -> String {
    let it = fields(moment);
    let (year, month, day) = (it.year, it.month, it.day);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{}", it.hour, it.minute, it.second, offset_or_z(moment))
}

/// Converts a timestamp of YAML to the form that Terraform gives it.
pub(super) fn normal_form(text: &str) -> Option<String> {
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => text.replacen([' ', 't'], "T", 1),
    };
    parse(&full).map(print_rfc3339)
}

fn formatdate(call: &Call<'_>) -> Answer {
    let format = call.known(0)?;
    let moment = moment(call, 1)?;
    let mut out = String::new();
    let mut rest = &*format;
    while let Some(c) = rest.chars().next() {
        if c == '\'' {
            rest = quoted(call, rest, &mut out)?;
            continue;
        }
        let length =
            if c.is_ascii_alphabetic() { rest.chars().take_while(|next| *next == c).count() } else { c.len_utf8() };
        let word = &rest[..length];
        if c.is_ascii_alphabetic() {
            let printed = verb(moment, word);
            out.push_str(&printed.ok_or_else(|| call.wrong(format!("`{word}` means nothing in a date format")))?);
        } else {
            out.push(c);
        }
        rest = &rest[length..];
    }
    Ok(call.made_known(&out))
}

/// Text between quotes; two quotes inside are one. Gives what follows.
fn quoted<'a>(call: &Call<'_>, text: &'a str, out: &mut String) -> Result<&'a str, Fault> {
    let mut rest = &text[1..];
    if let Some(after) = rest.strip_prefix('\'') {
        out.push('\'');
        return Ok(after);
    }
    loop {
        let Some(end) = rest.find('\'') else { return Err(call.wrong("a quote is never closed")) };
        out.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(after) => {
                out.push('\'');
                rest = after;
            }
            None => return Ok(rest),
        }
    }
}

fn verb(moment: Moment, word: &str) -> Option<String> {
    let it = fields(moment);
    let month = MONTHS[(it.month - 1).clamp(0, 11) as usize];
    let day = DAYS[it.weekday];
    let hour12 = if it.hour % 12 == 0 { 12 } else { it.hour % 12 };
    Some(match word {
        "YYYY" => format!("{:04}", it.year),
        "YY" => format!("{:02}", it.year.rem_euclid(100)),
        "MMMM" => month.to_owned(),
        "MMM" => month[..3].to_owned(),
        "MM" => format!("{:02}", it.month),
        "M" => it.month.to_string(),
        "DD" => format!("{:02}", it.day),
        "D" => it.day.to_string(),
        "EEEE" => day.to_owned(),
        "EEE" => day[..3].to_owned(),
        "hh" => format!("{:02}", it.hour),
        "h" => it.hour.to_string(),
        "HH" => format!("{hour12:02}"),
        "H" => hour12.to_string(),
        "AA" => if it.hour < 12 { "AM" } else { "PM" }.to_owned(),
        "aa" => if it.hour < 12 { "am" } else { "pm" }.to_owned(),
        "mm" => format!("{:02}", it.minute),
        "m" => it.minute.to_string(),
        "ss" => format!("{:02}", it.second),
        "s" => it.second.to_string(),
        "Z" => offset_or_z(moment),
        "ZZZ" if moment.offset_minutes == 0 => "UTC".to_owned(),
        "ZZZ" | "ZZZZ" => offset(moment, ""),
        "ZZZZZ" => offset(moment, ":"),
        _ => return None,
    })
}

fn timeadd(call: &Call<'_>) -> Answer {
    let moment = moment(call, 0)?;
    let duration = call.known(1)?;
    let nanos = parse_duration(&duration).ok_or_else(|| call.wrong(format!("\"{duration}\" is no duration")))?;
    Ok(call.made_known(&print_rfc3339(Moment { nanos: moment.nanos + nanos, ..moment })))
}

fn timecmp(call: &Call<'_>) -> Answer {
    let order = moment(call, 0)?.nanos.cmp(&moment(call, 1)?.nanos);
    Ok(call.made_number(order as i64))
}

/// Nanoseconds of `1h30m`, `-1.5s`; nothing beyond 64 bits.
fn parse_duration(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, after) = rest.split_at(length);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let (unit, after) = unit(after)?;
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(whole.checked_mul(unit)?)?;
        let mut scale = unit;
        for digit in fraction.bytes() {
            // The value of one step at this digit; below a nanosecond nothing counts.
            total = total.checked_add(i128::from(digit - b'0') * scale / 10)?;
            scale /= 10;
        }
        if total > i128::from(i64::MAX) {
            return None;
        }
        rest = after;
    }
    (!text.is_empty() && text != "+" && text != "-").then_some(sign * total)
}

fn unit(text: &str) -> Option<(i128, &str)> {
    let units = [
        ("ns", 1),
        ("us", 1000),
        ("µs", 1000),
        ("μs", 1000),
        ("ms", 1_000_000),
        ("s", NANOS),
        ("m", 60 * NANOS),
        ("h", 3600 * NANOS),
    ];
    units.into_iter().find_map(|(name, nanos)| Some((nanos, text.strip_prefix(name)?)))
}
