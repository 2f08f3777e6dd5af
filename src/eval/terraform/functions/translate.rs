//! Patterns as Terraform reads them (RE2 in Go), written for the engine that we have. The differences: classes are
//! ASCII, a brace that counts nothing is a character, brackets do not nest, `\Q…\E`, octal escapes.

/// The same pattern for our engine, or what is wrong with it.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut reader = Reader { rest: pattern, out: String::with_capacity(pattern.len() + 16), after_repetition: false };
    while let Some(c) = reader.rest.chars().next() {
        reader.one(c)?;
    }
    Ok(reader.out)
}

struct Reader<'a> {
    rest: &'a str,
    out: String,
    after_repetition: bool,
}

/// The most that a counted repetition may ask for.
const MOST_REPEATED: u32 = 1000;

impl Reader<'_> {
    fn take(&mut self, length: usize) {
        self.rest = &self.rest[length..];
    }

    fn one(&mut self, c: char) -> Result<(), String> {
        let was_repetition = std::mem::replace(&mut self.after_repetition, false);
        match c {
            '\\' => self.escape(false),
            '[' => self.class(),
            '*' | '+' | '?' => {
                self.take(1);
                self.repetition(&c.to_string(), was_repetition)
            }
            '{' => match counted(self.rest) {
                Some((text, most)) if most <= MOST_REPEATED => {
                    self.take(text.len());
                    let text = text.to_owned();
                    self.repetition(&text, was_repetition)
                }
                Some((text, _)) => Err(format!("the repetition `{text}` is too large")),
                None => {
                    self.take(1);
                    self.out.push_str("\\{");
                    Ok(())
                }
            },
            '}' => {
                self.take(1);
                self.out.push_str("\\}");
                Ok(())
            }
            _ => {
                self.out.push(c);
                self.take(c.len_utf8());
                Ok(())
            }
        }
    }

    /// A repetition of a repetition is refused; a `?` after one makes it lazy.
    fn repetition(&mut self, text: &str, was_repetition: bool) -> Result<(), String> {
        if was_repetition {
            return Err(format!("`{text}` repeats a repetition"));
        }
        self.out.push_str(text);
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.rest = rest;
            self.out.push('?');
        }
        self.after_repetition = true;
        Ok(())
    }

    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let Some(c) = self.rest[1..].chars().next() else { return Err("the pattern ends in a backslash".to_owned()) };
        let length = 1 + c.len_utf8();
        let translated = match c {
            'd' => {
                if in_class {
                    "0-9"
                } else {
                    "[0-9]"
                }
            }
            'D' => "[^0-9]",
            'w' => {
                if in_class {
                    "0-9A-Za-z_"
                } else {
                    "[0-9A-Za-z_]"
                }
            }
            'W' => "[^0-9A-Za-z_]",
            's' => {
                if in_class {
                    r"\t\n\f\r "
                } else {
                    r"[\t\n\f\r ]"
                }
            }
            'S' => r"[^\t\n\f\r ]",
            'b' if !in_class => r"(?-u:\b)",
            'B' if !in_class => r"(?-u:\B)",
            'A' | 'z' if !in_class => {
                if c == 'A' {
                    r"\A"
                } else {
                    r"\z"
                }
            }
            'Q' => return self.quoted(),
            '0'..='7' => return self.octal(c),
            'x' | 'p' | 'P' => {
                let end = operand_end(c, &self.rest[2..]);
                let operand = self.rest[..2 + end].to_owned();
                self.take(operand.len());
                self.out.push_str(&operand);
                return Ok(());
            }
            'a' | 'f' | 'n' | 'r' | 't' | 'v' => {
                self.out.push_str(&self.rest[..length]);
                self.take(length);
                return Ok(());
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => {
                push_literal(&mut self.out, c);
                self.take(length);
                return Ok(());
            }
            _ => return Err(format!("`\\{c}` is no escape")),
        };
        self.out.push_str(translated);
        self.take(length);
        Ok(())
    }

    /// `\Q…\E`: everything between is meant literally.
    fn quoted(&mut self) -> Result<(), String> {
        let body = &self.rest[2..];
        let end = body.find("\\E").unwrap_or(body.len());
        body[..end].chars().for_each(|c| push_literal(&mut self.out, c));
        let length = (2 + end + 2).min(self.rest.len());
        self.take(length);
        Ok(())
    }

    fn octal(&mut self, first: char) -> Result<(), String> {
        let digits: String = self.rest[1..].chars().take(3).take_while(|c| ('0'..='7').contains(c)).collect();
        if first != '0' && digits.len() < 2 {
            return Err(format!("`\\{first}`: there are no references back"));
        }
        let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
        self.out.push_str(&format!("\\x{{{code:x}}}"));
        self.take(1 + digits.len());
        Ok(())
    }

    fn class(&mut self) -> Result<(), String> {
        self.take(1);
        self.out.push('[');
        if let Some(rest) = self.rest.strip_prefix('^') {
            self.rest = rest;
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            let Some(c) = self.rest.chars().next() else { return Err("a `]` is missing".to_owned()) };
            match c {
                ']' if !is_first => {
                    self.take(1);
                    self.out.push(']');
                    return Ok(());
                }
                '[' => match self.rest.find(":]").filter(|_| self.rest.starts_with("[:")) {
                    Some(end) => {
                        let name = self.rest[..end + 2].to_owned();
                        self.take(name.len());
                        self.out.push_str(&name);
                    }
                    None => {
                        self.take(1);
                        self.out.push_str("\\[");
                    }
                },
                '\\' => self.escape(true)?,
                '&' | '~' | ']' => {
                    self.take(1);
                    push_literal(&mut self.out, c);
                }
                // At either end a dash is itself.
                '-' if is_first || self.rest.starts_with("-]") => {
                    self.take(1);
                    self.out.push_str("\\-");
                }
                c => {
                    self.take(c.len_utf8());
                    self.out.push(c);
                }
            }
            is_first = false;
        }
    }
}

