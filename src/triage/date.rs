//! Days of the calendar, as suppressions name them. The only clock is the day that the command line hands in.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day that exists.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let exists = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
        exists.then_some(Date { year, month, day })
    }

    /// `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Date> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let is_form = year.len() == 4 && month.len() == 2 && day.len() == 2 && parts.next().is_none();
        let is_digits = [year, month, day].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        if !is_form || !is_digits {
            return None;
        }
        Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// The day that a number of seconds after 1970 falls on, in UTC.
    pub fn of_unix_seconds(seconds: u64) -> Date {
        let mut days = i64::try_from(seconds / 86_400).unwrap_or(0);
        let mut date = Date { year: 1970, month: 1, day: 1 };
        loop {
            let length = i64::from(days_in(date.year, date.month));
            if days < length {
                return Date { day: date.day + u8::try_from(days).unwrap_or(0), ..date };
            }
            days -= length;
            date = match date.month {
                12 => Date { year: date.year.saturating_add(1), month: 1, day: 1 },
                month => Date { month: month + 1, ..date },
            };
        }
    }

    /// The day before.
    pub fn before(self) -> Option<Date> {
        match (self.month, self.day) {
            (1, 1) => Date::new(self.year.checked_sub(1)?, 12, 31),
            (month, 1) => Date::new(self.year, month - 1, days_in(self.year, month - 1)),
            (month, day) => Date::new(self.year, month, day - 1),
        }
    }

    /// How many days lie between this day and a later one; negative if that is earlier.
    pub fn days_until(self, later: Date) -> i64 {
        later.days() - self.days()
    }

    /// Days in the civil calendar, counted from some day long ago (Howard Hinnant's way of counting from March).
    fn days(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let month = (i64::from(self.month) + 9) % 12;
        let in_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        year * 365 + year / 4 - year / 100 + year / 400 + in_year
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    let is_leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn reads_days_that_exist() {
        assert_eq!(Date::parse("2024-02-29").map(|date| date.to_string()), Some("2024-02-29".to_owned()));
        for wrong in
            ["2023-02-29", "2024-13-01", "2024-1-01", "24-01-01", "2024-01-32", "2024-01-01x", "+024-01-01", ""]
        {
            assert_eq!(Date::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn counts_days() {
        let days = |a: &str, b: &str| Date::parse(a).expect("a date").days_until(Date::parse(b).expect("a date"));
        assert_eq!(days("2024-02-28", "2024-03-01"), 2);
        assert_eq!(days("2023-12-31", "2024-12-31"), 366);
        assert_eq!(days("2024-03-01", "2024-02-29"), -1);
        assert_eq!(Date::of_unix_seconds(1_709_164_800).to_string(), "2024-02-29");
    }
}
