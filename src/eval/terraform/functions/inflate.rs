//! `gunzip`: members of gzip one after the other, their checksums verified, with a bound for what comes out.

/// Why a text cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Invalid,
    TooLong,
}

type Unpacked<T> = Result<T, Refused>;

/// Everything that the members of a gzip file hold, at most so many bytes.
pub(super) fn gunzip(bytes: &[u8], most: usize) -> Unpacked<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = bytes;
    loop {
        let start = out.len();
        let mut bits = Bits { bytes: header(rest)?, at: 0, held: 0, n_held: 0 };
        inflate(&mut bits, &mut out, start, most)?;
        let trailer = bits.aligned();
        let number = |at: usize| trailer.get(at..at + 4).map(|it| u32::from_le_bytes([it[0], it[1], it[2], it[3]]));
        let (Some(checksum), Some(length)) = (number(0), number(4)) else { return Err(Refused::Invalid) };
        let member = &out[start..];
        if checksum != crc32(member) || length != member.len() as u32 {
            return Err(Refused::Invalid);
        }
        rest = &trailer[8..];
        if rest.is_empty() {
            return Ok(out);
        }
    }
}

/// What follows the head of a member.
fn header(bytes: &[u8]) -> Unpacked<&[u8]> {
    let [0x1f, 0x8b, 8, flags, _, _, _, _, _, _, rest @ ..] = bytes else { return Err(Refused::Invalid) };
    let mut rest = rest;
    if flags & 4 != 0 {
        let [low, high, after @ ..] = rest else { return Err(Refused::Invalid) };
        rest = after.get(usize::from(u16::from_le_bytes([*low, *high]))..).ok_or(Refused::Invalid)?;
    }
    // A name and a comment, each ended by a zero.
    for flag in [8, 16] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0).ok_or(Refused::Invalid)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..).ok_or(Refused::Invalid)?;
    }
    Ok(rest)
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    !sum
}

/// Bits, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u32,
    n_held: u32,
}

impl<'a> Bits<'a> {
    fn take(&mut self, n: u32) -> Unpacked<u32> {
        while self.n_held < n {
            let byte = self.bytes.get(self.at).ok_or(Refused::Invalid)?;
            self.held |= u32::from(*byte) << self.n_held;
            self.at += 1;
            self.n_held += 8;
        }
        let taken = self.held & ((1 << n) - 1);
        self.held >>= n;
        self.n_held -= n;
        Ok(taken)
    }

    /// The whole bytes that are left.
    fn aligned(&mut self) -> &'a [u8] {
        self.at -= (self.n_held / 8) as usize;
        self.held = 0;
        self.n_held = 0;
        self.bytes.get(self.at..).unwrap_or(&[])
    }
}

/// A canonical code: how many words of each length there are, and their symbols in order.
struct Code {
    counts: [u16; 16],
    symbols: Vec<u16>,
}

impl Code {
    fn of(lengths: &[u8]) -> Code {
        let mut counts = [0u16; 16];
        for length in lengths {
            counts[usize::from(*length)] += 1;
        }
        counts[0] = 0;
        let mut symbols: Vec<u16> = (0..lengths.len() as u16).filter(|it| lengths[usize::from(*it)] > 0).collect();
        symbols.sort_by_key(|symbol| lengths[usize::from(*symbol)]);
        Code { counts, symbols }
    }

    fn read(&self, bits: &mut Bits<'_>) -> Unpacked<usize> {
        let (mut word, mut first, mut index) = (0u32, 0u32, 0u32);
        for length in 1..16 {
            word |= bits.take(1)?;
            let count = u32::from(self.counts[length]);
            if word < first + count {
                let symbol = self.symbols.get((index + word - first) as usize);
                return symbol.map(|symbol| usize::from(*symbol)).ok_or(Refused::Invalid);
            }
            index += count;
            first = (first + count) << 1;
            word <<= 1;
        }
        Err(Refused::Invalid)
    }
}

fn inflate(bits: &mut Bits<'_>, out: &mut Vec<u8>, start: usize, most: usize) -> Unpacked<()> {
    loop {
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(bits, out, most)?,
            1 => {
                let mut lengths = [8u8; 288];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                packed(bits, &Code::of(&lengths), &Code::of(&[5; 30]), out, start, most)?;
            }
            2 => {
                let (literals, distances) = codes(bits)?;
                packed(bits, &literals, &distances, out, start, most)?;
            }
            _ => return Err(Refused::Invalid),
        }
        if is_last {
            return Ok(());
        }
    }
}

fn stored(bits: &mut Bits<'_>, out: &mut Vec<u8>, most: usize) -> Unpacked<()> {
    let rest = bits.aligned();
    let [a, b, c, d, data @ ..] = rest else { return Err(Refused::Invalid) };
    let (length, check) = (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]));
    let data = data.get(..usize::from(length)).filter(|_| check == !length).ok_or(Refused::Invalid)?;
    if out.len() + data.len() > most {
        return Err(Refused::TooLong);
    }
    out.extend_from_slice(data);
    bits.at += 4 + data.len();
    Ok(())
}

/// The codes that a block brings along.
fn codes(bits: &mut Bits<'_>) -> Unpacked<(Code, Code)> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let n_literals = bits.take(5)? as usize + 257;
    let n_distances = bits.take(5)? as usize + 1;
    let n_lengths = bits.take(4)? as usize + 4;
    let mut of_lengths = [0u8; 19];
    for at in &ORDER[..n_lengths] {
        of_lengths[*at] = bits.take(3)? as u8;
    }
    let code = Code::of(&of_lengths);
    let mut lengths: Vec<u8> = Vec::new();
    while lengths.len() < n_literals + n_distances {
        let (value, times) = match code.read(bits)? {
            16 => (*lengths.last().ok_or(Refused::Invalid)?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length as u8, 1),
        };
        lengths.extend(std::iter::repeat_n(value, times as usize));
    }
    if lengths.len() != n_literals + n_distances || n_literals > 286 {
        return Err(Refused::Invalid);
    }
    Ok((Code::of(&lengths[..n_literals]), Code::of(&lengths[n_literals..])))
}

fn packed(
    bits: &mut Bits<'_>,
    literals: &Code,
    distances: &Code,
    out: &mut Vec<u8>,
    start: usize,
    most: usize,
) -> Unpacked<()> {
    const LENGTHS: [u16; 29] = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ];
    const DISTANCES: [u16; 30] = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145, 8193, 12289, 16385, 24577,
    ];
    loop {
        if out.len() >= most {
            return Err(Refused::TooLong);
        }
        let symbol = literals.read(bits)?;
        if symbol < 256 {
            out.push(symbol as u8);
            continue;
        }
        if symbol == 256 {
            return Ok(());
        }
        let at = symbol - 257;
        let extra = if (8..28).contains(&at) { (at / 4 - 1) as u32 } else { 0 };
        let length = usize::from(*LENGTHS.get(at).ok_or(Refused::Invalid)?) + bits.take(extra)? as usize;
        let at = distances.read(bits)?;
        let extra = if at >= 4 { (at / 2 - 1) as u32 } else { 0 };
        let distance = usize::from(*DISTANCES.get(at).ok_or(Refused::Invalid)?) + bits.take(extra)? as usize;
        let from = out.len().checked_sub(distance).filter(|from| *from >= start).ok_or(Refused::Invalid)?;
        if out.len() + length > most {
            return Err(Refused::TooLong);
        }
        for index in from..from + length {
            out.push(out[index]);
        }
    }
}
