//! Configuration files of nginx: directives with their words, each under the block that holds it. What a directive means
//! is not known here, nor are the included files.

use crate::source::{FileId, Span};

/// `name word word;` or `name word { … }`.
#[derive(Debug, PartialEq, Eq)]
pub struct Directive {
    pub name: Word,
    pub words: Vec<Word>,
    /// The number of the block's directive in the list of all; nothing at the top.
    pub parent: Option<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// Without quotes.
    pub text: String,
    pub span: Span,
}

/// Whether a path names such a file: `nginx.conf`, or a `.conf` below a folder that is called after nginx, templates
/// included.
pub fn is_configuration(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let bare = [".template", ".tmpl", ".j2", ".erb"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let folders = &path[..path.len() - name.len()];
    bare.ends_with(".conf") && (bare.contains("nginx") || folders.contains("nginx"))
}

/// All directives in reading order. What is never closed ends with the file.
pub fn read(file: FileId, text: &str) -> Vec<Directive> {
    let mut reader = Reader { file, text, at: 0 };
    let mut found: Vec<Directive> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    while let Some(token) = reader.next() {
        match token {
            Token::Word(word) => words.push(word),
            Token::End | Token::Open => {
                let mut all = std::mem::take(&mut words).into_iter();
                // A block without a name still holds what stands in it.
                let name = all.next().unwrap_or_else(|| Word { text: String::new(), span: reader.here() });
                let is_block = matches!(token, Token::Open);
                if is_block || !name.text.is_empty() {
                    found.push(Directive { name, words: all.collect(), parent: open.last().copied() });
                }
                if is_block {
                    open.push(found.len() - 1);
                }
            }
            Token::Close => {
                words.clear();
                open.pop();
            }
        }
    }
    found
}

enum Token {
    Word(Word),
    /// `;`
    End,
    /// `{`
    Open,
    /// `}`
    Close,
}

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn here(&self) -> Span {
        Span::new(self.file, self.at, self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b'#' => self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at),
                byte if byte.is_ascii_whitespace() => self.at += 1,
                b';' => return self.symbol(Token::End),
                b'{' => return self.symbol(Token::Open),
                b'}' => return self.symbol(Token::Close),
                b'"' | b'\'' => return Some(Token::Word(self.quoted())),
                _ => return Some(Token::Word(self.bare())),
            }
        }
    }

    fn symbol(&mut self, token: Token) -> Option<Token> {
        self.at += 1;
        Some(token)
    }

    fn quoted(&mut self) -> Word {
        let bytes = self.text.as_bytes();
        let (start, quote) = (self.at, bytes[self.at]);
        let mut end = start + 1;
        while end < bytes.len() && bytes[end] != quote {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let end = self.boundary(end);
        self.at = self.boundary(end + 1);
        Word { text: self.text[start + 1..end].to_owned(), span: Span::new(self.file, start, self.at) }
    }

    fn bare(&mut self) -> Word {
        let bytes = self.text.as_bytes();
        let start = self.at;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b';' | b'}' => break,
                // `${name}` is a variable, not a block.
                b'{' if self.at == start || bytes[self.at - 1] != b'$' => break,
                b'{' => {
                    let rest = &self.text[self.at..];
                    self.at += rest.find(['}', '\n', ';']).map_or(rest.len(), |end| end + 1);
                }
                b'\\' => self.at = self.boundary(self.at + 2),
                byte if byte.is_ascii_whitespace() => break,
                _ => self.at += 1,
            }
        }
        Word { text: self.text[start..self.at].to_owned(), span: Span::new(self.file, start, self.at) }
    }

    /// The next place at or behind this one at which a character begins.
    fn boundary(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at += 1;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::{is_configuration, read};
    use crate::source::FileId;

    fn check(text: &str, expected: &str) {
        let read = read(FileId(0), text);
        let shown: Vec<String> = read
            .iter()
            .map(|it| {
                let words: Vec<&str> = it.words.iter().map(|word| word.text.as_str()).collect();
                let parent = it.parent.map_or_else(String::new, |number| format!("{} > ", read[number].name.text));
                format!("{parent}{} {}", it.name.text, words.join(","))
            })
            .collect();
        assert_eq!(shown.join("|"), expected, "{text}");
    }

    #[test]
    fn directives() {
        check("listen 443 ssl; # TLS;\n", "listen 443,ssl");
        check("http { server { listen 80; } }", "http |http > server |server > listen 80");
        check("log_format m '$a; {b}' \"c\";", "log_format m,$a; {b},c");
        check("proxy_pass http://${UP}:8000;", "proxy_pass http://${UP}:8000");
        check("location ~ \\.php$ { a; }\nb;", "location ~,\\.php$|location > a |b ");
        check("a { b;", "a |a > b ");
        check("} ; { c 'never closed", " ");
        check("ü \\", "");
        check("x 'ü\\", "");
    }

    #[test]
    fn names_of_files() {
        for (path, expected) in [
            ("nginx/nginx.conf", true),
            ("docker/nginx/conf.d/default.conf.template", true),
            ("nginx.prod.conf", true),
            ("redis/redis.conf", false),
            ("nginx/Dockerfile", false),
        ] {
            assert_eq!(is_configuration(path), expected, "{path}");
        }
    }
}
