//! Random calls: nothing panics, and what is said of a call whose arguments are partly hidden is true of the call with
//! all of them shown. The numbers come from a seed, so that every run is the same.

use std::sync::Arc;

use super::{CallContext, TABLES, Template, Templates, call};
use crate::logic::{Reason, Tri};
use crate::source::{FileId, Span, World, WorldBuilder};
use crate::value::{
    Entries, Kind, List, ListFlavour, Map, Number, Origin, Piece, Text, TextBuilder, Type, Unknown, Value, convert,
};

const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "ab",
    "a-b",
    "A/b/c.txt",
    "/",
    "a,b,,c",
    "hello world",
    "  x \n",
    "\r\n",
    "é",
    "e\u{301}",
    "🤷🏽‍♂️x",
    "1",
    "-2",
    "1.5",
    "1e3",
    "0x1f",
    "true",
    "false",
    "null",
    "10.0.0.0/16",
    "10.0.1.7/24",
    "::/0",
    "fd00::1/64",
    "10.0.0.1",
    "2024-02-29T23:59:59Z",
    "2024-02-03T04:05:06+01:00",
    "1h30m",
    "YYYY-MM-DD 'x'",
    "%s-%d",
    "%v|%05.1f|%q",
    "%[2]s%[1]s",
    "/[a-z]+/",
    "[a-z]+",
    "(a)(b)?",
    "(?P<n>\\w)",
    "a(",
    "\\d{2}",
    "{\"a\": [1, \"x\"]}",
    "[1, 2,",
    "a: yes\nb: [1]",
    "x,y\n1,2\n",
    "SGVsbG8=",
    "UTF-8",
    "UTF-16LE",
    "a+b%20c",
    "dns",
    "arn:aws:iam::1:role/p/n",
    "hello.txt",
    "*.txt",
    "**",
    "a = 1\n",
    "<&>",
    "${x}",
    "&{x}",
    "$1",
    "-",
    ".",
    "\u{feff}",
    "\"",
    "\\",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-2",
    "7",
    "16",
    "62",
    "0.5",
    "-1.5",
    "1000",
    "100000000000000000000000000000000000000",
    "1e-20",
];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }

    fn one_of<'a, T: ?Sized>(&mut self, items: &'a [&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    fn value(&mut self, depth: usize) -> Value {
        let none = Origin::none;
        match self.below(if depth == 0 { 8 } else { 14 }) {
            0 => Value::null(none()),
            1 => Value::bool(self.below(2) == 0, none()),
            2 | 3 => Value::number(Number::parse(self.one_of(NUMBERS)).expect("a number"), none()),
            4..=7 => Value::text(crate::value::nfc(self.one_of(TEXTS)), none()),
            8..=11 => self.list(depth),
            _ => self.map(depth),
        }
    }

    fn list(&mut self, depth: usize) -> Value {
        // Most lists that people write hold things of one kind.
        let first = self.value(depth - 1);
        let is_mixed = self.below(3) == 0;
        let length = self.below(4);
        let items = (0..length).map(|_| if is_mixed { self.value(depth - 1) } else { self.like(&first, depth - 1) });
        let list = Value::list(items.collect(), Origin::none());
        let of = match self.below(4) {
            0 => Type::List(Box::new(Type::Any)),
            1 => Type::Set(Box::new(Type::Any)),
            _ => return list,
        };
        convert(&list, &of).unwrap_or(list)
    }

    fn like(&mut self, first: &Value, depth: usize) -> Value {
        for _ in 0..20 {
            let value = self.value(depth);
            if std::mem::discriminant(&value.kind) == std::mem::discriminant(&first.kind) {
                return value;
            }
        }
        first.clone()
    }

    fn map(&mut self, depth: usize) -> Value {
        let entries = (0..self.below(4)).map(|_| (self.one_of(&["a", "b", "c", "1"]).into(), self.value(depth - 1)));
        let map = Value::map(entries.collect::<Entries>(), Origin::none());
        if self.below(3) > 0 {
            return map;
        }
        convert(&map, &Type::Map(Box::new(Type::Any))).unwrap_or(map)
    }

    /// The value with something in it hidden; what is hidden may be what was there.
    fn hidden(&mut self, value: &Value, depth: usize) -> Value {
        let kind = match &value.kind {
            Kind::Text(text) if self.below(3) > 0 && text.known().is_some_and(|text| !text.is_empty()) => {
                return self.holed(text.known().unwrap_or(""));
            }
            Kind::List(list) if depth > 0 && self.below(4) > 0 => Kind::List(Arc::new(self.hidden_list(list, depth))),
            Kind::Map(map) if depth > 0 && self.below(4) > 0 => Kind::Map(Arc::new(self.hidden_map(map, depth))),
            _ => return self.unknown(),
        };
        Value::new(kind, Origin::none())
    }

    fn unknown(&mut self) -> Value {
        let object = format!("var.h{}", self.below(1 << 30));
        Value::unknown(Reason::new("no-value", object), Origin::none())
    }

    /// A text with a stretch of it missing.
    fn holed(&mut self, text: &str) -> Value {
        let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let (one, other) = (bounds[self.below(bounds.len())], bounds[self.below(bounds.len())]);
        let mut builder = TextBuilder::default();
        builder.literal(&text[..one.min(other)], &Origin::none());
        builder.hole(self.unknown());
        builder.literal(&text[one.max(other)..], &Origin::none());
        let text = builder.finish();
        match text.pieces() {
            [Piece::Hole(hole)] => (**hole).clone(),
            _ => Value::new(Kind::Text(text), Origin::none()),
        }
    }

    fn hidden_list(&mut self, list: &List, depth: usize) -> List {
        let mut items = list.items.clone();
        let mut open = None;
        let mut is_indexed = true;
        match self.below(4) {
            0 => {
                items.truncate(self.below(items.len() + 1));
                open = Some(Reason::new("no-value", "var.tail"));
                is_indexed = list.flavour != ListFlavour::Set;
            }
            1 if !items.is_empty() => {
                items.remove(self.below(items.len()));
                open = Some(Reason::new("no-value", "var.some"));
                is_indexed = false;
            }
            _ if !items.is_empty() => {
                let at = self.below(items.len());
                items[at] = self.hidden(&items[at].clone(), depth - 1);
                if list.flavour == ListFlavour::Set && !items[at].is_wholly_known() {
                    let item = items.remove(at);
                    items.push(item);
                }
            }
            _ => {}
        }
        List { items, flavour: list.flavour, open, is_indexed }
    }

    fn hidden_map(&mut self, map: &Map, depth: usize) -> Map {
        let mut entries = map.entries.clone();
        let mut open = None;
        let keys: Vec<Arc<str>> = entries.keys().cloned().collect();
        match keys.get(self.below(keys.len() + 1)) {
            Some(key) if self.below(2) == 0 => {
                if let Some(value) = entries.get_mut(key) {
                    *value = self.hidden(value, depth - 1);
                }
            }
            key => {
                key.map(|key| entries.remove(key));
                open = Some(Reason::new("no-value", "var.keys"));
            }
        }
        Map { entries, flavour: map.flavour, open, owner: None }
    }
}