fn push_literal(out: &mut String, c: char) {
    if c.is_ascii_punctuation() && c != '<' && c != '>' {
        out.push('\\');
    }
    out.push(c);
}

/// How much belongs to `\x` or `\p`: a group in braces, two hexadecimal digits, or one letter.
fn operand_end(kind: char, text: &str) -> usize {
    match text.chars().next() {
        Some('{') => text.find('}').map_or(text.len(), |end| end + 1),
        Some(_) if kind == 'x' => text.bytes().take(2).take_while(u8::is_ascii_hexdigit).count(),
        Some(c) => c.len_utf8(),
        None => 0,
    }
}

/// `{n}`, `{n,}` or `{n,m}` at the start, and the greatest number in it.
fn counted(text: &str) -> Option<(&str, u32)> {
    let end = text.find('}')?;
    let body = &text[1..end];
    let (least, most) = body.split_once(',').unwrap_or((body, body));
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u32>().unwrap_or(u32::MAX))
    };
    let least = number(least)?;
    let most = if most.is_empty() { least } else { number(most)? };
    Some((&text[..=end], least.max(most)))
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn classes_braces_and_brackets() {
        for (pattern, expected) in [
            (r"\d+-\w*", "[0-9]+-[0-9A-Za-z_]*"),
            (r"[\w.-]", r"[0-9A-Za-z_.\-]"),
            (r"${a{2,3}", r"$\{a{2,3}"),
            (r"[[a&&b]]", r"[\[a\&\&b]]"),
            (r"[[:alpha:]]", "[[:alpha:]]"),
            (r"\Qa.b\E+", r"a\.b+"),
            (r"[]a]", r"[\]a]"),
            (r"\_\<", r"\_<"),
        ] {
            assert_eq!(translate(pattern).as_deref(), Ok(expected), "{pattern}");
        }
        for pattern in [r"\1", "a**", "a{1001}", "[a", r"\y", r"\"] {
            assert!(translate(pattern).is_err(), "{pattern}");
        }
    }
}
