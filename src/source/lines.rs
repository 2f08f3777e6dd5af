//! Lines of a text and columns in characters and UTF-16 units. Computed only when something is printed.

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    /// In UTF-16 units, as SARIF, editors and annotations count.
    pub column16: u32,
    /// In characters, as people count.
    pub column: u32,
}

/// The starts of all lines of one text. A line ends with LF, CR LF or a lone CR.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    pub fn new(text: &str) -> LineIndex {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (index, byte) in bytes.iter().enumerate() {
            let ends_line = *byte == b'\n' || (*byte == b'\r' && bytes.get(index + 1) != Some(&b'\n'));
            if ends_line {
                starts.push(index as u32 + 1);
            }
        }
        LineIndex { starts }
    }

    pub fn n_lines(&self) -> usize {
        self.starts.len()
    }

    /// The line of a byte, from 1.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32
    }

    /// The bytes of a line (from 1) without its end of line.
    pub fn line_range(&self, text: &str, line: u32) -> std::ops::Range<usize> {
        let index = (line.max(1) as usize - 1).min(self.starts.len() - 1);
        let start = self.starts[index] as usize;
        let end = self.starts.get(index + 1).map_or(text.len(), |next| *next as usize);
        start..start + text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    pub fn position(&self, text: &str, offset: u32) -> Position {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset as u32);
        let start = self.starts[line as usize - 1] as usize;
        // A byte-order mark is no column.
        let before = text[start..offset].trim_start_matches(|c| start == 0 && c == '\u{feff}');
        Position { line, column16: before.encode_utf16().count() as u32 + 1, column: before.chars().count() as u32 + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::LineIndex;

    #[test]
    fn counts_characters_and_utf16_units() {
        let text = "a\r\nname = \"é😀\" x\rb";
        let lines = LineIndex::new(text);
        let offset = text.find('x').expect("x is in the text") as u32;
        let position = lines.position(text, offset);
        assert_eq!((position.line, position.column16, position.column), (2, 14, 13));
        assert_eq!(lines.line(text.len() as u32), 3);
        assert_eq!(&text[lines.line_range(text, 2)], "name = \"é😀\" x");
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        let text = "\u{feff}ab";
        assert_eq!(LineIndex::new(text).position(text, 4).column, 2);
    }
}