/// Whether the known value is one that the other may turn out to be.
fn admits(said: &Value, known: &Value) -> bool {
    match (&said.kind, &known.kind) {
        // Where Terraform refuses the call with everything shown, nothing that was said matters, save a success.
        (Kind::Unknown(unknown), _) if said.error().is_some() => {
            known.reason().is_some_and(|it| it.code == unknown.reason.code)
        }
        (Kind::Unknown(unknown), Kind::Null) => unknown.may_be_null,
        (Kind::Unknown(_), _) => true,
        (_, Kind::Unknown(_)) => known.error().is_some() || known.reason().is_some(),
        (Kind::List(said), Kind::List(known)) => admits_list(said, known),
        (Kind::Map(said), Kind::Map(known)) => {
            let is_closed = said.open.is_none();
            said.entries.iter().all(|(key, value)| known.entries.get(key).is_some_and(|it| admits(value, it)))
                && (!is_closed || said.entries.len() == known.entries.len())
        }
        (Kind::Null, Kind::Null) => true,
        // What is hidden has a type in Terraform, to which the rest converts: `1` may be `"1"`, a tuple a list.
        (Kind::Bool(_) | Kind::Number(_) | Kind::Text(_), Kind::Bool(_) | Kind::Number(_) | Kind::Text(_)) => {
            match (said.as_text(), known.as_text()) {
                (Some(said), Some(known)) => said.equals(&known) != Tri::False,
                _ => false,
            }
        }
        _ => false,
    }
}

fn admits_list(said: &List, known: &List) -> bool {
    let is_among = |items: &[Value], item: &Value| items.iter().any(|it| admits(it, item) || admits(item, it));
    if said.flavour == ListFlavour::Set || known.flavour == ListFlavour::Set || !said.is_indexed {
        let all_there = said.items.iter().all(|item| is_among(&known.items, item));
        return all_there && (said.open.is_some() || known.items.iter().all(|item| is_among(&said.items, item)));
    }
    let fits = said.items.len() <= known.items.len() && said.items.iter().zip(&known.items).all(|(a, b)| admits(a, b));
    fits && (said.open.is_some() || said.items.len() == known.items.len())
}

/// Templates stay as they are.
struct Plain;

impl Templates for Plain {
    fn render(&self, template: Template<'_>, _: &Map) -> Value {
        match template {
            Template::File(_) => Value::text("a file", Origin::none()),
            Template::Text(text) => Value::new(Kind::Text(text.clone()), Origin::none()),
        }
    }
}

fn world() -> World {
    let mut files = WorldBuilder::default();
    files.add_bytes("hello.txt", b"hello!".to_vec(), true);
    files.build()
}

#[test]
fn what_is_said_of_hidden_arguments_is_true() {
    let world = world();
    let context = CallContext { world: &world, folder: "", span: Span::file_start(FileId(0)), templates: &Plain };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let n_rounds: usize = std::env::var("FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(15);
    let mut wrong = Vec::new();
    for function in TABLES.iter().flat_map(|table| table.iter()) {
        for _ in 0..n_rounds {
            let (arguments, known) = known_call(
                &mut random,
                function.name,
                function.least..=function.most.min(function.least.max(4)),
                &context,
            );
            for _ in 0..6 {
                let mut hidden = arguments.clone();
                if hidden.is_empty() {
                    break;
                }
                let at = random.below(hidden.len());
                hidden[at] = random.hidden(&hidden[at].clone(), 3);
                let said = call(function.name, &hidden, &context);
                if !admits(&said, &known) && said.reason().is_none_or(|reason| !reason.code.starts_with("limit")) {
                    wrong.push(format!("{}\n  {arguments:?}\n  {hidden:?}\n  {known:?}\n  {said:?}", function.name));
                }
            }
        }
    }
    let n_wrong = wrong.len();
    wrong.truncate(8);
    assert!(wrong.is_empty(), "{n_wrong} wrong:\n{}", wrong.join("\n"));
}

/// Arguments that the function takes, if some are found soon, and the result.
fn known_call(
    random: &mut Random,
    name: &str,
    count: std::ops::RangeInclusive<usize>,
    context: &CallContext<'_>,
) -> (Vec<Value>, Value) {
    let mut last = (Vec::new(), Value::null(Origin::none()));
    for _ in 0..60 {
        let n_arguments = *count.start() + random.below(count.end() - count.start() + 1);
        let arguments: Vec<Value> = (0..n_arguments).map(|_| random.value(3)).collect();
        let result = call(name, &arguments, context);
        let succeeds = result.error().is_none();
        last = (arguments, result);
        if succeeds {
            break;
        }
    }
    last
}

/// A text of one hole and its like must not end any function early with a panic either.
#[test]
fn odd_values_are_taken() {
    let world = world();
    let context = CallContext { world: &world, folder: "", span: Span::file_start(FileId(0)), templates: &Plain };
    let unknown = Unknown {
        reason: Reason::new("no-value", "x"),
        identity: 1,
        may_be_null: false,
        may_fail: true,
        settles: None,
    };
    let deep = (0..400).fold(Value::null(Origin::none()), |inner, _| Value::list(vec![inner], Origin::none()));
    let odd = [
        Value::new(
            Kind::Text(Text::hole(Value::new(Kind::Unknown(Arc::new(unknown)), Origin::none()))),
            Origin::none(),
        ),
        Value::text("x".repeat(1 << 15), Origin::none()),
        Value::number(Number::parse("170141183460469231731687303715884105727").expect("it fits"), Origin::none()),
        Value::number(Number::parse("-9223372036854775808").expect("it fits"), Origin::none()),
        Value::number(Number::parse("1e-4000").expect("it fits"), Origin::none()),
        Value::list((0..500).map(|at| Value::number(at, Origin::none())).collect(), Origin::none()),
        deep,
    ];
    for function in TABLES.iter().flat_map(|table| table.iter()) {
        for one in &odd {
            for other in &odd {
                let count = function.least.max(2).min(function.most);
                let arguments: Vec<Value> = [one, other, one, other, one].into_iter().take(count).cloned().collect();
                let started = std::time::Instant::now();
                let _ = call(function.name, &arguments, &context);
                let elapsed = started.elapsed();
                assert!(elapsed.as_secs() < 5, "{} took {elapsed:?}", function.name);
            }
        }
    }
}
